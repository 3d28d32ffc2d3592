/**
 * Binds one resource of the manifest: its documents, its capabilities, and only the operations that it
 * supports.
 */
import { definedOf } from '../../model/defined.ts'
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type { Resource } from '../kit/contract.ts'
import { identityOf, redirectCapability } from '../kit/manifest/record-identity.ts'
import { textAt } from '../kit/native.ts'
import type { GraphqlClient } from './client.ts'
import { type GraphqlDocument, invalid, readDocument, readFragment } from './documents.ts'
import type { ResourceManifest } from './manifests/manifest.ts'
import { ChangeFeed, tieBreakOf } from './operations/changes.ts'
import { createMany, createRecord } from './operations/create.ts'
import { findRecords, markerPath } from './operations/find.ts'
import { findManyRecords } from './operations/find-many.ts'
import { listAll, pagingEvidence } from './operations/list.ts'
import { readMany, readOne } from './operations/read.ts'
import { removeRecord } from './operations/remove.ts'
import type { ResourceContext, ResourceDocuments } from './operations/resource-context.ts'
import { updateMany, updateRecord } from './operations/update.ts'

/** Reads the documents of a resource and binds it to a client. @throws UsageError CONNECTOR_CONFIG_INVALID */
export function resourceContext(
  name: string,
  resource: ResourceManifest,
  { place, client }: { readonly place: string; readonly client: GraphqlClient },
): ResourceContext {
  return { name, resource, documents: documentsOf(resource, place), client }
}

/** Creates the operations that the manifest names; others are absent. */
export function bindResource(owner: ResourceContext): Resource {
  const { resource, documents } = owner
  const marker = markerPath(resource)
  const capabilities = capabilitiesOf(resource, documents)
  const feed =
    resource.changes === undefined || documents.changes === undefined
      ? undefined
      : new ChangeFeed(owner, resource.changes, documents.changes)
  const isBatched = resource.writeBatch > 1
  return {
    name: owner.name,
    capabilities,
    read: (nativeId, context) => readOne(owner, nativeId, context),
    list: (context) => listAll(owner, context),
    ...(capabilities.read.batch > 1
      ? { readMany: (nativeIds, context) => readMany(owner, nativeIds, context) }
      : {}),
    ...(feed === undefined ? {} : { changes: (cursor, context) => feed.after(cursor, context) }),
    ...(documents.search === undefined
      ? {}
      : { find: (request, context) => findRecords(owner, request, context) }),
    ...(resource.search?.batch === undefined
      ? {}
      : { findMany: (requests, context) => findManyRecords(owner, requests, context) }),
    ...(documents.create === undefined
      ? {}
      : { create: (request, context) => createRecord(owner, request, context) }),
    ...(documents.update === undefined
      ? {}
      : { update: (request, context) => updateRecord(owner, request, context) }),
    ...(documents.delete === undefined && documents.archive === undefined
      ? {}
      : { remove: (request, context) => removeRecord(owner, request, context) }),
    ...(isBatched && documents.create !== undefined
      ? { createMany: (requests, context) => createMany(owner, requests, context) }
      : {}),
    ...(isBatched && documents.update !== undefined
      ? { updateMany: (requests, context) => updateMany(owner, requests, context) }
      : {}),
    ...(marker === undefined ? {} : { markerOf: (native) => textAt(native, marker) }),
    ...identityOf(resource),
  } satisfies Resource
}

/** Derives the capabilities from the manifest's settings and documents. */
export function capabilitiesOf(resource: ResourceManifest, documents: ResourceDocuments): RemoteCapabilities {
  const { version, read, search, list, changes, create, update, tombstone } = resource
  const marker = markerPath(resource)
  return {
    read: { lagMs: read.lag, batch: read.batch?.max ?? 1 },
    ...redirectCapability(resource),
    ...(search === undefined
      ? {}
      : {
          search: {
            lagMs: search.lag,
            ...(search.equality === 'exact' ? {} : { equality: search.equality }),
            ...(search.maxResults === undefined ? {} : { maxResults: search.maxResults }),
            ...(search.batch === undefined ? {} : { batch: search.batch.max }),
          },
        }),
    version: version === undefined ? 'none' : version.ordered ? 'ordered' : 'opaque',
    conditionalWrites: version !== undefined && isConditional(documents),
    write: update?.with ?? 'patch',
    nested: update?.nested ?? 'replace',
    writeReturns: writeReturns(resource, documents),
    create: create.as,
    ...(marker === undefined ? {} : { marker }),
    ...(create.as === 'idempotencyKey'
      ? { idempotency: { ttlMs: create.ttl, replaysErrors: create.replaysErrors } }
      : {}),
    inflightMs: resource.inflight,
    list: { paging: list === undefined ? 'none' : pagingEvidence(list), pageSize: list?.size ?? 0 },
    changes: {
      cursor:
        documents.changes === undefined ? 'none' : tieBreakOf(documents.changes) === 'id' ? 'ts+id' : 'ts',
      commitLagMs: changes?.commitLag ?? 0,
    },
    deletes: tombstone === undefined ? 'byId' : 'tombstone',
    remove: removeCapability(documents),
    ...(resource.writeBatch > 1 ? { writeBatch: resource.writeBatch } : {}),
  }
}

