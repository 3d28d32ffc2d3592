/** Probes of removals. */
import { wordsOf } from '../bench.ts'
import { leavesOf } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check } from '../verdict.ts'

/** Probes of deletes and archives. */
export const removeProbes: readonly Probe[] = [
  {
    name: 'delete-deletes',
    proves: 'A delete removes the record, and a second one reports that it does not exist.',
    touches: 'records',
    skips: ({ remove }) => (['delete', 'both'].includes(remove) ? undefined : 'nothing can be deleted'),
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { result: first, ifVersion } = await bench.remove(nativeId, 'delete')
      check(first.kind === 'ok', `a delete returns ${wordsOf(first)}`)
      const read = await bench.readUntil(nativeId, (one) => one.kind === 'gone')
      check(read.kind === 'gone', `a deleted record reads as ${wordsOf(read)}`)
      const condition = ifVersion === undefined ? {} : { ifVersion }
      const second = await bench.resource.remove?.({ nativeId, mode: 'delete', ...condition }, bench.context)
      check(
        ['gone', 'ok', ifVersion === undefined ? 'ok' : 'stale'].includes(second?.kind ?? ''),
        `a delete of a record that is gone returns ${wordsOf(second)}`,
      )
      return undefined
    },
  },
  {
    name: 'archive-keeps-the-record',
    proves: 'Archiving changes or hides the record, and reports which.',
    touches: 'records',
    skips: ({ remove }) => (['archive', 'both'].includes(remove) ? undefined : 'nothing can be archived'),
    async run(bench) {
      const { nativeId } = await bench.insert()
      const before = JSON.stringify([...leavesOf((await bench.readLive(nativeId)).native)])
      const { result } = await bench.remove(nativeId, 'archive')
      check(result.kind === 'ok', `archiving returns ${wordsOf(result)}`)
      const read = await bench.readUntil(
        nativeId,
        (one) =>
          one.kind === 'gone' ||
          (one.kind === 'live' && JSON.stringify([...leavesOf(one.native)]) !== before),
      )
      check(read.kind !== 'unknown', `an archived record reads as ${wordsOf(read)}`)
      check(
        read.kind === 'gone' || JSON.stringify([...leavesOf(read.native)]) !== before,
        'archiving left the record as it was',
      )
      return `an archived record reads as "${read.kind}"`
    },
  },
  {
    name: 'restore-takes-back',
    proves:
      'A restored record reads as it did before it was archived, and restoring it again changes nothing.',
    touches: 'records',
    skips: ({ remove }, { restore }) =>
      restore !== undefined && ['archive', 'both'].includes(remove)
        ? undefined
        : 'nothing can be taken back from an archive',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const before = leavesOf((await bench.readLive(nativeId)).native)
      const { result } = await bench.remove(nativeId, 'archive')
      check(result.kind === 'ok', `archiving returns ${wordsOf(result)}`)
      const archived = await bench.readUntil(
        nativeId,
        (one) =>
          one.kind === 'gone' || (one.kind === 'live' && differs(before, leavesOf(one.native)).length > 0),
      )
      const touched = archived.kind === 'live' ? differs(before, leavesOf(archived.native)) : undefined
      for (const time of ['first', 'second']) {
        const taken = await bench.resource.restore?.({ nativeId }, bench.context)
        check(taken?.kind === 'ok', `taking it back the ${time} time returns ${wordsOf(taken)}`)
      }
      await bench.waiter.pass('what a read shows', bench.capabilities.read.lagMs)
      const { native } = await bench.readLive(nativeId)
      // Properties that the archive changed besides its mark (a time of change, a counter) may stay as the
      // archive left them.
      const changed = differs(before, leavesOf(native)).filter((path) => touched?.includes(path) === false)
      check(changed.length === 0, `taking it back changed ${changed.join(', ')}`)
      const stillArchived =
        archived.kind === 'live' && differs(leavesOf(archived.native), leavesOf(native)).length === 0
      check(!stillArchived, 'taking it back left the record archived')
      return undefined
    },
  },
  {
    name: 'stale-delete-is-refused',
    proves: 'A delete with an outdated version is refused.',
    touches: 'records',
    skips: ({ conditionalWrites, remove }) =>
      conditionalWrites && ['delete', 'both'].includes(remove)
        ? undefined
        : 'no conditional delete is declared',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { version } = await bench.readLive(nativeId)
      await bench.change(nativeId)
      await bench.readUntil(nativeId, (one) => one.kind === 'live' && one.version !== version)
      const request = {
        nativeId,
        mode: 'delete' as const,
        ...(version === undefined ? {} : { ifVersion: version }),
      }
      const result = await bench.resource.remove?.(request, bench.context)
      check(result?.kind === 'stale', `a delete under an old version returns ${wordsOf(result)}`)
      await bench.readLive(nativeId)
      return undefined
    },
  },
]

/** Returns the paths whose values differ. */
function differs(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path))
}
