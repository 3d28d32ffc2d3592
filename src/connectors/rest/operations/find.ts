/** Finds records by our marker or by values, through the list's filters. */

import { isLosslessNumber } from '../../../http/json.ts'
import type { NativePath } from '../../../model/lens/spec.ts'
import type { CallContext, FindRequest, FindResult, ListedRecord } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { isSearchHit } from '../../kit/search/search-equality.ts'
import { unusable } from '../../kit/unusable.ts'
import type { Query } from '../client.ts'
import { recordsOf } from './envelope.ts'
import { isTombstone, listedRecord } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

/** One scalar to search for, and its path in a record. */
export interface Wanted {
  readonly path: NativePath
  readonly value: string
}

/**
 * Searches. Each hit is checked here: some APIs ignore an unknown filter and return everything, and taking an
 * unrelated record for ours would be worse than finding none.
 */
export async function findRecords(
  owner: ResourceContext,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  const { resource, client } = owner
  try {
    const wanted = wantedBy(owner, request)
    const query: Query = { ...resource.search?.query, ...filtersOf(resource, wanted) }
    const response = await client.read(resource.path, { query }, context)
    const { items, records, isDamaged } = entriesOf(owner, response.data)
    const hits = hitsOf(owner, records, wanted)
    const maxResults = resource.search?.maxResults
    // An entry that can't be read may be the record in question: finding none proves nothing then.
    const capped = isDamaged || (maxResults !== undefined && items.length >= maxResults)
    const unfiltered = !capped && hits.length === 0 && records.length > 0
    return { kind: 'found', nativeIds: idsOf(hits), capped, ...(unfiltered ? { unfiltered } : {}) }
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

/** Contents of a response to a search. */
export interface SearchEntries {
  readonly items: readonly unknown[]
  /** The existing records that can be read. */
  readonly records: readonly ListedRecord[]
  /** Some can't be read. */
  readonly isDamaged: boolean
}

/** Reads the response to a search. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when there is no list */
export function entriesOf({ resource }: ResourceContext, data: unknown): SearchEntries {
  const items = recordsOf(resource, data, resource.search?.items ?? resource.list?.items)
  const { records, unreadable } = readEach(items, (value) => listedRecord(resource, value))
  return {
    items,
    records: records.filter(({ native }) => !isTombstone(resource, native)),
    isDamaged: unreadable !== undefined,
  }
}

/** Returns the records that have the searched values. */
export function hitsOf(
  { resource }: ResourceContext,
  records: readonly ListedRecord[],
  wanted: readonly Wanted[],
): readonly ListedRecord[] {
  return records.filter(({ native }) =>
    wanted.every(({ path, value }) => isSearchHit(textAt(native, path), value, resource.search?.equality)),
  )
}

/** Returns their distinct ids. */
export function idsOf(hits: readonly ListedRecord[]): readonly string[] {
  return [...new Set(hits.map(({ nativeId }) => nativeId))]
}

function filtersOf({ search }: ResourceContext['resource'], wanted: readonly Wanted[]): Query {
  const spellings = search?.filters ?? ['{path}']
  return Object.fromEntries(
    wanted.flatMap(({ path, value }) =>
      spellings.map((spelling) => [spelling.replaceAll('{path}', path.join('.')), value]),
    ),
  )
}

/** Returns the scalars to search for. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when there are none */
export function wantedBy({ resource }: ResourceContext, request: FindRequest): readonly Wanted[] {
  if (request.by === 'marker') {
    const path = markerPath(resource)
    if (path === undefined) throw unusable('the resource has no field for our marker')
    return [{ path, value: request.recordId }]
  }
  const wanted = flatten(request.values, [])
  if (wanted.length === 0) throw unusable('a search needs at least one value')
  return wanted
}

/** The field that holds our record id, if the resource has one. */
export function markerPath(resource: ResourceContext['resource']): NativePath | undefined {
  const { create } = resource
  if (create.as === 'marker' || create.as === 'upsertKey') return create.field
  if (create.as === 'clientId') return resource.id
  return create.as === 'idempotencyKey' ? create.field : undefined
}

/**
 * Returns the scalars of a native patch with their paths: `{ address: { city: 'Bonn' } }` is searched as
 * `address.city=Bonn`.
 */
function flatten(values: unknown, path: NativePath): readonly Wanted[] {
  if (isNativeRecord(values)) {
    return Object.entries(values).flatMap(([key, value]) => flatten(value, [...path, key]))
  }
  const text = scalarText(values)
  return text === undefined ? [] : [{ path, value: text }]
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  return isLosslessNumber(value) ? value.toString() : undefined
}