/**
 * A precondition that only some mutations honour does not count: the engine relies on it for each of them.
 */
function isConditional({ update, delete: remove, archive }: ResourceDocuments): boolean {
  const changing = [update, remove, archive].filter((document) => document !== undefined)
  return changing.length > 0 && changing.every(({ variables }) => variables.has('version'))
}

function writeReturns(
  { version }: ResourceManifest,
  { create, update }: ResourceDocuments,
): RemoteCapabilities['writeReturns'] {
  const writing = [create, update].filter((document) => document !== undefined)
  if (writing.length === 0 || writing.some(({ records }) => records === undefined)) return 'nothing'
  return version === undefined ? 'body' : 'body+version'
}

function removeCapability({ delete: remove, archive }: ResourceDocuments): RemoteCapabilities['remove'] {
  if (remove !== undefined) return archive === undefined ? 'delete' : 'both'
  return archive === undefined ? 'none' : 'archive'
}

/** What a document has to declare and select for its purpose. */
interface Needs {
  readonly operation: 'query' | 'mutation'
  readonly variables?: readonly string[]
  readonly records?: boolean
  readonly connection?: boolean
}

/**
 * Reads the documents of a resource. @throws UsageError CONNECTOR_CONFIG_INVALID for one that can't serve its
 * purpose
 */
export function documentsOf(resource: ResourceManifest, place: string): ResourceDocuments {
  const fragment = readFragment(resource.type, resource.fields, `${place}.fields`)
  const document = (key: string, text: string | undefined, needs: Needs): GraphqlDocument | undefined => {
    if (text === undefined) return undefined
    const source = { place: `${place}.${key}`, text, operation: needs.operation, fragment }
    const made = readDocument(source)
    assertNeeds(made, needs)
    return made
  }
  const { read, search, list, changes, create, update, remove } = resource
  const query = { operation: 'query', records: true } as const
  const one = document('read.query', read.query, { ...query, variables: ['id'] })
  if (one === undefined) throw invalid(`${place}.read`, 'a resource has to be read')
  const changesDocument = document('changes.query', changes?.query, { ...query, variables: ['since'] })
  const updateVariables = update?.idField === undefined ? ['id'] : []
  const made = {
    readMany: document('read.batch.query', read.batch?.query, { ...query, variables: ['ids'] }),
    search: document('search.query', search?.query, {
      ...query,
      variables: Object.values(search?.variables ?? {}),
    }),
    list: document('list.query', list?.query, { ...query, ...needsOfPaging(list?.paging) }),
    changes: changesDocument,
    create: document('create.query', create.as === 'unsupported' ? undefined : create.query, {
      operation: 'mutation',
      records: true,
      variables: create.as === 'idempotencyKey' ? ['idempotencyKey'] : [],
    }),
    update: document('update.query', update?.query, { operation: 'mutation', variables: updateVariables }),
    delete: document('remove.delete', remove.delete, { operation: 'mutation', variables: ['id'] }),
    archive: document('remove.archive', remove.archive, { operation: 'mutation', variables: ['id'] }),
  }
  return { read: one, ...definedOf(made) }
}

function needsOfPaging(
  paging: NonNullable<ResourceManifest['list']>['paging'] | undefined,
): Omit<Needs, 'operation'> {
  if (paging === 'connection') return { variables: ['after'], connection: true }
  if (paging === 'keyset') return { variables: ['after'] }
  return paging === 'offset' ? { variables: ['offset'] } : {}
}

function assertNeeds(document: GraphqlDocument, { variables = [], records, connection }: Needs): void {
  const { place } = document
  const missing = variables.filter((name) => !document.variables.has(name)).map((name) => `$${name}`)
  if (missing.length > 0) throw invalid(place, `the operation has to declare ${missing.join(', ')}`)
  if (records === true && document.records === undefined)
    throw invalid(place, 'put `...record` where the records are')
  if (connection === true && document.connection === undefined)
    throw invalid(place, 'select `pageInfo { hasNextPage endCursor }` beside the records')
}
