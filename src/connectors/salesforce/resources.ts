/** Binds one object: its capabilities and operations. */
import { UsageError } from '../../model/errors.ts'
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type { Resource } from '../kit/contract.ts'
import { textAt } from '../kit/native.ts'
import type { ResourceConfig } from './config.ts'
import { changesAfter } from './operations/changes.ts'
import { collectionMax } from './operations/collection.ts'
import { createRecord } from './operations/create.ts'
import { createMany } from './operations/create-many.ts'
import { findRecords, hitsMax } from './operations/find.ts'
import { findManyRecords, searchBatch } from './operations/find-many.ts'
import { listAll, pageSize } from './operations/list.ts'
import type { ObjectContext } from './operations/object-context.ts'
import { readMany, readOne } from './operations/read.ts'
import { removeRecord } from './operations/remove.ts'
import { updateRecord } from './operations/update.ts'
import { compositeMax, updateMany } from './operations/update-many.ts'
import { isSameRecordId } from './record.ts'

/** Maximum number of ids in one retrieve. */
const retrieveMax = 2_000

/**
 * Creates the resource of an object. @throws UsageError CONNECTOR_CONFIG_INVALID for a precondition that the
 * object can't have
 */
export function bindResource(owner: ObjectContext, inflightMs: number): Resource {
  const { object, config } = owner
  if (config.precondition === 'etag' && object !== 'Account') {
    throw new UsageError(
      'CONNECTOR_CONFIG_INVALID',
      `resources.${object}.precondition: Salesforce offers etag for Account only; use lastModified or none.`,
    )
  }
  const guarded = config.precondition !== 'none'
  const { externalId } = config
  return {
    name: object,
    capabilities: capabilitiesOf(config, { inflightMs, commitLagMs: owner.commitLagMs }),
    read: (nativeId, context) => readOne(owner, nativeId, context),
    // Only a single read returns a version.
    ...(guarded ? {} : { readMany: (nativeIds, context) => readMany(owner, nativeIds, context) }),
    list: (context) => listAll(owner, context),
    changes: (cursor, context) => changesAfter(owner, cursor, context),
    find: (request, context) => findRecords(owner, request, context),
    findMany: (requests, context) => findManyRecords(owner, requests, context),
    create: (request, context) => createRecord(owner, request, context),
    createMany: (requests, context) => createMany(owner, requests, context),
    update: (request, context) => updateRecord(owner, request, context),
    updateMany: (requests, context) => updateMany(owner, requests, context),
    ...(guarded ? {} : { remove: (request, context) => removeRecord(owner, request, context) }),
    ...(externalId === undefined ? {} : { markerOf: (native) => textAt(native, [externalId]) }),
    sameId: isSameRecordId,
    idOf: (native) => textAt(native, ['Id']),
  } satisfies Resource
}

/** The capabilities of every object, extended by the settings of this one. */
export function capabilitiesOf(
  { externalId, precondition }: ResourceConfig,
  { inflightMs, commitLagMs }: { readonly inflightMs: number; readonly commitLagMs: number },
): RemoteCapabilities {
  const guarded = precondition !== 'none'
  return {
    // Reads and queries access the records themselves; only the search service (SOSL), which is not used
    // here, has an index that lags.
    read: { lagMs: 0, batch: guarded ? 1 : retrieveMax },
    // SOQL ignores case unless a field is declared otherwise, and no text is stored with leading or trailing
    // blanks.
    search: { lagMs: 0, maxResults: hitsMax, equality: 'ignoringCaseAndSpace', batch: searchBatch },
    version: guarded ? 'opaque' : 'none',
    conditionalWrites: guarded,
    write: 'patch',
    nested: 'replace',
    writeReturns: 'nothing',
    create: externalId === undefined ? 'naturalKey' : 'upsertKey',
    ...(externalId === undefined ? {} : { marker: [externalId] }),
    inflightMs,
    list: { paging: 'keyset', pageSize },
    changes: { cursor: 'ts+id', commitLagMs },
    deletes: 'feed',
    // A DELETE accepts no precondition: where updates are guarded, an unguarded delete would break the
    // guarantee.
    remove: guarded ? 'none' : 'delete',
    writeBatch: guarded ? compositeMax : collectionMax,
  }
}
