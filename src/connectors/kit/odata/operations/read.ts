/** Reads by id: one, or several in a batch. */
import type { CallContext, ReadResult } from '../../contract.ts'
import { callFailure, readResultOf } from '../../outcome.ts'
import { unusable } from '../../unusable.ts'
import { type MaybeResponses, queryText, settledResponse } from '../client.ts'
import { odataRules } from '../protocol/errors.ts'
import { filledAddress, recordAddress } from '../protocol/literals.ts'
import { shapeQuery } from './query.ts'
import { entityOf, listedRecord, observed } from './record.ts'
import { type Bound, boundTo, type ResourceContext } from './resource-context.ts'
import { isSameId } from './same-value.ts'
import { withinScope } from './scope.ts'

/** Reads one record. Never throws: a failure is no information. */
export async function readOne(
  owner: ResourceContext,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  try {
    const bound = await boundTo(owner)
    const address = recordAddress(bound.set.name, bound.set.type, nativeId, bound.model.version)
    const query = shapeQuery(bound, owner.settings)
    const { data, headers } = await owner.service.read({ ...address, query }, context)
    const result = seen(owner, bound, { nativeId, data, etag: headers.etag })
    return (await withinScope(owner, bound, { results: [result], context }))[0] ?? result
  } catch (error) {
    return readResultOf(error, odataRules)
  }
}

/** Reads several with one request. A failure of the whole request is no information about any of them. */
export async function readMany(
  owner: ResourceContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  if (nativeIds.length < 2) return Promise.all(nativeIds.map((nativeId) => readOne(owner, nativeId, context)))
  try {
    const bound = await boundTo(owner)
    const { set, model } = bound
    const query = queryText(Object.entries(shapeQuery(bound, owner.settings)))
    const headers = owner.service.partHeaders(model.version, false)
    const requests = nativeIds.map((nativeId) => {
      const path = filledAddress(recordAddress(set.name, set.type, nativeId, model.version)).slice(1)
      return { method: 'GET' as const, path: query === '' ? path : `${path}?${query}`, headers }
    })
    const responses = await owner.service.readBatch(requests, context)
    const results = nativeIds.map((nativeId, index) => answered(owner, bound, nativeId, responses[index]))
    return await withinScope(owner, bound, { results, context })
  } catch (error) {
    // A 404 too: it concerns the batch, not these records.
    const failure = callFailure(error)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
}

function answered(
  owner: ResourceContext,
  bound: Bound,
  nativeId: string,
  responses: MaybeResponses,
): ReadResult {
  try {
    const [response] = responses ?? []
    if (response === undefined) throw unusable('a batch has fewer answers than requests')
    const { data, headers } = settledResponse(response, `GET ${bound.set.name}`)
    return seen(owner, bound, { nativeId, data, etag: headers.etag })
  } catch (error) {
    return readResultOf(error, odataRules)
  }
}

interface Seen {
  readonly nativeId: string
  readonly data: unknown
  readonly etag: string | undefined
}

/**
 * A service may format a key differently than requested (without leading zeros); the id that we know is kept.
 * A record with another key keeps its own, by which the kit sees that it is not the requested one: batch
 * responses are matched by their order, which a missing one shifts.
 */
function seen({ settings }: ResourceContext, bound: Bound, { nativeId, data, etag }: Seen): ReadResult {
  const record = listedRecord(bound, settings, entityOf(bound, data), etag)
  if (!isSameId(bound.set, nativeId, record.nativeId)) return { kind: 'live', ...record }
  return observed(settings, { ...record, nativeId })
}
