/** Binds one resource: what its files can do, and only the operations that it has. */
import type { RemoteCapabilities } from '../kit/capabilities.ts'
import type {
  ChangesResult,
  ListEnd,
  ListedRecord,
  ReadResult,
  Resource,
  WriteResult,
} from '../kit/contract.ts'
import { judgedList, type ListPage } from '../kit/list.ts'
import { textAt } from '../kit/native.ts'
import type { FileConfig, FileResourceConfig } from './config.ts'
import { deltaSource } from './delta-source.ts'
import { type FileOwner, fileError, fileFailure } from './file-owner.ts'
import { gatherer } from './gather.ts'
import { createdRecord, type FileWrite, startBeforeOf } from './operations/file-write.ts'
import { findAll, foundMax, searchBatch } from './operations/find.ts'
import { writeOutbox } from './operations/write-outbox.ts'
import { writeSnapshot } from './operations/write-snapshot.ts'
import type { RecordSource } from './record-source.ts'
import { snapshotSource } from './snapshot-source.ts'

const readBatch = 200
const writeBatch = 500
/** Writes that come within this time share one rewriting of the file. */
const rewriteGatherMs = 20
/** A write is a rename on this machine; nothing of it arrives later. Network drives may take a while. */
const inflightMs = 10_000

/** A resource, and the columns of its files as they are now. */
export interface BoundFiles {
  readonly resource: Resource
  /** In the mapping's words; empty for JSON lines. */
  names(): Promise<readonly string[]>
}

/** Makes the operations of a resource. */
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
    ...(canWrite ? updates(write) : {}),
    ...(isOurs ? { markerOf: (native) => textAt(native, [key]) } : {}),
  } satisfies Resource
}

type Write = (write: FileWrite) => Promise<WriteResult>

interface Bound {
  readonly source: RecordSource
  /** Undefined: nothing is written. */
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

function creates(owner: FileOwner, write: Write): Pick<Resource, 'create' | 'createMany'> {
  const create: NonNullable<Resource['create']> = async ({ body, recordId }, context) => {
    const made = createdRecord(owner, body, recordId)
    if ('refused' in made) return made.refused
    return write({ kind: 'create', ...made, startBefore: startBeforeOf(context) })
  }
  return {
    create,
    createMany: (requests, context) => Promise.all(requests.map((request) => create(request, context))),
  }
}

function updates(write: Write): Pick<Resource, 'update' | 'updateMany' | 'remove'> {
  const update: NonNullable<Resource['update']> = ({ nativeId, patch, base, ifVersion }, context) =>
    write({ kind: 'update', nativeId, patch, base, ifVersion, startBefore: startBeforeOf(context) })
  return {
    update,
    updateMany: (requests, context) => Promise.all(requests.map((request) => update(request, context))),
    remove: ({ nativeId, ifVersion }, context) =>
      write({ kind: 'delete', nativeId, ifVersion, startBefore: startBeforeOf(context) }),
  }
}

async function readAll(
  owner: FileOwner,
  source: RecordSource,
  nativeIds: readonly string[],
): Promise<readonly ReadResult[]> {
  try {
    return await source.read(nativeIds)
  } catch (problem) {
    const failure = fileFailure(problem, `Reading ${owner.resource}`)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
}

async function* listAll(
  owner: FileOwner,
  source: RecordSource,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  let doubt: string | undefined
  async function* pages(): AsyncGenerator<ListPage> {
    try {
      for await (const page of source.list((reason) => {
        doubt = reason
      })) {
        yield { records: page }
      }
    } catch (problem) {
      throw fileError(problem, `Listing ${owner.resource}`)
    }
  }
  const end = yield* judgedList(pages(), { paging: 'keyset' })
  return doubt === undefined ? end : { complete: false, reason: doubt }
}

async function changesAfter(
  owner: FileOwner,
  source: RecordSource,
  cursor: string | undefined,
): Promise<ChangesResult> {
  const failed = (problem: unknown): ChangesResult => ({
    kind: 'unknown',
    failure: fileFailure(problem, `Reading the changes of ${owner.resource}`),
  })
  try {
    return (await source.changes?.(cursor)) ?? failed(undefined)
  } catch (problem) {
    return failed(problem)
  }
}

/** What a resource's files mean for the engine. */
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
