/** Binds one resource: its capabilities, and only the operations that it supports. */
import type { RemoteCapabilities } from '../capabilities.ts'
import type { Resource } from '../contract.ts'
import { changesAfter } from './operations/changes.ts'
import { createRecord, createRecords } from './operations/create.ts'
import { findRecords, hitsMax } from './operations/find.ts'
import { findManyRecords } from './operations/find-many.ts'
import { listAll } from './operations/list.ts'
import { markedId, markerOfSettings } from './operations/marker.ts'
import { readMany, readOne } from './operations/read.ts'
import { removeRecord } from './operations/remove.ts'
import type { ResourceContext } from './operations/resource-context.ts'
import { restoreRecord } from './operations/restore.ts'
import { updateRecord, updateRecords } from './operations/update.ts'
import type { ResourceSettings } from './settings.ts'

/** Creates the operations that the settings name; others are absent. */
export function bindResource(owner: ResourceContext): Resource {
  const { settings } = owner
  const { changes: feed } = settings
  const capabilities = capabilitiesOf(settings)
  const marker = markerOfSettings(settings)
  const creates = capabilities.create !== 'unsupported'
  const updates = settings.update !== 'unsupported'
  const batched = settings.batch.write > 1
  return {
    name: owner.name,
    capabilities,
    read: (nativeId, context) => readOne(owner, nativeId, context),
    ...(settings.batch.read > 1
      ? { readMany: (nativeIds, context) => readMany(owner, nativeIds, context) }
      : {}),
    list: (context) => listAll(owner, context),
    ...(feed === undefined
      ? {}
      : { changes: (cursor, context) => changesAfter({ owner, feed, cursor, context }) }),
    find: (request, context) => findRecords(owner, request, context),
    ...(settings.search.batch > 1
      ? { findMany: (requests, context) => findManyRecords(owner, requests, context) }
      : {}),
    ...(creates ? { create: (request, context) => createRecord(owner, request, context) } : {}),
    ...(updates ? { update: (request, context) => updateRecord(owner, request, context) } : {}),
    ...(capabilities.remove === 'none'
      ? {}
      : { remove: (request, context) => removeRecord(owner, request, context) }),
    ...(settings.remove.restore === undefined
      ? {}
      : { restore: (request, context) => restoreRecord(owner, request, context) }),
    ...(batched && creates
      ? { createMany: (requests, context) => createRecords(owner, requests, context) }
      : {}),
    ...(batched && updates
      ? { updateMany: (requests, context) => updateRecords(owner, requests, context) }
      : {}),
    ...(marker === undefined ? {} : { markerOf: (native) => markedId(marker, native) }),
  } satisfies Resource
}

/** Derives the capabilities from the settings. */
export function capabilitiesOf(settings: ResourceSettings): RemoteCapabilities {
  const { etag, create, update, remove, changes, batch, list, lag, tombstone, inflight, search } = settings
  const marker = markerOfSettings(settings)
  return {
    read: { lagMs: lag, batch: batch.read },
    search: { lagMs: lag, maxResults: hitsMax, ...search },
    // ETags are only compared for equality; their order is not defined.
    version: etag ? 'opaque' : 'none',
    conditionalWrites: etag,
    write: update === 'put' ? 'put' : 'patch',
    // A complex property is sent as a whole.
    nested: 'replace',
    // The response to a create contains the record, that to a change is 204.
    writeReturns: 'nothing',
    create: create.as,
    ...(marker === undefined || marker.within !== undefined ? {} : { marker: [marker.field] }),
    inflightMs: inflight,
    list: { paging: list.paging === 'keyset' ? 'keyset' : 'offset', pageSize: list.pageSize },
    changes:
      changes === undefined
        ? { cursor: 'none', commitLagMs: 0 }
        : { cursor: changes.ties === 'id' ? 'ts+id' : 'ts', commitLagMs: changes.commitLag },
    deletes: tombstone === undefined ? 'byId' : 'tombstone',
    remove: removal(remove),
    ...(batch.write > 1 ? { writeBatch: batch.write } : {}),
  }
}

function removal({ delete: canDelete, archive }: ResourceSettings['remove']): RemoteCapabilities['remove'] {
  if (archive === undefined) return canDelete ? 'delete' : 'none'
  return canDelete ? 'both' : 'archive'
}
