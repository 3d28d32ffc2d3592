/**
 * The rows of the memory store: the same columns as in PostgreSQL, documents as encoded bytes, so that
 * nothing is aliased.
 */

import { addCauses, type Cause } from '../../model/cause.ts'
import type { PlaceHealth, SystemHealth } from '../../model/health/contract.ts'
import { type Lane, openLane } from '../../model/lane.ts'
import type {
  CreateEvidence,
  IntentOperation,
  IntentState,
  MemberState,
  RecordState,
} from '../../model/state.ts'
import type { SchemaRow } from '../admin-contract.ts'
import type { AuditEntry } from '../audit-contract.ts'
import { auditEntriesOf, chainedAudit } from '../audit-lines.ts'
import type { DependencyDraft, FailureDraft, HoldDraft, JournalEntry, RunRow } from '../contract.ts'
import { type DocumentFormat, type DocumentWriter, newestFormat } from '../document-format.ts'
import { encodeMember } from '../documents.ts'
import type { Pause } from '../health-contract.ts'
import { appendToChain, type JournalHead, type JournalLine, newStream } from '../journal-chain.ts'
import type { StoredLensSet } from '../lens-sets.ts'
import type { MergeBefore } from '../merge-plan.ts'

/** A row of `record`. */
export interface RecordRow {
  readonly id: string
  readonly entity: string
  state: RecordState
  rev: number
  fields: Uint8Array
  dirtySeq: number
  cleanSeq: number
  /** Marks since the claim … */
  toRead: readonly string[]
  /** … and those known to the claim. */
  claimedToRead: readonly string[]
  /** Why it was marked since the claim … */
  causes: readonly string[]
  /** … and before it. */
  claimedCauses: readonly string[]
  claimedSeq: number
  attempts: number
  /** Since when it has had pending work. */
  dirtySince?: number | undefined
  readonly discoveredAt: number
  nextAt: number
  leaseOwner: number | undefined
  leaseEpoch: number
  leaseUntil: number
  tombstoneRev: number | undefined
  releasedRev: number | undefined
  aliasOf: string | undefined
  removal: 'archive' | 'delete' | 'keep' | undefined
  merging: readonly string[]
}

/** A row of `member`. */
export interface MemberRow {
  readonly recordId: string
  readonly system: string
  readonly entity: string
  nativeId: string | undefined
  state: MemberState
  fields: Uint8Array
  shadowMac: Uint8Array | undefined
  floor: string | undefined
  absorbedVersion: string | undefined
  asof: number
  settleAt: number | undefined
  lane: Lane
  laneAttempts: number
  goneSince: number | undefined
  goneConfirmedAt: number | undefined
  reappearedAt: number | undefined
  createWantedAt: number | undefined
  evidence: CreateEvidence | undefined
  /** When the native id was set: a full run that began before need not contain it. */
  linkedAt: number | undefined
  /** When it was discovered, for unread ones. */
  discoveredAt: number | undefined
  /** Number of the lens set that the fields were read through. */
  lens: number | undefined
}

/** A row of `intent`. */
export interface IntentRow {
  readonly id: string
  readonly recordId: string
  readonly system: string
  readonly entity: string
  readonly operation: IntentOperation
  readonly document: Uint8Array
  readonly causes?: readonly string[]
  readonly definition?: string
  readonly createdAt: number
  readonly firstSentAt: number
  notAfter: number
  state: IntentState
  outcome: string | undefined
}

/** A row of `conflict`. */
export interface ConflictTableRow {
  readonly id: string
  readonly recordId: string
  readonly entity: string
  readonly field: string
  readonly policy: string
  state: 'open' | 'decided'
  winner: string | undefined
  decidedBy: string | undefined
  readonly at: number
  readonly candidates: Uint8Array
}

/** A row of `failure`. */
export interface FailureTableRow extends FailureDraft {
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  readonly closedAt?: number
}

/** A row of `hold`. */
export interface HoldTableRow extends HoldDraft {
  readonly at: number
  closedAt?: number
  decision?: string
}

/** A row of `review`. */
export interface ReviewTableRow {
  readonly recordId: string
  readonly at: number
  readonly candidates: readonly {
    readonly recordId: string
    readonly score: number
    readonly why: string
  }[]
}

/** A row of `duplicate`. */
export interface DuplicateTableRow {
  readonly id: string
  readonly entity: string
  readonly recordId: string
  readonly otherId: string
  cause: 'key' | 'merge'
  state: 'open' | 'same' | 'apart' | 'over'
  at: number
  closedAt: number | undefined
  system: string | undefined
  survivorId: string | undefined
  decidedBy: string | undefined
  before: MergeBefore | undefined
}

