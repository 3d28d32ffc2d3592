/** Reads by id: one, or several through the list. */
import type { CallContext, ReadResult } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { callFailure, readResultOf } from '../../kit/outcome.ts'
import { recordsOf, recordWithin } from './envelope.ts'
import { listedRecord, observed } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

/** Reads one record. Never throws: a failure is no information. */
export async function readOne(
  { resource, client, item, rules }: ResourceContext,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  try {
    const response = await client.read(item, { path: { id: nativeId } }, context)
    return observed(resource, listedRecord(resource, recordWithin(resource, response.data), response.headers))
  } catch (error) {
    return readResultOf(error, rules)
  }
}

/**
 * Reads several records with one request. Absence from such a list proves nothing (an index may lag, a filter
 * may exclude it), so records that are not returned are read by id.
 */
export async function readMany(
  owner: ResourceContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const { resource, client } = owner
  const { batch } = resource.read
  if (batch === undefined || nativeIds.length === 1)
    return Promise.all(nativeIds.map((nativeId) => readOne(owner, nativeId, context)))
  const found = new Map<string, ReadResult>()
  try {
    const ids = batch.style === 'comma' ? nativeIds.join(',') : nativeIds
    const response = await client.read(
      resource.path,
      { query: { ...batch.query, [batch.parameter]: ids } },
      context,
    )
    const items = recordsOf(resource, response.data, resource.list?.items)
    for (const record of readEach(items, (value) => listedRecord(resource, value)).records)
      found.set(record.nativeId, observed(resource, record))
  } catch (error) {
    // A 404 too: it concerns the list, not these records.
    const failure = callFailure(error)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
  return Promise.all(nativeIds.map((nativeId) => found.get(nativeId) ?? readOne(owner, nativeId, context)))
}
