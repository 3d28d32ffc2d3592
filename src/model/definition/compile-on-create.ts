/** Values that a definition sets on every new record of a system in addition to the mapped fields. */
import { isPathWithin } from '../lens/native-path.ts'
import { Patch } from '../lens/patch.ts'
import type { NativeRecord } from '../values.ts'
import { type CompiledMapping, writtenPaths } from './compile-mapping.ts'
import { problem } from './finding.ts'
import { parseNativePath } from './native-path.ts'
import type { Report } from './report.ts'
import type { OnCreateDefinition } from './schema/mapping.ts'

/**
 * Builds a native record of the fixed values. A path that a mapping writes too is reported, since one of the
 * values would be lost.
 */
export function compileOnCreate(
  definition: OnCreateDefinition | undefined,
  mappings: readonly CompiledMapping[],
  report: Report,
): NativeRecord | undefined {
  if (definition === undefined) return undefined
  const patch = new Patch(undefined, 'merge')
  for (const [text, value] of Object.entries(definition)) {
    const path = parseNativePath(text)
    if (path === undefined) {
      const hint = 'write names separated by dots'
      report({ ...problem('mapping', ['onCreate', text], `${text} is not a path`, hint), at: 'key' })
      continue
    }
    const owner = mappings.find(({ lens }) =>
      writtenPaths(lens).some((other) => isPathWithin(path, other) || isPathWithin(other, path)),
    )
    if (owner === undefined) patch.set(path, value)
    else {
      const message = `${text} is written by the mapping of ${owner.lens.name}`
      report({ ...problem('mapping', ['onCreate', text], message, 'keep one of the two'), at: 'key' })
    }
  }
  return patch.result
}