/** A row of `value_wait`. */
export interface ValueWaitRow {
  readonly recordId: string
  readonly system: string
  readonly entity: string
  readonly field: string
  readonly wanted: string
  readonly holds: string | undefined
}

/** All rows of the store. */
export class MemoryTables {
  readonly records = new Map<string, RecordRow>()
  /** Records with pending work: the partial index of the work queue. */
  readonly dirty = new Set<string>()
  readonly members = new Map<string, Map<string, MemberRow>>()
  /** `(system, entity, rid)` → record id: the unique constraint. */
  readonly natives = new Map<string, string>()
  readonly intents = new Map<string, IntentRow>()
  readonly recordIntents = new Map<string, IntentRow[]>()
  readonly openIntents = new Set<IntentRow>()
  /** Records by key hash, and the reverse; `rule/kind` per pair. */
  readonly keyRecords = new Map<string, Set<string>>()
  readonly recordKeys = new Map<
    string,
    ReadonlyMap<string, { readonly rule: number; readonly kind: 'exact' | 'block' }>
  >()
  readonly conflicts = new Map<string, ConflictTableRow>()
  readonly holds = new Map<string, HoldTableRow>()
  readonly failures = new Map<string, FailureTableRow>()
  readonly reviews = new Map<string, ReviewTableRow>()
  readonly apart = new Set<string>()
  /** By pair, and by each of the two. */
  readonly duplicates = new Map<string, DuplicateTableRow>()
  readonly recordDuplicates = new Map<string, Set<DuplicateTableRow>>()
  readonly dependencies = new Map<string, DependencyDraft>()
  readonly valueWaits = new Map<string, ValueWaitRow>()
  readonly deliveries = new Map<string, { readonly body: Uint8Array; readonly at: number }>()
  readonly cursors = new Map<string, { readonly position: string; readonly at: number }>()
  readonly runs = new Map<string, RunRow>()
  readonly stages = new Map<string, Map<string, Uint8Array>>()
  readonly guardCounts: {
    readonly key: string
    readonly at: number
    readonly count: number
  }[] = []
  readonly scheduled = new Map<string, number>()
  readonly facts = new Map<string, number>()
  /** By system and resource. */
  readonly schemas = new Map<string, SchemaRow>()
  readonly fingerprints = new Map<string, string>()
  /** The account that each system responded as last. */
  readonly seenFingerprints = new Map<string, string>()
  readonly placeHealth = new Map<string, PlaceHealth>()
  readonly systemHealth = new Map<string, SystemHealth>()
  pause: Pause | undefined
  readonly journal: JournalLine[] = []
  journalHead: JournalHead = newStream('memory')
  readonly audit: JournalLine[] = []
  auditHead: JournalHead = newStream('memory')
  anchoredAt: number | undefined
  /** The last line that retention removed. */
  journalStart: JournalHead = newStream('memory')
  scheduleOwner: { readonly owner: string; readonly until: number } | undefined
  integration:
    | { readonly id: string; readonly version: string; readonly epoch: number; readonly document: Uint8Array }
    | undefined
  lensSets: readonly StoredLensSet[] = []
  format: DocumentFormat = newestFormat
  converted = true
  convertedTo: string | undefined
}

/** The state that every operation of the memory store works on. */
export interface MemoryContext extends DocumentWriter {
  readonly tables: MemoryTables
  now(): number
  uuid(): string
}

/** The key of a row that several columns identify. */
export function key(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}

/** The same key for a pair of records in either order. */
export function apartKey(a: string, b: string): string {
  return a < b ? key(a, b) : key(b, a)
}

/** The members of a record. */
export function membersOf(tables: MemoryTables, recordId: string): readonly MemberRow[] {
  return [...(tables.members.get(recordId)?.values() ?? [])]
}

/** The intents of a record in state `open`. */
export function openIntentsOf(tables: MemoryTables, recordId: string): readonly IntentRow[] {
  return (tables.recordIntents.get(recordId) ?? []).filter((row) => row.state === 'open')
}

export function addIntent(tables: MemoryTables, row: IntentRow): void {
  tables.intents.set(row.id, row)
  tables.recordIntents.set(row.recordId, [...(tables.recordIntents.get(row.recordId) ?? []), row])
  if (row.state === 'open') tables.openIntents.add(row)
}

/** A member row without any known state. */
export function blankMember(
  context: MemoryContext,
  recordId: string,
  system: string,
  entity: string,
): MemberRow {
  return {
    recordId,
    system,
    entity,
    nativeId: undefined,
    state: 'absent',
    fields: encodeMember(context, recordId, system, {}),
    shadowMac: undefined,
    floor: undefined,
    absorbedVersion: undefined,
    asof: 0,
    settleAt: undefined,
    lane: openLane,
    laneAttempts: 0,
    goneSince: undefined,
    goneConfirmedAt: undefined,
    reappearedAt: undefined,
    createWantedAt: undefined,
    evidence: undefined,
    linkedAt: undefined,
    discoveredAt: undefined,
    lens: undefined,
  }
}

