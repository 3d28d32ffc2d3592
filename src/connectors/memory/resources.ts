/** The operations of one resource, as its chosen capabilities allow them. */
import { isLosslessNumber } from '../../http/json.ts'
import type { SearchEquality } from '../../model/equality.ts'
import type { NativeRecord } from '../../model/values.ts'
import { type FeedQuery, readFeed } from '../kit/change-cursor.ts'
import type {
  CallContext,
  CallFailure,
  ChangesResult,
  CreateRequest,
  FindRequest,
  FindResult,
  ListedRecord,
  ReadResult,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../kit/contract.ts'
import { judgedList, type ListPage } from '../kit/list.ts'
import { isNativeRecord, mergeNative, valueAt } from '../kit/native.ts'
import { searchForm } from '../kit/search/search-equality.ts'
import type {
  MemoryCall,
  MemoryClock,
  MemoryCounterpart,
  MemoryFault,
  MemoryRecord,
  MemoryTable,
} from './client.ts'
import { memoryCapabilities } from './config.ts'

/** What the operations of one resource need. */
export interface MemoryOwner {
  readonly name: string
  readonly twin: MemoryCounterpart
  readonly table: MemoryTable
  readonly clock: MemoryClock
  readonly random: () => number
}

/** Makes the operations that the chosen capabilities allow. */
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
    list: () => judgedList(pages(owner), { paging: has.list.paging === 'keyset' ? 'keyset' : 'offset' }),
    ...(has.changes.cursor === 'none' ? {} : { changes: (cursor) => changesAfter(owner, cursor) }),
    ...(has.search === undefined ? {} : { find: async (request) => find(owner, request) }),
    ...((has.search?.batch ?? 1) < 2
      ? {}
      : { findMany: async (requests) => requests.map((request) => find(owner, request)) }),
    ...(has.create === 'unsupported'
      ? {}
      : {
          create: async (request, context) => createOne(owner, request, context),
        }),
    update: async (request, context) => updateOne(owner, request, context),
    ...(has.writeBatch === undefined || has.writeBatch < 2
      ? {}
      : {
          updateMany: async (requests, context) =>
            requests.map((request) => updateOne(owner, request, context)),
          ...(has.create === 'unsupported'
            ? {}
            : {
                createMany: async (requests, context) =>
                  requests.map((request) => createOne(owner, request, context)),
              }),
        }),
    ...(has.remove === 'none'
      ? {}
      : {
          remove: async (request, context) =>
            write(owner, { operation: 'remove', nativeId: request.nativeId }, context, () =>
              remove(owner, request),
            ),
        }),
    ...(table.config.restore === null || !['archive', 'both'].includes(has.remove)
      ? {}
      : {
          restore: async ({ nativeId }, context) =>
            write(owner, { operation: 'restore', nativeId }, context, () => restore(owner, nativeId)),
        }),
    ...(capabilities.marker === undefined
      ? {}
      : {
          markerOf: (native) =>
            typeof native[marker] === 'string' && native[marker] !== '' ? native[marker] : undefined,
        }),
  } satisfies Resource
}

// ── looking

function readOne(owner: MemoryOwner, nativeId: string): ReadResult {
  const fault = faultOf(owner, { resource: owner.name, operation: 'read', nativeId })
  if (fault !== undefined) return { kind: 'unknown', failure: failureOf(fault) }
  const { lagMs } = owner.table.config.capabilities.read
  const record = owner.table.past(nativeId, lagMs * owner.random())
  if (record?.native === undefined) return { kind: 'gone' }
  return { kind: 'live', ...shown(owner, record, record.native) }
}

async function* pages({ twin, name, table, ...owner }: MemoryOwner): AsyncGenerator<ListPage> {
  const { paging, pageSize } = table.config.capabilities.list
  if (paging === 'none') return
  const all = [...table.living()]
  for (let start = 0; start === 0 || start < all.length; start += pageSize) {
    const fault = twin.fault({ resource: name, operation: 'list' })
    // A list that broke off has fewer records than it promised, so it is never complete.
    if (fault !== undefined) return yield { records: [], expected: all.length + 1 }
    const records = all.slice(start, start + pageSize)
    yield {
      records: records.map((record) => shown({ twin, name, table, ...owner }, record, record.native)),
      expected: all.length,
    }
  }
}

