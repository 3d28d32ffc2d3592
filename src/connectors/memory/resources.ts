/** Binds one resource: its operations, according to its chosen capabilities. */
import type { Resource } from '../kit/contract.ts'
import { memoryCapabilities } from './config.ts'
import { changesAfter } from './operations/changes.ts'
import { createRecord } from './operations/create.ts'
import { findRecords } from './operations/find.ts'
import { listAll } from './operations/list.ts'
import { readOne } from './operations/read.ts'
import { removeRecord } from './operations/remove.ts'
import type { MemoryOwner } from './operations/resource-context.ts'
import { restoreRecord } from './operations/restore.ts'
import { updateRecord } from './operations/update.ts'

/** Creates the operations that the chosen capabilities allow. */
export function bindMemoryResource(owner: MemoryOwner): Resource {
  const { name, table } = owner
  const capabilities = memoryCapabilities(table.config)
  const { marker } = table.config
  const has = capabilities
  return {
    name,
    capabilities,
    read: async (nativeId) => readOne(owner, nativeId),
    ...(has.read.batch > 1
      ? { readMany: async (nativeIds) => nativeIds.map((nativeId) => readOne(owner, nativeId)) }
      : {}),
    list: () => listAll(owner),
    ...(has.changes.cursor === 'none' ? {} : { changes: (cursor) => changesAfter(owner, cursor) }),
    ...(has.search === undefined ? {} : { find: async (request) => findRecords(owner, request) }),
    ...((has.search?.batch ?? 1) < 2
      ? {}
      : { findMany: async (requests) => requests.map((request) => findRecords(owner, request)) }),
    ...(has.create === 'unsupported'
      ? {}
      : {
          create: async (request, context) => createRecord(owner, request, context),
        }),
    update: async (request, context) => updateRecord(owner, request, context),
    ...(has.writeBatch === undefined || has.writeBatch < 2
      ? {}
      : {
          updateMany: async (requests, context) =>
            requests.map((request) => updateRecord(owner, request, context)),
          ...(has.create === 'unsupported'
            ? {}
            : {
                createMany: async (requests, context) =>
                  requests.map((request) => createRecord(owner, request, context)),
              }),
        }),
    ...(has.remove === 'none'
      ? {}
      : { remove: async (request, context) => removeRecord(owner, request, context) }),
    ...(table.config.restore === null || !['archive', 'both'].includes(has.remove)
      ? {}
      : { restore: async (request, context) => restoreRecord(owner, request, context) }),
    ...(capabilities.marker === undefined
      ? {}
      : {
          markerOf: (native) =>
            typeof native[marker] === 'string' && native[marker] !== '' ? native[marker] : undefined,
        }),
  } satisfies Resource
}
