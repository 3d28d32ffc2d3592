/** Reads by id: one, or several through a list that takes ids. */
import type { CallContext, ReadResult } from '../kit/contract.ts'
import { failedRead, stripeFailure } from './errors.ts'
import {
  expansion,
  itemOf,
  listOf,
  type Received,
  type ResourceContext,
  received,
  unusable,
} from './record.ts'

/** Reads one object. Never throws: a failure is no information. */
export async function readOne(
  owner: ResourceContext,
  rid: string,
  context: CallContext,
): Promise<ReadResult> {
  try {
    const answer = await owner.client.read(itemOf(owner, rid), expansion(owner, false), context)
    const object = received(owner, answer.data)
    // A deletion of another object says nothing about this one; a living one shows its id to the kit.
    if (object.kind === 'deleted' && object.rid !== rid)
      throw unusable('another object came than was asked for')
    return seen(object)
  } catch (error) {
    return failedRead(error, owner.rules)
  }
}

/** Objects in one call at most: a page of a list. */
export const readBatch = 100

/** Reads several objects with one request. A list leaves deleted ones out, so what does not come back is read by its id. */
export async function readMany(
  owner: ResourceContext,
  parameter: string,
  rids: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const found = new Map<string, ReadResult>()
  try {
    const query = { [`${parameter}[]`]: rids, limit: readBatch, ...expansion(owner, true) }
    const answer = await owner.client.read({ route: owner.resource.path }, query, context)
    for (const value of listOf(answer.data).data) {
      const object = received(owner, value)
      found.set(ridOf(object), seen(object))
    }
  } catch (error) {
    const failure = stripeFailure(error)
    return rids.map(() => ({ kind: 'unknown', failure }))
  }
  return Promise.all(rids.map((rid) => found.get(rid) ?? readOne(owner, rid, context)))
}

function ridOf(object: Received): string {
  return object.kind === 'deleted' ? object.rid : object.record.rid
}

function seen(object: Received): ReadResult {
  return object.kind === 'deleted' ? { kind: 'gone' } : { kind: 'live', ...object.record }
}
