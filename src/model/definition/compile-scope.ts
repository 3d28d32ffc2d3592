import type { NativePath } from '../lens/spec.ts'
import type { NativeRecord } from '../values.ts'
import { problem } from './finding.ts'
import { parseNativePath } from './native-path.ts'
import type { Report } from './report.ts'
import type { WhereDefinition } from './schema/mapping.ts'

type NativeScalar = string | number | boolean | null

interface Condition {
  readonly path: NativePath
  readonly values: ReadonlySet<string>
  readonly negated: boolean
}

/** Compiles `where` to a test of native records. Values are compared as text, so that `1`, `"1"` and a lossless 1 are equal. */
export function compileScope(
  where: WhereDefinition | undefined,
  report: Report,
): (native: NativeRecord) => boolean {
  if (where === undefined) return () => true
  if (typeof where === 'function') return where
  const conditions: Condition[] = []
  for (const [text, wanted] of Object.entries(where)) {
    const path = parseNativePath(text)
    if (path === undefined) {
      report({
        ...problem('mapping', [text], `${text} is not a path`, 'write names with dots between'),
        at: 'key',
      })
      continue
    }
    const negated = typeof wanted === 'object' && wanted !== null && 'not' in wanted
    const values: NativeScalar | NativeScalar[] = negated ? wanted.not : wanted
    conditions.push({ path, negated, values: new Set([values].flat().map(nativeText)) })
  }
  return (native) => conditions.every((condition) => holds(condition, native))
}

function holds({ path, values, negated }: Condition, native: NativeRecord): boolean {
  return values.has(nativeText(nativeAt(native, path))) !== negated
}

/** Absent and null are one here: a filter asks for a value, not for how nothing is spelt. */
function nativeText(value: unknown): string {
  return value === undefined || value === null ? '\0null' : String(value)
}

function nativeAt(native: NativeRecord, path: NativePath): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    return Reflect.get(value, part)
  }, native)
}
