/** Probes of creates: one request, one record, whatever happens to the response. */
import { type ProbeBench, wordsOf } from '../bench.ts'
import { sameText, textsOf } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

const noCreate: Probe['skips'] = ({ create }) =>
  create === 'unsupported' ? 'nothing can be created' : undefined
const repeatable: ReadonlySet<string> = new Set(['clientId', 'upsertKey', 'idempotencyKey'])

/** Number of records by the system's own count; undefined without a back door. */
const countOf = async (bench: ProbeBench): Promise<number | undefined> => await bench.door?.count()

/** Searches by the marker until it is found or the declared lag is over. */
async function findMarked(bench: ProbeBench, recordId: string): Promise<readonly string[]> {
  const find = bench.resource.find?.bind(bench.resource) ?? skip('there is no search')
  return await bench.waiter.until({
    what: 'a new record in the search',
    lagMs: bench.capabilities.search?.lagMs ?? 0,
    observe: async () => {
      const found = await find({ by: 'marker', recordId }, bench.context)
      check(found.kind === 'found', `a search by the marker returns ${wordsOf(found)}`)
      return found.nativeIds
    },
    holds: (nativeIds) => nativeIds.length > 0,
  })
}

/** Probes of creates, including repeated ones. */
export const createProbes: readonly Probe[] = [
  {
    name: 'create-makes-one',
    proves: 'A create creates one record with the values that were sent.',
    touches: 'records',
    skips: noCreate,
    async run(bench) {
      const before = await countOf(bench)
      const { nativeId, body } = await bench.create()
      const after = await countOf(bench)
      check(
        before === undefined || after === before + 1,
        `after one create there are ${Number(after) - Number(before)} more records`,
      )
      const { native } = await bench.readLive(nativeId)
      for (const field of bench.template.texts) {
        const [sent, stored] = [textsOf(body, field.path), textsOf(native, field.path)]
        check(
          sent === undefined || sameText(field, sent, stored),
          `${field.path.join('.')} was sent and reads differently`,
        )
      }
      return undefined
    },
  },
  {
    name: 'create-twice-makes-one',
    proves: 'The same create sent twice creates one record.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noCreate(capabilities, resource) ??
      (repeatable.has(capabilities.create)
        ? undefined
        : `creates by ${capabilities.create} are not declared to be repeatable`),
    async run(bench) {
      const request = bench.createRequest()
      const before = await countOf(bench)
      const { nativeId } = await bench.create(request)
      const again = await bench.resource.create?.(request, bench.context)
      check(
        again?.kind !== 'ok' || again.nativeId === nativeId,
        'the second create is answered with another record',
      )
      const after = await countOf(bench)
      check(
        before === undefined || after === before + 1,
        `two equal creates made ${Number(after) - Number(before)} records`,
      )
      check(
        after !== undefined || again?.kind === 'ok',
        `the second create returns ${wordsOf(again)}, and nothing can be counted`,
      )
      return `the second one returns ${wordsOf(again)}`
    },
  },
  {
    name: 'create-is-found-by-marker',
    proves:
      'A created record is found by the Isthmus record id within the declared lag, and no other record is.',
    touches: 'records',
    skips: ({ create, marker, search }) =>
      create === 'unsupported' || marker === undefined || search === undefined
        ? 'there is no marker that can be searched'
        : undefined,
    async run(bench) {
      const request = bench.createRequest()
      const { nativeId } = await bench.create(request)
      const found = await findMarked(bench, request.recordId)
      check(
        found.length === 1 && found[0] === nativeId,
        `the search for our id finds ${found.length} records, expected is the one just made`,
      )
      const none = await bench.resource.find?.(
        { by: 'marker', recordId: bench.createRequest().recordId },
        bench.context,
      )
      check(
        none?.kind === 'found' && none.nativeIds.length === 0,
        'the search for an id that no record has finds something',
      )
      const { native } = await bench.readLive(nativeId)
      check(
        bench.resource.markerOf?.(native) === request.recordId,
        "our id can't be read back from the record",
      )
      return undefined
    },
  },
  {
    name: 'create-survives-a-lost-response',
    proves: 'A create whose response is lost is unknown, and can be resolved without a second record.',
    touches: 'records',
    skips: noCreate,
    async run(bench) {
      const [nativeId = ''] = (await bench.insertMany(1)).map((made) => made.nativeId)
      await bench.readLive(nativeId)
      const request = bench.createRequest()
      const before = await countOf(bench)
      for (const method of ['POST', 'PUT', 'PATCH']) bench.faults.loseNextResponse({ method })
      const lost = await bench.resource.create?.(request, bench.context)
      bench.faults.clear()
      const made = Number(await countOf(bench)) - Number(before)
      check(made === 1 || made === 0, `one create made ${made} records`)
      check(
        lost?.kind === 'unknown' || (lost?.kind === 'ok' && made === 1),
        `a create whose response was lost returns ${wordsOf(lost)}`,
      )
      await clearUp(bench, request)
      check(
        Number(await countOf(bench)) - Number(before) === 1 || made === 0,
        'clearing it up made a second record',
      )
      return `returns ${wordsOf(lost)}`
    },
  },
  {
    name: 'search-says-when-it-is-capped',
    proves: 'A search that finds more records than the system returns reports it.',
    touches: 'records',
    skips: ({ search }) => (search?.maxResults === undefined ? 'no cap is declared' : undefined),
    async run(bench) {
      const { door, resource } = bench
      const max = bench.capabilities.search?.maxResults ?? 0
      if (door?.crowd === undefined) skip('no crowd of records can be made')
      const values = await door.crowd(max + 1)
      await bench.waiter.pass('what the search knows', bench.capabilities.search?.lagMs ?? 0)
      const found = await resource.find?.({ by: 'values', values }, bench.context)
      check(found?.kind === 'found', `the search returns ${wordsOf(found)}`)
      check(
        found.capped || found.nativeIds.length > max,
        `${found.nativeIds.length} of ${max + 1} were found, and the response says that is all`,
      )
      return undefined
    },
  },
]

/**
 * Handles an open create as the engine does: repeats it if that is safe, otherwise searches for the record.
 */
async function clearUp(bench: ProbeBench, request: ReturnType<ProbeBench['createRequest']>): Promise<void> {
  if (repeatable.has(bench.capabilities.create)) {
    await bench.resource.create?.(request, bench.context)
    return
  }
  if (bench.capabilities.marker === undefined || bench.capabilities.search === undefined) return
  const found = await findMarked(bench, request.recordId)
  check(found.length === 1, `the record whose create was lost is found ${found.length} times by our id`)
}
