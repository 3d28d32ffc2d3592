/** Reads by id: one, or several through a list that accepts ids. */
import type { CallContext, ReadResult } from '../../kit/contract.ts'
import { unusable } from '../../kit/unusable.ts'
import { failedRead, stripeFailure } from '../errors.ts'
import { expansion, itemOf, listOf, type Received, type ResourceContext, received } from '../record.ts'

/** Reads one object. Never throws: a failure is no information. */
export async function readOne(
  owner: ResourceContext,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  try {
    const response = await owner.client.read(itemOf(owner, nativeId), expansion(owner, false), context)
    const object = received(owner, response.data)
    // A deletion of another object says nothing about this one; the kit checks the id of an existing one.
    if (object.kind === 'deleted' && object.nativeId !== nativeId)
      throw unusable('another object came than was asked for')
    return seen(object)
  } catch (error) {
    return failedRead(error, owner.rules)
  }
}

/** Maximum number of objects in one call: a page of a list. */
export const readBatch = 100

/**
 * Reads several objects with one request. A list omits deleted ones, so objects that are not returned are
 * read by id.
 */
export async function readMany(
  owner: ResourceContext,
  parameter: string,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const found = new Map<string, ReadResult>()
  try {
    const query = { [`${parameter}[]`]: nativeIds, limit: readBatch, ...expansion(owner, true) }
    const response = await owner.client.read({ route: owner.resource.path }, query, context)
    for (const value of listOf(response.data).data) {
      const object = received(owner, value)
      found.set(nativeIdOf(object), seen(object))
    }
  } catch (error) {
    const failure = stripeFailure(error)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
  return Promise.all(nativeIds.map((nativeId) => found.get(nativeId) ?? readOne(owner, nativeId, context)))
}

function nativeIdOf(object: Received): string {
  return object.kind === 'deleted' ? object.nativeId : object.record.nativeId
}

function seen(object: Received): ReadResult {
  return object.kind === 'deleted' ? { kind: 'gone' } : { kind: 'live', ...object.record }
}
