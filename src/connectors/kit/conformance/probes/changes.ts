/** Probes of the change feed: it tells everything, ties and latecomers included, and an unusable cursor is never "nothing new". */
import { type ProbeBench, wordsOf } from '../bench.ts'
import { hold, type Probe, unproved } from '../probe.ts'
import { tiedRids } from './lists.ts'

const noFeed: Probe['skips'] = ({ changes }) =>
  changes.cursor === 'none' ? 'there is no change feed' : undefined

/** Drains again and again until every record was told, within the declared lag. Gives those that were not. */
async function untold(
  bench: ProbeBench,
  cursor: string,
  rids: readonly string[],
  isDeletion = false,
): Promise<readonly string[]> {
  const open = new Set(rids)
  let at = cursor
  await bench.patience.until({
    what: 'a change in the feed',
    lagMs: bench.capabilities.changes.commitLagMs,
    look: async () => {
      const { changed, cursor: next } = await bench.drain(at)
      at = next
      for (const one of changed) if (!isDeletion || one.deleted === true) open.delete(one.rid)
    },
    holds: () => open.size === 0,
  })
  return [...open]
}

export const changeProbes: readonly Probe[] = [
  {
    name: 'changes-come-to-an-end',
    proves: 'The change feed can be followed to its end, and from there again.',
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
    proves: 'The change feed tells of every record that was added and changed.',
    touches: 'records',
    skips: noFeed,
    async run(bench) {
      const { cursor } = await bench.drain()
      const rids = (await bench.insertMany(4)).map(({ rid }) => rid)
      const missing = await untold(bench, cursor, rids)
      hold(missing.length === 0, `${missing.length} of ${rids.length} new records were not told`)
      const { cursor: later } = await bench.drain(cursor)
      await bench.wait(5)
      for (const rid of rids) await bench.change(rid)
      const unchanged = await untold(bench, later, rids)
      hold(unchanged.length === 0, `${unchanged.length} of ${rids.length} changes were not told`)
      return undefined
    },
  },
  {
    name: 'changes-keep-ties',
    proves: 'The change feed tells of all records of one moment, also across the edge of a page.',
    touches: 'records',
    skips: noFeed,
    async run(bench) {
      const { cursor } = await bench.drain()
      const rids = await tiedRids(bench)
      const missing = await untold(bench, cursor, rids)
      hold(missing.length === 0, `${missing.length} of ${rids.length} records of one moment were not told`)
      return `${rids.length} records of one moment`
    },
  },
  {
    name: 'changes-tell-latecomers',
    proves: 'A change that becomes visible late, within the declared lag, is told.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noFeed(capabilities, resource) ??
      (capabilities.changes.commitLagMs === 0
        ? 'it is declared that changes are visible at once'
        : undefined),
    async run(bench) {
      const { door } = bench
      if (door?.insertLate === undefined) unproved("the system's clock can not be set")
      await bench.insert()
      const { cursor } = await bench.drain()
      const ageMs = Math.floor(bench.capabilities.changes.commitLagMs * 0.9)
      const late = await door.insertLate(bench.template.body(bench.seed()), ageMs)
      bench.remember(late)
      const missing = await untold(bench, cursor, [late])
      hold(missing.length === 0, `a record that became visible ${ageMs} ms after its time was never told`)
      return `${ageMs} ms late`
    },
  },
  {
    name: 'changes-tell-deletions',
    proves: 'A deletion is told by the change feed.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noFeed(capabilities, resource) ??
      (['feed', 'tombstone'].includes(capabilities.deletes)
        ? undefined
        : 'deletions are not declared to be told'),
    async run(bench) {
      const { deletes } = bench.capabilities
      if (deletes === 'tombstone' && bench.door?.remove === undefined)
        unproved('a delete of our own removes the record, and nobody else can mark one as deleted')
      const { rid } = await bench.insert()
      const { cursor } = await bench.drain()
      await bench.vanish(rid)
      const missing = await untold(bench, cursor, [rid], true)
      hold(missing.length === 0, 'the deletion of a record was not told')
      return undefined
    },
  },
  {
    name: 'changes-unusable-cursor',
    proves:
      'A cursor that can not be read is expired or unknown, or everything is told again; never "nothing new".',
    touches: 'nothing',
    skips: noFeed,
    async run(bench) {
      const rids = await bench.someRids(1)
      const { changes } = bench.resource
      const answer = await changes?.call(bench.resource, '!not-a-cursor', bench.context)
      if (answer?.kind !== 'page') return `answers ${wordsOf(answer)}`
      const { changed } = await bench.drain('!not-a-cursor')
      const told = new Set(changed.map(({ rid }) => rid))
      hold(
        rids.every((rid) => told.has(rid)),
        'an unusable cursor is answered with a feed that leaves records out',
      )
      return 'everything is told again'
    },
  },
  {
    name: 'changes-expired-cursor',
    proves:
      'A cursor that the system has forgotten is expired: the engine lists everything instead of starting at now.',
    touches: 'records',
    skips: noFeed,
    async run(bench) {
      if (bench.door?.expireCursors === undefined) unproved("the system's cursors can not be made to expire")
      await bench.insert()
      const { cursor } = await bench.drain()
      await bench.insert()
      await bench.door.expireCursors()
      const answer = await bench.resource.changes?.(cursor, bench.context)
      hold(answer?.kind === 'expired', `a forgotten cursor answers ${wordsOf(answer)}`)
      return undefined
    },
  },
]
