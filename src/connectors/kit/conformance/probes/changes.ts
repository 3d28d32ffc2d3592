/**
 * Probes of the change feed: it reports everything, including ties and late commits, and an unusable cursor
 * is never "nothing new".
 */
import { type ProbeBench, wordsOf } from '../bench.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'
import { tiedNativeIds } from './lists.ts'

const noFeed: Probe['skips'] = ({ changes }) =>
  changes.cursor === 'none' ? 'there is no change feed' : undefined

/**
 * Drains repeatedly until every record was reported or the declared lag is over. Returns those that were not
 * reported.
 */
async function untold(
  bench: ProbeBench,
  cursor: string,
  nativeIds: readonly string[],
  isDeletion = false,
): Promise<readonly string[]> {
  const open = new Set(nativeIds)
  let at = cursor
  await bench.waiter.until({
    what: 'a change in the feed',
    lagMs: bench.capabilities.changes.commitLagMs,
    observe: async () => {
      const { changed, cursor: next } = await bench.drain(at)
      at = next
      for (const one of changed) if (!isDeletion || one.deleted === true) open.delete(one.nativeId)
    },
    holds: () => open.size === 0,
  })
  return [...open]
}

/** Probes of change feeds. */
export const changeProbes: readonly Probe[] = [
  {
    name: 'changes-come-to-an-end',
    proves: 'The change feed can be read to its end, and continued from there.',
    touches: 'nothing',
    skips: noFeed,
    async run(bench) {
      const first = await bench.drain()
      await bench.drain(first.cursor)
      return `${first.changed.length} changes in the feed`
    },
  },
  {
    name: 'changes-tell-everything',
    proves: 'The change feed contains every record that was added or changed.',
    touches: 'records',
    skips: noFeed,
    async run(bench) {
      const { cursor } = await bench.drain()
      const nativeIds = (await bench.insertMany(4)).map(({ nativeId }) => nativeId)
      const missing = await untold(bench, cursor, nativeIds)
      check(missing.length === 0, `${missing.length} of ${nativeIds.length} new records were not reported`)
      const { cursor: later } = await bench.drain(cursor)
      await bench.wait(5)
      for (const nativeId of nativeIds) await bench.change(nativeId)
      const unchanged = await untold(bench, later, nativeIds)
      check(unchanged.length === 0, `${unchanged.length} of ${nativeIds.length} changes were not reported`)
      return undefined
    },
  },
  {
    name: 'changes-keep-ties',
    proves: 'The change feed contains all records with the same timestamp, even across a page boundary.',
    touches: 'records',
    skips: noFeed,
    async run(bench) {
      const { cursor } = await bench.drain()
      const nativeIds = await tiedNativeIds(bench)
      const missing = await untold(bench, cursor, nativeIds)
      check(
        missing.length === 0,
        `${missing.length} of ${nativeIds.length} records of one moment were not reported`,
      )
      return `${nativeIds.length} records of one moment`
    },
  },
  {
    name: 'changes-tell-latecomers',
    proves: 'A change that becomes visible late, within the declared lag, is in the change feed.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noFeed(capabilities, resource) ??
      (capabilities.changes.commitLagMs === 0
        ? 'it is declared that changes are visible at once'
        : undefined),
    async run(bench) {
      const { door } = bench
      if (door?.insertLate === undefined) skip("the system's clock can not be set")
      await bench.insert()
      const { cursor } = await bench.drain()
      const ageMs = Math.floor(bench.capabilities.changes.commitLagMs * 0.9)
      const late = await door.insertLate(bench.template.body(bench.seed()), ageMs)
      bench.remember(late)
      const missing = await untold(bench, cursor, [late])
      check(
        missing.length === 0,
        `a record that became visible ${ageMs} ms after its time was never reported`,
      )
      return `${ageMs} ms late`
    },
  },
  {
    name: 'changes-tell-deletions',
    proves: 'A deletion is in the change feed.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noFeed(capabilities, resource) ??
      (['feed', 'tombstone'].includes(capabilities.deletes)
        ? undefined
        : 'deletions are not declared to be told'),
    async run(bench) {
      const { deletes } = bench.capabilities
      if (deletes === 'tombstone' && bench.door?.remove === undefined)
        skip('a delete of our own removes the record, and nobody else can mark one as deleted')
      const { nativeId } = await bench.insert()
      const { cursor } = await bench.drain()
      await bench.vanish(nativeId)
      const missing = await untold(bench, cursor, [nativeId], true)
      check(missing.length === 0, 'the deletion of a record was not told')
      return undefined
    },
  },
  {
    name: 'changes-unusable-cursor',
    proves: 'An unreadable cursor is expired or unknown, or the feed starts over; never "no changes".',
    touches: 'nothing',
    skips: noFeed,
    async run(bench) {
      const nativeIds = await bench.someNativeIds(1)
      const { changes } = bench.resource
      const response = await changes?.call(bench.resource, '!not-a-cursor', bench.context)
      if (response?.kind !== 'page') return `returns ${wordsOf(response)}`
      const { changed } = await bench.drain('!not-a-cursor')
      const reported = new Set(changed.map(({ nativeId }) => nativeId))
      check(
        nativeIds.every((nativeId) => reported.has(nativeId)),
        'an unusable cursor is answered with a feed that leaves records out',
      )
      return 'everything is told again'
    },
  },
  {
    name: 'changes-expired-cursor',
    proves:
      'A cursor that the system no longer has is expired: the engine lists everything instead of starting at the current time.',
    touches: 'records',
    skips: noFeed,
    async run(bench) {
      if (bench.door?.expireCursors === undefined) skip("the system's cursors can not be made to expire")
      await bench.insert()
      const { cursor } = await bench.drain()
      await bench.insert()
      await bench.door.expireCursors()
      const response = await bench.resource.changes?.(cursor, bench.context)
      check(response?.kind === 'expired', `a forgotten cursor returns ${wordsOf(response)}`)
      return undefined
    },
  },
]
