/**
 * Probes of a failing or misbehaving server: no bogus response is accepted, and a write that may have taken
 * effect never counts as harmless.
 */
import type { WriteResult } from '../../contract.ts'
import { type ProbeBench, wordsOf } from '../bench.ts'
import type { CounterpartFaults } from '../counterpart.ts'
import type { Probe } from '../probe.ts'
import { check } from '../verdict.ts'
import { assertHonest } from './lists.ts'

type ApiResponse = Parameters<CounterpartFaults['respondNext']>[0]

/** More than any client's number of retries. */
const repeats = 12

const page = '<!doctype html><title>Sign in</title><p>Please sign in.</p>'

/** Responses that say nothing about a record, whatever the API. */
const lies: Readonly<Record<string, ApiResponse>> = {
  'a server error': { status: 500, body: '{"error":"internal"}' },
  'a gateway error': { status: 502, body: page, contentType: 'text/html' },
  'too busy': { status: 503, body: '{}' },
  'a sign-in page': { status: 200, body: page, contentType: 'text/html' },
  'half a response': { status: 200, body: '{"id":"1","data":[{"id":' },
  'a response without content': { status: 200, body: '{}' },
  "a proxy's 404": { status: 404, body: page, contentType: 'text/html' },
  'a refused credential': { status: 401, body: '{}' },
}

/** Makes the next calls of the bench all receive this response. */
async function under<T>(bench: ProbeBench, fault: ApiResponse, call: () => Promise<T>): Promise<T> {
  for (let count = 0; count < repeats; count += 1) bench.faults.respondNext(fault)
  try {
    return await call()
  } finally {
    bench.faults.clear()
  }
}

