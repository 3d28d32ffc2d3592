/** Binds one resource: its capabilities, and only the operations that Stripe supports for it. */
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type { Resource } from '../kit/contract.ts'
import { textAt } from '../kit/native.ts'
import { changesAfter, commitLagMs } from './operations/changes.ts'
import { createObject } from './operations/create.ts'
import { findObjects, hitsMax } from './operations/find.ts'
import { listAll } from './operations/list.ts'
import { readBatch, readMany, readOne } from './operations/read.ts'
import { removeObject } from './operations/remove.ts'
import { updateObject } from './operations/update.ts'
import type { ResourceContext } from './record.ts'

/** Stripe publishes no limit; its own libraries abandon a response after 80 s. */
const inflightMs = 120_000
/** Idempotency keys are kept for at least this long. */
const idempotencyTtlMs = 24 * 3_600_000

/** Creates the operations that the resource supports; others are absent. */
export function bindResource(owner: ResourceContext): Resource {
  const { resource } = owner
  const { idsParameter } = resource
  const capabilities = capabilitiesOf(owner)
  return {
    name: resource.name,
    capabilities,
    read: (nativeId, context) => readOne(owner, nativeId, context),
    ...(idsParameter === undefined
      ? {}
      : { readMany: (nativeIds, context) => readMany(owner, idsParameter, nativeIds, context) }),
    list: (context) => listAll(owner, context),
    changes: (cursor, context) => changesAfter(owner, cursor, context),
    find: (request, context) => findObjects(owner, request, context),
    ...(resource.create ? { create: (request, context) => createObject(owner, request, context) } : {}),
    update: (request, context) => updateObject(owner, request, context),
    ...(resource.remove === 'none'
      ? {}
      : { remove: (request, context) => removeObject(owner, request, context) }),
    markerOf: (native) => textAt(native, ['metadata', owner.marker]),
    idOf: (native) => textAt(native, ['id']),
  } satisfies Resource
}

/** The capabilities of a resource, as documented for the pinned version. */
export function capabilitiesOf({
  resource,
  marker,
  searchLagMs,
  pageSize,
}: ResourceContext): RemoteCapabilities {
  return {
    read: { lagMs: 0, batch: resource.idsParameter === undefined ? 1 : readBatch },
    search: { lagMs: searchLagMs, maxResults: hitsMax, equality: 'ignoringCase' },
    // Objects carry no version, and a product's `updated` has whole seconds: two changes may share one.
    version: 'none',
    conditionalWrites: false,
    write: 'patch',
    nested: 'replace',
    writeReturns: 'body',
    create: resource.create ? 'idempotencyKey' : 'unsupported',
    marker: ['metadata', marker],
    ...(resource.create ? { idempotency: { ttlMs: idempotencyTtlMs, replaysErrors: true } } : {}),
    inflightMs,
    list: { paging: resource.listDoubt === undefined ? 'keyset' : 'offset', pageSize },
    changes: { cursor: 'ts+id', commitLagMs },
    deletes: resource.reportsDeletions ? 'feed' : 'byId',
    remove: resource.remove,
  }
}