export function putMember(tables: MemoryTables, row: MemberRow): void {
  const rows = tables.members.get(row.recordId) ?? new Map<string, MemberRow>()
  rows.set(row.system, row)
  tables.members.set(row.recordId, rows)
  if (row.nativeId !== undefined) tables.natives.set(key(row.system, row.entity, row.nativeId), row.recordId)
}

/** Sets or clears the native id of a member. */
export function setNativeId(
  tables: MemoryTables,
  row: MemberRow,
  nativeId: string | undefined,
  now: number,
): void {
  if (row.nativeId === nativeId) return
  if (row.nativeId !== undefined) tables.natives.delete(key(row.system, row.entity, row.nativeId))
  row.nativeId = nativeId
  row.linkedAt = nativeId === undefined ? undefined : now
  if (nativeId !== undefined) tables.natives.set(key(row.system, row.entity, nativeId), row.recordId)
}

/** Makes a record due. */
export function markDirty(
  tables: MemoryTables,
  row: RecordRow,
  systems: readonly string[],
  { now, cause }: { readonly now: number; readonly cause: Cause },
): void {
  tables.dirty.add(row.id)
  row.nextAt = row.dirtySeq > row.cleanSeq ? Math.min(row.nextAt, now) : now
  row.dirtySeq += 1
  row.dirtySince ??= now
  row.toRead = union(row.toRead, systems.length === 0 ? ['*'] : systems)
  row.causes = addCauses(row.causes, [cause])
}

/** Takes the record from a worker: its later commits are fenced. */
export function fence(row: RecordRow): void {
  row.leaseOwner = undefined
  row.leaseEpoch += 1
  row.toRead = union(row.toRead, row.claimedToRead)
  row.claimedToRead = []
  row.causes = addCauses(row.claimedCauses, row.causes)
  row.claimedCauses = []
}

export function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort()
}

/** Removes a record with all its dependent rows. */
export function deleteRecord(tables: MemoryTables, recordId: string): void {
  for (const member of membersOf(tables, recordId)) {
    if (member.nativeId !== undefined)
      tables.natives.delete(key(member.system, member.entity, member.nativeId))
  }
  tables.members.delete(recordId)
  tables.records.delete(recordId)
  tables.dirty.delete(recordId)
  tables.reviews.delete(recordId)
  dropKeys(tables, recordId)
  for (const row of tables.recordDuplicates.get(recordId) ?? []) {
    tables.recordDuplicates.get(row.recordId)?.delete(row)
    tables.recordDuplicates.get(row.otherId)?.delete(row)
  }
  tables.recordDuplicates.delete(recordId)
  dropWhere(tables.duplicates, (row) => row.recordId === recordId || row.otherId === recordId)
  dropWhere(tables.holds, (row) => row.recordId === recordId)
  dropWhere(tables.failures, (row) => row.recordId === recordId)
  dropWhere(tables.dependencies, (row) => row.recordId === recordId)
  dropWhere(tables.valueWaits, (row) => row.recordId === recordId)
  dropWhere(tables.conflicts, (row) => row.recordId === recordId)
  dropWhere(tables.intents, (row) => row.recordId === recordId)
  for (const row of tables.recordIntents.get(recordId) ?? []) tables.openIntents.delete(row)
  tables.recordIntents.delete(recordId)
}

export function dropKeys(tables: MemoryTables, recordId: string): void {
  for (const mac of tables.recordKeys.get(recordId)?.keys() ?? []) {
    tables.keyRecords.get(mac)?.delete(recordId)
  }
  tables.recordKeys.delete(recordId)
}

function dropWhere<Row>(rows: Map<string, Row>, matches: (row: Row) => boolean): void {
  for (const [id, row] of rows) if (matches(row)) rows.delete(id)
}

export function appendJournal(context: MemoryContext, entries: readonly JournalEntry[] | undefined): void {
  if (entries === undefined || entries.length === 0) return
  const { tables } = context
  const { lines, head } = appendToChain(context, tables.journalHead, entries, context.now())
  tables.journal.push(...lines)
  tables.journalHead = head
  appendAudit(context, auditEntriesOf(entries))
}

/** Appends lines to the audit trail. */
export function appendAudit(context: MemoryContext, entries: readonly AuditEntry[]): void {
  const { tables } = context
  const audited = entries.map(chainedAudit)
  const { lines, head } = appendToChain(context, tables.auditHead, audited, context.now(), 'audit')
  tables.audit.push(...lines)
  tables.auditHead = head
}
