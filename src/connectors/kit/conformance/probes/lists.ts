/** Probes of full listings: whole, honest about it, and never taken for whole when they are not. */
import type { ListRun, ProbeBench } from '../bench.ts'
import { hold, type Probe, unproved } from '../probe.ts'

/** Records that probes put into a list; a system whose pages are larger needs a counterpart with smaller ones. */
const insertedMax = 60

const noList: Probe['skips'] = ({ list }) =>
  list.paging === 'none' ? 'the resource can not be listed' : undefined

/** So many that they don't fit on one page, as far as that is possible. */
function overOnePage(bench: ProbeBench): number {
  return Math.min(insertedMax, bench.capabilities.list.pageSize * 2 + 1)
}

/** What every listing owes, however it went: records that are missing are not missing from a complete list. */
export function assertHonest({ records, end, failed }: ListRun, rids: readonly string[]): void {
  if (failed || end === undefined) return
  const listed = new Set(records.map(({ rid }) => rid))
  const missing = rids.filter((rid) => !listed.has(rid))
  hold(
    missing.length === 0 || !end.complete,
    `a list without ${missing.length} of ${rids.length} records that are there says it is complete`,
  )
  hold(
    !end.complete || end.expected === undefined || listed.size >= end.expected,
    `a list of ${listed.size} records says it is complete although ${end.expected} are expected`,
  )
}

export const listProbes: readonly Probe[] = [
  {
    name: 'list-shows-everything',
    proves: 'The list goes over page edges, shows every record, and says truly whether it is complete.',
    touches: 'records',
    skips: noList,
    async run(bench) {
      const made = await bench.insertMany(bench.door === undefined ? 3 : overOnePage(bench))
      const rids = made.map(({ rid }) => rid)
      const run = await bench.patience.until({
        what: 'a new record in the list',
        lagMs: bench.capabilities.search?.lagMs ?? 0,
        look: () => bench.list(),
        holds: ({ records, end, failed }) => {
          const seen = new Set(records.map(({ rid }) => rid))
          return failed || end === undefined || rids.every((rid) => seen.has(rid))
        },
      })
      hold(!run.failed, 'the list broke off without a fault')
      if (run.end === undefined)
        unproved(`the list goes on after ${run.records.length} records, and was left there`)
      assertHonest(run, rids)
      const listed = new Set(run.records.map(({ rid }) => rid))
      const missing = rids.filter((rid) => !listed.has(rid))
      hold(missing.length === 0, `${missing.length} of ${rids.length} records are not in the list`)
      const { paging } = bench.capabilities.list
      hold(paging !== 'keyset' || run.records.length === listed.size, 'a record is listed twice')
      hold(paging !== 'offset' || !run.end.complete, 'a list paged by offset says it proves absence')
      const count = await bench.door?.count()
      hold(
        count === undefined || !run.end.complete || listed.size === count,
        `${listed.size} records are listed, the system has ${count}`,
      )
      return `${listed.size} records, ${run.end.complete ? 'complete' : `not evidence of absence: ${run.end.reason ?? 'no reason given'}`}`
    },
  },
  {
    name: 'list-none-proves-nothing',
    proves: 'A resource that can not be listed never answers with a complete, empty list.',
    touches: 'nothing',
    skips: ({ list }) => (list.paging === 'none' ? undefined : 'the resource can be listed'),
    async run(bench) {
      const { end, failed } = await bench.list(1)
      hold(failed || end?.complete !== true, 'the list of a resource without one says it is complete')
      return undefined
    },
  },
  {
    name: 'list-keeps-ties',
    proves: 'Records that changed at the very same moment are all listed, also across the edge of a page.',
    touches: 'records',
    skips: noList,
    async run(bench) {
      const rids = await tiedRids(bench)
      const run = await bench.list()
      const listed = new Set(run.records.map(({ rid }) => rid))
      const missing = rids.filter((rid) => !listed.has(rid))
      hold(missing.length === 0, `${missing.length} of ${rids.length} records of one moment are not listed`)
      return `${rids.length} records of one moment`
    },
  },
  {
    name: 'list-while-others-work',
    proves: 'A list taken while others add and delete misses nothing, or does not say that it is complete.',
    touches: 'records',
    skips: noList,
    async run(bench) {
      if (bench.door?.remove === undefined) unproved('nobody else can delete records meanwhile')
      const made = await bench.insertMany(overOnePage(bench))
      const early = made.slice(0, 3).map(({ rid }) => rid)
      const { records, end } = await bench.list(undefined, async () => {
        for (const rid of early) await bench.vanish(rid)
        await bench.insert()
      })
      hold(end !== undefined, 'the list broke off while others worked')
      const stayed = made.map(({ rid }) => rid).filter((rid) => !early.includes(rid))
      const listed = new Set(records.map(({ rid }) => rid))
      const missing = stayed.filter((rid) => !listed.has(rid))
      hold(
        missing.length === 0 || !end.complete,
        `${missing.length} records that were there all the time are missing from a list that says it is complete`,
      )
      return missing.length === 0
        ? 'nothing was missed'
        : `${missing.length} were missed, and the list did not claim otherwise`
    },
  },
]

/** More records of one moment than fit on a page. @throws IsthmusError CONNECTOR_PROBE_UNPROVED */
export async function tiedRids(bench: ProbeBench): Promise<readonly string[]> {
  const { door } = bench
  if (door?.insertTied === undefined) unproved("the system's clock can not be set")
  const count = Math.min(insertedMax, bench.capabilities.list.pageSize + 3)
  const bodies = Array.from({ length: count }, () => bench.template.body(bench.seed()))
  const rids = await door.insertTied(bodies)
  for (const rid of rids) bench.remember(rid)
  return rids
}
