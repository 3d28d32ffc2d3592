/**
 * Binds one table: its capabilities as declared in the definition, and only the operations that it supports.
 */
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type { Resource } from '../kit/contract.ts'
import { textAt } from '../kit/native.ts'
import type { PostgresConfig, TableConfig } from './config.ts'
import { changesAfter } from './operations/changes.ts'
import { createRow } from './operations/create.ts'
import { createRows } from './operations/create-many.ts'
import { findManyRows, findRows, foundMax, markerColumn, searchBatch } from './operations/find.ts'
import { listAll } from './operations/list.ts'
import { readMany, readOne } from './operations/read.ts'
import { removeRow } from './operations/remove.ts'
import { restoreRow } from './operations/restore.ts'
import type { TableOwner } from './operations/table-owner.ts'
import { updateRow } from './operations/update.ts'
import { updateRows } from './operations/update-many.ts'
import { isSameKey } from './same-key.ts'

/** Maximum number of ids in one `readMany`. */
const readBatch = 500
/** Maximum number of rows in one `createMany` or `updateMany`. */
const writeBatch = 200

/** Creates the operations that a table's declaration allows. */
export function bindTable(owner: TableOwner, system: PostgresConfig): Resource {
  const { config } = owner
  const capabilities = capabilitiesOf(config, system)
  const marker = markerColumn(config)
  const hasBatches = capabilities.writeBatch !== undefined
  return {
    name: owner.resource,
    capabilities,
    read: (nativeId, context) => readOne(owner, nativeId, context),
    readMany: (nativeIds, context) => readMany(owner, nativeIds, context),
    list: (context) => listAll(owner, context),
    ...(config.changes === 'none'
      ? {}
      : { changes: (cursor, context) => changesAfter(owner, cursor, context) }),
    find: (request, context) => findRows(owner, request, context),
    findMany: (requests, context) => findManyRows(owner, requests, context),
    ...(config.create.as === 'unsupported'
      ? {}
      : { create: (request, context) => createRow(owner, request, context) }),
    update: (request, context) => updateRow(owner, request, context),
    ...(capabilities.remove === 'none'
      ? {}
      : { remove: (request, context) => removeRow(owner, request, context) }),
    ...(['archive', 'both'].includes(capabilities.remove)
      ? { restore: (request, context) => restoreRow(owner, request, context) }
      : {}),
    ...(hasBatches ? { createMany: (requests, context) => createRows(owner, requests, context) } : {}),
    ...(hasBatches ? { updateMany: (requests, context) => updateRows(owner, requests, context) } : {}),
    ...(marker === undefined ? {} : { markerOf: (native) => textAt(native, [marker]) }),
    sameId: isSameKey,
  } satisfies Resource
}

/** Derives the capabilities from a table's declaration. */
export function capabilitiesOf(config: TableConfig, system: PostgresConfig): RemoteCapabilities {
  const marker = markerColumn(config)
  const { version, changes, softDelete } = config
  return {
    read: { lagMs: system.readLag, batch: readBatch },
    search: {
      lagMs: system.readLag,
      maxResults: foundMax,
      equality: config.search.equality,
      batch: searchBatch,
    },
    version: version === 'none' ? 'none' : isOrdered(version) ? 'ordered' : 'opaque',
    conditionalWrites: version !== 'none',
    write: 'patch',
    nested: 'replace',
    writeReturns: version === 'none' ? 'body' : 'body+version',
    create: createClass(config.create),
    ...(marker === undefined ? {} : { marker: [marker] }),
    inflightMs: system.inflight,
    list: { paging: 'keyset', pageSize: system.pageSize },
    changes: changesClass(changes),
    deletes: softDelete === undefined ? 'byId' : 'tombstone',
    remove: removeClass(config),
    ...(config.create.as === 'none' || config.create.as === 'unsupported' ? {} : { writeBatch }),
  }
}

function isOrdered(version: TableConfig['version']): boolean {
  return typeof version !== 'string' && version.ordered
}

/**
 * A create that finds its row by key or unique marker never creates a second one, however often it is
 * repeated.
 */
function createClass(create: TableConfig['create']): RemoteCapabilities['create'] {
  switch (create.as) {
    case 'key':
      return 'upsertKey'
    case 'recordId':
      return 'clientId'
    case 'marker':
      return create.unique ? 'upsertKey' : 'marker'
    case 'none':
    case 'unsupported':
      return create.as
  }
}

function changesClass(changes: TableConfig['changes']): RemoteCapabilities['changes'] {
  if (changes === 'none') return { cursor: 'none', commitLagMs: 0 }
  return changes === 'xmin'
    ? { cursor: 'seq', commitLagMs: 0 }
    : { cursor: 'ts+id', commitLagMs: changes.commitLag }
}

function removeClass({ remove, softDelete }: TableConfig): RemoteCapabilities['remove'] {
  const can = new Set(remove ?? [softDelete === undefined ? 'delete' : 'archive'])
  if (can.has('delete')) return can.has('archive') ? 'both' : 'delete'
  return can.has('archive') ? 'archive' : 'none'
}
