/**
 * Probes of full listings: they are complete, report it truthfully, and an incomplete one never counts as
 * complete.
 */
import type { ListRun, ProbeBench } from '../bench.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

/**
 * Number of records that probes add to a list; a system with larger pages needs a counterpart with smaller
 * ones.
 */
const insertedMax = 60

const noList: Probe['skips'] = ({ list }) =>
  list.paging === 'none' ? 'the resource can not be listed' : undefined

/** Returns a number of records that don't fit on one page, as far as that is possible. */
function overOnePage(bench: ProbeBench): number {
  return Math.min(insertedMax, bench.capabilities.list.pageSize * 2 + 1)
}

/** Checks the requirement on every listing, however it ended: a complete list lacks no record. */
export function assertHonest({ records, end, failed }: ListRun, nativeIds: readonly string[]): void {
  if (failed || end === undefined) return
  const listed = new Set(records.map(({ nativeId }) => nativeId))
  const missing = nativeIds.filter((nativeId) => !listed.has(nativeId))
  check(
    missing.length === 0 || !end.complete,
    `a list without ${missing.length} of ${nativeIds.length} records that are there says it is complete`,
  )
  check(
    !end.complete || end.expected === undefined || listed.size >= end.expected,
    `a list of ${listed.size} records says it is complete although ${end.expected} are expected`,
  )
}

/** Probes of lists. */
export const listProbes: readonly Probe[] = [
  {
    name: 'list-shows-everything',
    proves:
      'The list continues across pages, contains every record, and reports correctly whether it is complete.',
    touches: 'records',
    skips: noList,
    async run(bench) {
      const made = await bench.insertMany(bench.door === undefined ? 3 : overOnePage(bench))
      const nativeIds = made.map(({ nativeId }) => nativeId)
      const run = await bench.waiter.until({
        what: 'a new record in the list',
        lagMs: bench.capabilities.search?.lagMs ?? 0,
        observe: () => bench.list(),
        holds: ({ records, end, failed }) => {
          const seen = new Set(records.map(({ nativeId }) => nativeId))
          return failed || end === undefined || nativeIds.every((nativeId) => seen.has(nativeId))
        },
      })
      check(!run.failed, 'the list broke off without a fault')
      if (run.end === undefined)
        skip(`the list goes on after ${run.records.length} records, and was left there`)
      assertHonest(run, nativeIds)
      const listed = new Set(run.records.map(({ nativeId }) => nativeId))
      const missing = nativeIds.filter((nativeId) => !listed.has(nativeId))
      check(missing.length === 0, `${missing.length} of ${nativeIds.length} records are not in the list`)
      const { paging } = bench.capabilities.list
      check(paging !== 'keyset' || run.records.length === listed.size, 'a record is listed twice')
      check(paging !== 'offset' || !run.end.complete, 'a list paged by offset says it proves absence')
      const count = await bench.door?.count()
      check(
        count === undefined || !run.end.complete || listed.size === count,
        `${listed.size} records are listed, the system has ${count}`,
      )
      return `${listed.size} records, ${run.end.complete ? 'complete' : `not evidence of absence: ${run.end.reason ?? 'no reason given'}`}`
    },
  },
  {
    name: 'list-none-proves-nothing',
    proves: 'A resource that can not be listed never responds with a complete, empty list.',
    touches: 'nothing',
    skips: ({ list }) => (list.paging === 'none' ? undefined : 'the resource can be listed'),
    async run(bench) {
      const { end, failed } = await bench.list(1)
      check(failed || end?.complete !== true, 'the list of a resource without one says it is complete')
      return undefined
    },
  },
  {
    name: 'list-keeps-ties',
    proves: 'Records with the same timestamp are all listed, even across a page boundary.',
    touches: 'records',
    skips: noList,
    async run(bench) {
      const nativeIds = await tiedNativeIds(bench)
      const run = await bench.list()
      const listed = new Set(run.records.map(({ nativeId }) => nativeId))
      const missing = nativeIds.filter((nativeId) => !listed.has(nativeId))
      check(
        missing.length === 0,
        `${missing.length} of ${nativeIds.length} records of one moment are not listed`,
      )
      return `${nativeIds.length} records of one moment`
    },
  },
  {
    name: 'list-while-others-work',
    proves:
      'A list taken during concurrent creates and deletes misses no record, or is not reported as complete.',
    touches: 'records',
    skips: noList,
    async run(bench) {
      if (bench.door?.remove === undefined) skip('nobody else can delete records meanwhile')
      const made = await bench.insertMany(overOnePage(bench))
      const early = made.slice(0, 3).map(({ nativeId }) => nativeId)
      const { records, end } = await bench.list(undefined, async () => {
        for (const nativeId of early) await bench.vanish(nativeId)
        await bench.insert()
      })
      check(end !== undefined, 'the list broke off while others worked')
      const stayed = made.map(({ nativeId }) => nativeId).filter((nativeId) => !early.includes(nativeId))
      const listed = new Set(records.map(({ nativeId }) => nativeId))
      const missing = stayed.filter((nativeId) => !listed.has(nativeId))
      check(
        missing.length === 0 || !end.complete,
        `${missing.length} records that were there all the time are missing from a list that says it is complete`,
      )
      return missing.length === 0
        ? 'nothing was missed'
        : `${missing.length} were missed, and the list did not claim otherwise`
    },
  },
]

/** Creates more records of the same time than fit on a page. @throws IsthmusError CONNECTOR_PROBE_SKIPPED */
export async function tiedNativeIds(bench: ProbeBench): Promise<readonly string[]> {
  const { door } = bench
  if (door?.insertTied === undefined) skip("the system's clock can not be set")
  const count = Math.min(insertedMax, bench.capabilities.list.pageSize + 3)
  const bodies = Array.from({ length: count }, () => bench.template.body(bench.seed()))
  const nativeIds = await door.insertTied(bodies)
  for (const nativeId of nativeIds) bench.remember(nativeId)
  return nativeIds
}
