/** Finds records by our marker or by values, through the manifest's search. */
import { isLosslessNumber } from '../../../http/json.ts'
import type { NativePath } from '../../../model/lens/spec.ts'
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { isSearchHit } from '../../kit/search/search-equality.ts'
import { unusable } from '../../kit/unusable.ts'
import type { GraphqlResponse, Variables } from '../client.ts'
import { type GraphqlDocument, scalarFor } from '../documents.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { nextCursor, recordsOf } from './list.ts'
import { isTombstone } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

interface Wanted {
  readonly path: NativePath
  readonly value: string
}

/**
 * Searches by the fields that have a variable, and checks every requested field on each hit here: fields that
 * the search does not support still count, and a hit with another value is an unrelated record.
 */
export async function findRecords(
  owner: ResourceContext,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  const { resource, client } = owner
  try {
    const search = searchOf(owner, request)
    const { document, variables } = search
    const response = await client.send({ document, variables, rules: resource.errors, context })
    return foundIn(owner, search, response)
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

/** A search as it is sent. */
export interface Search {
  readonly document: GraphqlDocument
  readonly wanted: readonly Wanted[]
  readonly variables: Variables
}

/**
 * Builds the request of a search. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE for values that can't be
 * searched by
 */
export function searchOf(owner: ResourceContext, request: FindRequest): Search {
  const document = owner.documents.search
  if (document === undefined) throw unusable('the resource has no search')
  const wanted = wantedBy(owner.resource, request)
  return { document, wanted, variables: variablesOf(owner, wanted) }
}

/**
 * Reads the response to a search. @throws IsthmusError CONNECTOR_RESPONSE_ERRORS, CONNECTOR_RESPONSE_UNUSABLE
 */
export function foundIn(
  owner: ResourceContext,
  { document, wanted }: Search,
  response: GraphqlResponse,
): FindResult {
  const { resource } = owner
  const { records, count, damaged } = recordsOf(owner, document, response)
  const living = records.filter(({ native }) => !isTombstone(resource, native))
  const hits = living.filter(({ native }) =>
    wanted.every(({ path, value }) => isSearchHit(textAt(native, path), value, resource.search?.equality)),
  )
  const maxResults = resource.search?.maxResults
  const goesOn = document.connection !== undefined && nextCursor(document, response) !== undefined
  // An entry missing because of an error may be the record in question: finding none proves nothing then.
  const capped = goesOn || damaged || (maxResults !== undefined && count >= maxResults)
  const unfiltered = !capped && living.length > 0 && hits.length === 0
  return {
    kind: 'found',
    nativeIds: [...new Set(hits.map(({ nativeId }) => nativeId))],
    capped,
    ...(unfiltered ? { unfiltered } : {}),
  }
}

function variablesOf({ resource, documents }: ResourceContext, wanted: readonly Wanted[]): Variables {
  const names = resource.search?.variables ?? {}
  const given = wanted.flatMap(({ path, value }) => {
    const name = names[path.join('.')]
    if (name === undefined) return []
    return [[name, scalarFor(documents.search?.variables.get(name), value)] as const]
  })
  if (given.length > 0) return Object.fromEntries(given)
  const fields = wanted.map(({ path }) => path.join('.')).join(', ')
  throw unusable(`the search has no variable for ${fields === '' ? 'nothing at all' : fields}`)
}

function wantedBy(resource: ResourceManifest, request: FindRequest): readonly Wanted[] {
  if (request.by === 'values') return flatten(request.values, [])
  const path = markerPath(resource)
  if (path === undefined) throw unusable('the resource has no field for our marker')
  return [{ path, value: request.recordId }]
}

/** The field that holds our record id, if the resource has one. */
export function markerPath({ create, id }: ResourceManifest): NativePath | undefined {
  if (create.as === 'marker' || create.as === 'upsertKey') return create.field
  if (create.as === 'clientId') return id
  return create.as === 'idempotencyKey' ? create.field : undefined
}

/** Returns the scalars of a native patch with their paths. */
function flatten(values: unknown, path: NativePath): readonly Wanted[] {
  if (isNativeRecord(values))
    return Object.entries(values).flatMap(([key, value]) => flatten(value, [...path, key]))
  const text = scalarText(values)
  return text === undefined ? [] : [{ path, value: text }]
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return isLosslessNumber(value) ? value.toString() : undefined
}