async function changesAfter(owner: MemoryOwner, cursor: string | undefined): Promise<ChangesResult> {
  const fault = faultOf(owner, { resource: owner.name, operation: 'changes' })
  if (fault !== undefined) return { kind: 'unknown', failure: failureOf(fault) }
  const { capabilities } = owner.table.config
  const limit = capabilities.list.pageSize
  return capabilities.changes.cursor === 'seq'
    ? sequence(owner, cursor, limit)
    : readFeed(cursor, feedRules(capabilities.changes), async (query) => timePage(owner, query, limit))
}

function sequence({ table }: MemoryOwner, cursor: string | undefined, limit: number): ChangesResult {
  const position = Number(cursor ?? 0)
  if (!Number.isSafeInteger(position) || position > table.logLength) return { kind: 'expired' }
  const entries = table.changesAfter(position, limit)
  const next = position + entries.length
  const changed = entries.map(({ nativeId, version, deleted }) => ({
    nativeId,
    version: String(version),
    ...(deleted ? { deleted } : {}),
  }))
  return { kind: 'page', changed, cursor: String(next), more: next < table.logLength }
}

function feedRules(changes: { readonly commitLagMs: number }) {
  return {
    tieBreak: 'id',
    commitLagMs: changes.commitLagMs,
    overlapMs: 1_000,
    formatPosition: String,
  } as const
}

function timePage(
  { table, clock }: MemoryOwner,
  { since, afterId }: Pick<FeedQuery, 'since' | 'afterId'>,
  limit: number,
) {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Number(since)
  const found = [...table.living()]
    .filter(({ at, nativeId }) => at > from || (at === from && (afterId === undefined || nativeId > afterId)))
    .sort((a, b) => a.at - b.at || (a.nativeId < b.nativeId ? -1 : 1))
  const items = found.slice(0, limit).map(({ nativeId, at, version }) => ({
    change: { nativeId, version: String(version) },
    position: String(at),
    positionMs: at,
    content: String(version),
  }))
  return { items, more: found.length > limit, serverNowMs: clock.now() }
}

function find(owner: MemoryOwner, request: FindRequest): FindResult {
  const fault = faultOf(owner, { resource: owner.name, operation: 'find' })
  if (fault !== undefined) return { kind: 'unknown', failure: failureOf(fault) }
  const { search } = owner.table.config.capabilities
  const wanted = request.by === 'marker' ? { [owner.table.config.marker]: request.recordId } : request.values
  const nativeIds: string[] = []
  for (const { nativeId, native } of owner.table.living((search?.lagMs ?? 0) * owner.random())) {
    if (matches(native, wanted, search?.equality)) nativeIds.push(nativeId)
  }
  const max = search?.maxResults ?? Number.POSITIVE_INFINITY
  return { kind: 'found', nativeIds: nativeIds.slice(0, max), capped: nativeIds.length >= max }
}

function matches(
  native: NativeRecord,
  wanted: NativeRecord,
  equality: SearchEquality = 'ignoringCase',
): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    const found = valueAt(native, [key])
    if (isNativeRecord(value)) return isNativeRecord(found) && matches(found, value, equality)
    return searchForm(scalar(found), equality) === searchForm(scalar(value), equality)
  })
}

function scalar(value: unknown): string {
  return isLosslessNumber(value) ? value.toString() : String(value)
}

// ── changing

function write(
  owner: MemoryOwner,
  call: Omit<MemoryCall, 'resource'>,
  { startBefore }: CallContext,
  apply: () => WriteResult,
): WriteResult {
  if (startBefore !== undefined && owner.clock.monotonic() > startBefore) {
    const message = 'The write was not sent: its start time had passed.'
    return { kind: 'not-sent', failure: { code: 'HTTP_START_TOO_LATE', message, scope: 'record' } }
  }
  const fault = faultOf(owner, { resource: owner.name, ...call })
  if (fault === undefined) return apply()
  if (fault.kind === 'lose-response') apply()
  const isHarmless = fault.kind === 'unreachable' || fault.kind === 'throttle'
  return { kind: isHarmless ? 'not-sent' : 'unknown', failure: failureOf(fault) }
}

