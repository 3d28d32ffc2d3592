/**
 * Updates as the engine makes them: composed by a mapping from the record last read and the resource's
 * declaration, and sent by the connector.
 *
 * The other probes give the connector patches of their own. Whether a declaration matches what the engine
 * derives from it shows only end to end.
 */
import { compileLens } from '../../../../model/lens/compile-lens.ts'
import { nativeAt } from '../../../../model/lens/native-path.ts'
import { plainEmpties } from '../../../../model/normalisers/contract.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import { isNativeRecord } from '../../native.ts'
import type { ProbeBench } from '../bench.ts'
import { leavesOf, type TextField } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

/** Probes of updates of nested objects and lists. */
export const composedUpdateProbes: readonly Probe[] = [
  {
    name: 'composed-update-keeps-neighbours',
    proves:
      'An update composed by a mapping changes one nested property; a concurrent change next to it is kept, or the update is refused.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const base = (await bench.readLive(nativeId)).native
      const field =
        bench.template.texts.find(({ path }) => path.length > 1) ?? skip('no text field is nested')
      const neighbour = neighbourOf(bench, field)
      const before = neighboursOf(base, field)
      if (before.size === 0) skip('the nested object has one property only')
      const mergesFields = bench.capabilities.write === 'patch' && bench.capabilities.nested === 'merge'
      if (neighbour !== undefined && mergesFields) {
        // Another user writes first: the record that the engine read is outdated when it writes.
        await bench.update(nativeId, await compose(bench, neighbour, 'typed by a colleague', base))
        const path = neighbour.path.join('.')
        const seen = await bench.readUntil(
          nativeId,
          (one) => one.kind === 'live' && leavesOf(one.native).get(path) !== before.get(path),
        )
        const theirs = seen.kind === 'live' ? leavesOf(seen.native).get(path) : undefined
        if (theirs !== undefined) before.set(path, theirs)
      }
      await bench.update(nativeId, await compose(bench, field, 'changed by us', base))
      const own = field.path.join('.')
      const was = leavesOf(base).get(own)
      const read = await bench.readUntil(
        nativeId,
        (one) => one.kind === 'live' && leavesOf(one.native).get(own) !== was,
      )
      check(read.kind === 'live' && leavesOf(read.native).get(own) !== was, `an update of ${own} is not seen`)
      const after = leavesOf(read.native)
      const lost = [...before].filter(([path, value]) => after.get(path) !== value).map(([path]) => path)
      check(
        lost.length === 0,
        `nested objects are declared to be ${mergesFields ? 'merged' : 'replaced'}, and an update of ${own} also changed ${lost.join(', ')}`,
      )
      return `${before.size} neighbours${neighbour !== undefined && mergesFields ? ', one of them changed meanwhile' : ''}`
    },
  },
]

/** Returns another text field in the same object. */
function neighbourOf({ template }: ProbeBench, { path }: TextField): TextField | undefined {
  const parent = path.slice(0, -1).join('.')
  return template.texts.find(
    (other) => other.path.at(-1) !== path.at(-1) && other.path.slice(0, -1).join('.') === parent,
  )
}

/** Returns the scalars next to the field, in the object that contains it. */
function neighboursOf(native: NativeRecord, { path }: TextField): Map<string, string> {
  const parent = nativeAt(native, path.slice(0, -1))
  if (!isNativeRecord(parent)) return new Map()
  const inside = leavesOf(parent)
  const prefix = path.slice(0, -1).join('.')
  return new Map(
    [...inside].filter(([name]) => name !== path.at(-1)).map(([name, value]) => [`${prefix}.${name}`, value]),
  )
}

async function compose(
  { capabilities }: ProbeBench,
  { path }: TextField,
  text: string,
  base: NativeRecord,
): Promise<NativeRecord> {
  const lens = compileLens({
    fields: [
      {
        name: 'text',
        type: { kind: 'string' },
        readable: true,
        writable: true,
        source: { kind: 'path', path, empties: plainEmpties },
      },
    ],
  })
  return (await lens.write({ text }, base, capabilities.nested)).patch
}
