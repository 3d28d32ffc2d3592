/** Binds one resource: the capabilities of its files, and only the operations that it supports. */
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type { Resource, WriteResult } from '../kit/contract.ts'
import { textAt } from '../kit/native.ts'
import type { FileConfig, FileResourceConfig } from './config.ts'
import { deltaSource } from './delta-source.ts'
import type { FileOwner } from './file-owner.ts'
import { gatherer } from './gather.ts'
import { changesAfter } from './operations/changes.ts'
import { creates } from './operations/create.ts'
import type { FileWrite, Write } from './operations/file-write.ts'
import { findAll, foundMax, searchBatch } from './operations/find.ts'
import { listAll } from './operations/list.ts'
import { readAll } from './operations/read.ts'
import { removes } from './operations/remove.ts'
import { updates } from './operations/update.ts'
import { writeOutbox } from './operations/write-outbox.ts'
import { writeSnapshot } from './operations/write-snapshot.ts'
import type { RecordSource } from './record-source.ts'
import { snapshotSource } from './snapshot-source.ts'

const readBatch = 200

const writeBatch = 500

/** Writes within this time share one rewriting of the file. */
const rewriteGatherMs = 20

/** A write is a rename on this machine; no part of it arrives later. Network drives may take a while. */
const inflightMs = 10_000

/** A resource, and the current columns of its files. */
export interface BoundFiles {
  readonly resource: Resource
  /** Named as in the mapping; empty for JSON lines. */
  names(): Promise<readonly string[]>
}

/** Creates the operations of a resource. */
export function bindFiles(owner: FileOwner): BoundFiles {
  const { source, write } = sourceAndSink(owner)
  return { resource: resourceOf(owner, { source, write }), names: () => source.names() }
}

function resourceOf(owner: FileOwner, { source, write }: Bound): Resource {
  const { config, resource } = owner
  const capabilities = capabilitiesOf(config, owner.system)
  const [key = ''] = config.key
  const isOurs = config.create.as === 'recordId'
  const canWrite = write !== undefined
  const canCreate = canWrite && config.create.as !== 'unsupported'
  return {
    name: resource,
    capabilities,
    read: async (nativeId) => (await readAll(owner, source, [nativeId]))[0] ?? { kind: 'gone' },
    readMany: (nativeIds) => readAll(owner, source, nativeIds),
    list: () => listAll(owner, source),
    ...(source.changes === undefined ? {} : { changes: (cursor) => changesAfter(owner, source, cursor) }),
    find: async (request) =>
      (await findAll(owner, source, [request]))[0] ?? { kind: 'found', nativeIds: [], capped: false },
    findMany: (requests) => findAll(owner, source, requests),
    ...(canCreate ? creates(owner, write) : {}),
    ...(canWrite ? { ...updates(write), ...removes(write) } : {}),
    ...(isOurs ? { markerOf: (native) => textAt(native, [key]) } : {}),
  } satisfies Resource
}

interface Bound {
  readonly source: RecordSource
  /** Undefined for a read-only resource. */
  readonly write: Write | undefined
}

function sourceAndSink(owner: FileOwner): Bound {
  const { read, write } = owner.config
  if (read.from === 'deltas') {
    const source = deltaSource(owner, read)
    return { source, write: outboxWrite(owner, source) }
  }
  const source = snapshotSource(owner, read.file)
  if (write.to !== 'snapshot') return { source, write: outboxWrite(owner, source) }
  const run = (items: readonly FileWrite[]): Promise<readonly WriteResult[]> =>
    writeSnapshot(owner, source.snapshot, items)
  return { source, write: gatherer({ gatherMs: rewriteGatherMs, run }) }
}

function outboxWrite(owner: FileOwner, source: RecordSource): Write | undefined {
  const { write } = owner.config
  if (write.to !== 'outbox') return undefined
  const run = (items: readonly FileWrite[]): Promise<readonly WriteResult[]> =>
    writeOutbox(owner, write, () => source.names(), items)
  return gatherer({ gatherMs: write.gather, run })
}

/** Derives the capabilities from a resource's files. */
export function capabilitiesOf(
  config: FileResourceConfig,
  system: Pick<FileConfig, 'pageSize'>,
): RemoteCapabilities {
  const { read, write, create, lag, key } = config
  const lagMs = read.from === 'deltas' ? Math.max(lag, 1_000) : lag
  const isShared = write.to === 'snapshot'
  const canCreate = write.to !== 'nothing' && create.as !== 'unsupported'
  return {
    read: { lagMs, batch: readBatch },
    search: { lagMs, maxResults: foundMax, equality: 'ignoringCaseAndSpace', batch: searchBatch },
    version: 'opaque',
    conditionalWrites: isShared && write.lockHonoured,
    write: isShared ? 'patch' : 'put',
    nested: 'merge',
    writeReturns: isShared ? 'body+version' : 'nothing',
    create: !canCreate ? 'unsupported' : create.as === 'recordId' ? 'clientId' : 'upsertKey',
    ...(create.as === 'recordId' ? { marker: key.slice(0, 1) } : {}),
    inflightMs,
    list: { paging: 'keyset', pageSize: system.pageSize },
    changes: { cursor: read.from === 'deltas' ? 'seq' : 'none', commitLagMs: 0 },
    deletes: read.from === 'deltas' && read.operation !== undefined ? 'feed' : 'byId',
    remove: write.to === 'nothing' ? 'none' : 'delete',
    ...(write.to === 'nothing' || !canCreate ? {} : { writeBatch }),
  }
}