function createOne(owner: MemoryOwner, request: CreateRequest, context: CallContext): WriteResult {
  return write(owner, { operation: 'create' }, context, () => create(owner, request))
}

function updateOne(owner: MemoryOwner, request: UpdateRequest, context: CallContext): WriteResult {
  return write(owner, { operation: 'update', nativeId: request.nativeId }, context, () =>
    update(owner, request),
  )
}

function create(owner: MemoryOwner, { body, recordId, idempotencyKey }: CreateRequest): WriteResult {
  const { table } = owner
  const { create: identity } = table.config.capabilities
  const { marker } = table.config
  if (identity === 'clientId') return accepted(owner, table.put(recordId, body))
  if (identity === 'naturalKey' || identity === 'none')
    return accepted(owner, table.put(table.nextId(), body))
  // A property of ours stands for the memory that a real system has of its keys.
  const ours = identity === 'idempotencyKey' ? { idempotencyKey } : { [marker]: recordId }
  if (identity !== 'marker') {
    for (const known of table.living()) if (matches(known.native, ours)) return accepted(owner, known)
  }
  return accepted(owner, table.put(table.nextId(), { ...body, ...ours }))
}

function update(owner: MemoryOwner, { nativeId, patch, base, ifVersion }: UpdateRequest): WriteResult {
  const refusal = refusalOf(owner, nativeId, ifVersion)
  if (refusal !== undefined) return refusal
  const { table } = owner
  const replaces = table.config.capabilities.write === 'put'
  const record = replaces ? table.put(nativeId, mergeNative(base ?? {}, patch)) : table.patch(nativeId, patch)
  return record === undefined ? { kind: 'gone' } : accepted(owner, record)
}

function remove(owner: MemoryOwner, { nativeId, mode, ifVersion }: RemoveRequest): WriteResult {
  const refusal = refusalOf(owner, nativeId, ifVersion)
  if (refusal !== undefined) return refusal
  if (mode === 'delete') owner.table.remove(nativeId)
  else owner.table.patch(nativeId, owner.table.config.archive)
  return { kind: 'ok', nativeId }
}

function restore(owner: MemoryOwner, nativeId: string): WriteResult {
  const refusal = refusalOf(owner, nativeId, undefined)
  if (refusal !== undefined) return refusal
  const patch = owner.table.config.restore ?? {}
  const native = owner.table.current(nativeId)?.native ?? {}
  if (!matches(native, patch)) owner.table.patch(nativeId, patch)
  return { kind: 'ok', nativeId }
}

function refusalOf(
  { table }: MemoryOwner,
  nativeId: string,
  ifVersion: string | undefined,
): WriteResult | undefined {
  const current = table.current(nativeId)
  if (current?.native === undefined) return { kind: 'gone' }
  const checks = table.config.capabilities.conditionalWrites && ifVersion !== undefined
  return checks && ifVersion !== String(current.version) ? { kind: 'stale' } : undefined
}

function accepted(owner: MemoryOwner, record: MemoryRecord): WriteResult {
  const { writeReturns, version } = owner.table.config.capabilities
  const { nativeId, native } = record
  return {
    kind: 'ok',
    nativeId,
    ...(writeReturns === 'nothing' || native === undefined ? {} : { native }),
    ...(writeReturns === 'body+version' && version !== 'none' ? { version: String(record.version) } : {}),
  }
}

// ── both

function shown({ table }: MemoryOwner, record: MemoryRecord, native: NativeRecord): ListedRecord {
  const hasVersion = table.config.capabilities.version !== 'none'
  return {
    nativeId: record.nativeId,
    native,
    changedAt: record.at,
    ...(hasVersion ? { version: String(record.version) } : {}),
  }
}

function faultOf({ twin }: MemoryOwner, call: MemoryCall): MemoryFault | undefined {
  return twin.fault(call)
}

function failureOf(fault: MemoryFault): CallFailure {
  if (fault.kind === 'throttle') {
    const message = 'The system asks for fewer requests.'
    return { code: 'HTTP_RATE_LIMITED', message, scope: 'system', retryAfterMs: fault.afterMs }
  }
  const message = fault.kind === 'unreachable' ? 'The system is unreachable.' : 'The response was lost.'
  return { code: 'HTTP_NETWORK', message, scope: fault.kind === 'unreachable' ? 'system' : 'record' }
}