/** A call that must not throw returns `unknown`; one that throws gave no information either. */
async function kindOf(call: () => Promise<{ readonly kind: string }> | undefined): Promise<string> {
  try {
    return (await call())?.kind ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

/** Probes of failed calls: how they may and may not be interpreted. */
export const failureProbes: readonly Probe[] = [
  {
    name: 'no-answer-is-no-deletion',
    proves:
      'A read that results in an error, a sign-in page, a truncated response or no response is unknown; never gone, never a record.',
    touches: 'records',
    async run(bench) {
      const { faults } = bench
      const { nativeId } = await bench.insert()
      await bench.readLive(nativeId)
      for (const [name, fault] of Object.entries(lies)) {
        const kind = await under(bench, fault, () =>
          kindOf(() => bench.resource.read(nativeId, bench.context)),
        )
        check(kind === 'unknown', `a read during ${name} returns "${kind}"`)
      }
      for (let count = 0; count < repeats; count += 1) faults.loseNextResponse()
      const lost = await kindOf(() => bench.resource.read(nativeId, bench.context))
      faults.clear()
      check(lost === 'unknown', `a read whose response is lost returns "${lost}"`)
      return Object.keys(lies).join(', ')
    },
  },
  {
    name: 'no-answer-is-no-deletion-in-batches',
    proves: 'A failed read of several records is unknown for each of them.',
    touches: 'records',
    skips: ({ read }) => (read.batch > 1 ? undefined : 'records are read one at a time'),
    async run(bench) {
      const nativeIds = (await bench.insertMany(2)).map(({ nativeId }) => nativeId)
      for (const nativeId of nativeIds) await bench.readLive(nativeId)
      for (const name of [
        'a server error',
        'a sign-in page',
        "a proxy's 404",
        'a response without content',
      ] as const) {
        const results = await under(bench, lies[name] ?? { status: 500 }, async () => {
          try {
            return (await bench.resource.readMany?.(nativeIds, bench.context)) ?? []
          } catch {
            return []
          }
        })
        const wrong = results.filter(({ kind }) => kind !== 'unknown')
        check(wrong.length === 0, `a read of several during ${name} returns ${wordsOf(wrong[0])}`)
      }
      return undefined
    },
  },
  {
    name: 'broken-list-is-not-complete',
    proves:
      'A list that is interrupted by an error, a sign-in page, a truncated response or no response is never complete without the rest.',
    touches: 'records',
    skips: ({ list }) => (list.paging === 'none' ? 'the resource can not be listed' : undefined),
    async run(bench) {
      const nativeIds = (await bench.insertMany(Math.min(40, bench.capabilities.list.pageSize + 2))).map(
        ({ nativeId }) => nativeId,
      )
      await bench.readLive(nativeIds[0] ?? '')
      for (const [name, fault] of Object.entries(lies)) {
        for (const after of [0, 1]) {
          const run = await under(bench, { ...fault, after }, () => bench.list())
          try {
            assertHonest(run, nativeIds)
          } catch (error) {
            check(
              false,
              `a list during ${name} after ${after} requests: ${error instanceof Error ? error.message : ''}`,
            )
          }
        }
      }
      return undefined
    },
  },
  {
    name: 'throttled-list-goes-on-or-breaks-off',
    proves:
      'A throttled list continues after the requested wait, or is aborted; it never ends early without an error.',
    touches: 'records',
    skips: ({ list }) => (list.paging === 'none' ? 'the resource can not be listed' : undefined),
    async run(bench) {
      const nativeIds = (await bench.insertMany(Math.min(40, bench.capabilities.list.pageSize + 2))).map(
        ({ nativeId }) => nativeId,
      )
      await bench.readLive(nativeIds[0] ?? '')
      bench.faults.respondNext({ status: 429, body: '{}', retryAfterSeconds: 1, after: 1 })
      const run = await bench.list()
      bench.faults.clear()
      assertHonest(run, nativeIds)
      return run.failed ? 'it breaks off' : 'it goes on'
    },
  },
  {
    name: 'broken-feed-is-unknown',
    proves: 'A failed read of a change feed is unknown; never "no changes".',
    touches: 'records',
    skips: ({ changes }) => (changes.cursor === 'none' ? 'there is no change feed' : undefined),
    async run(bench) {
      const { cursor } = await bench.drain()
      await bench.insert()
      for (const [name, fault] of Object.entries(lies)) {
        const kind = await under(bench, fault, () =>
          kindOf(() => bench.resource.changes?.(cursor, bench.context)),
        )
        check(kind === 'unknown' || kind === 'expired', `a feed during ${name} returns "${kind}"`)
      }
      return undefined
    },
  },
  {
    name: 'broken-search-is-unknown',
    proves: 'A failed search is unknown; never "not found".',
    touches: 'records',
    skips: ({ search, marker }) =>
      search === undefined || marker === undefined ? 'there is no marker that can be searched' : undefined,
    async run(bench) {
      const { recordId } = bench.createRequest()
      await bench.readLive((await bench.insert()).nativeId)
      for (const [name, fault] of Object.entries(lies)) {
        const kind = await under(bench, fault, () =>
          kindOf(() => bench.resource.find?.({ by: 'marker', recordId }, bench.context)),
        )
        check(kind === 'unknown', `a search during ${name} returns "${kind}"`)
      }
      return undefined
    },
  },
  {
    name: 'failed-write-says-what-it-may-have-done',
    proves:
      'A failed write is unknown if it may have taken effect, not sent if it can not have, and rejected if it was refused.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const request = await bench.updateRequest(nativeId, bench.template.patch(bench.seed()))
      const update = (): Promise<WriteResult> | undefined => bench.resource.update?.(request, bench.context)
      for (const [name, { fault, kinds }] of Object.entries(writeFaults)) {
        const kind = await under(bench, fault, () => kindOf(update))
        check(
          kinds.includes(kind),
          `a write during ${name} returns "${kind}", expected is ${kinds.join(' or ')}`,
        )
      }
      for (const method of ['POST', 'PUT', 'PATCH']) {
        for (let count = 0; count < repeats / 3; count += 1) bench.faults.loseNextResponse({ method })
      }
      const lost = await kindOf(update)
      bench.faults.clear()
      check(lost === 'unknown', `a write whose response is lost returns "${lost}"`)
      return undefined
    },
  },
]

/** The results that a write may return for these responses. */
const writeFaults: Readonly<
  Record<string, { readonly fault: ApiResponse; readonly kinds: readonly string[] }>
> = {
  'a server error': { fault: { status: 500, body: '{}' }, kinds: ['unknown'] },
  'a gateway error': { fault: { status: 502, body: page, contentType: 'text/html' }, kinds: ['unknown'] },
  'a gateway timeout': { fault: { status: 504, body: '' }, kinds: ['unknown'] },
  'a sign-in page': { fault: { status: 200, body: page, contentType: 'text/html' }, kinds: ['unknown'] },
  'half a response': { fault: { status: 200, body: '{"id":"1","na' }, kinds: ['unknown'] },
  "a proxy's 404": { fault: { status: 404, body: page, contentType: 'text/html' }, kinds: ['unknown'] },
  'too many requests': { fault: { status: 429, body: '{}', retryAfterSeconds: 1 }, kinds: ['not-sent'] },
  'a refused credential': { fault: { status: 401, body: '{}' }, kinds: ['not-sent'] },
  'a refusal of the data': { fault: { status: 422, body: '{}' }, kinds: ['rejected'] },
}
