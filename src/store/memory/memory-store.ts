/**
 * The reference store: all state in this process, on an injected clock. Simulations and unit tests use it; the conformance suite verifies that
 * PostgreSQL behaves the same. Each method is synchronous, which makes it a transaction.
 */

import { addCauses } from '../../model/cause.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { AdminStore } from '../admin-contract.ts'
import type { MarkPlaceRequest } from '../binding-contract.ts'
import type {
  AttachRequest,
  Binding,
  BindRequest,
  Bound,
  ClaimResult,
  Decision,
  FieldCodec,
  GuardReservation,
  IntakeRequest,
  MatchKey,
  MatchRequest,
  PruneRequest,
  QueueAtRest,
  ReferenceQuery,
  Settlement,
  StagedRecord,
  Store,
  WorkerSession,
} from '../contract.ts'
import { type DocumentFormat, newestFormat } from '../document-format.ts'
import { hashKeyMacs, matchKeyMac, valuesMac } from '../documents.ts'
import { type Fact, factKey } from '../fact-contract.ts'
import type { PlaceNote, SystemNote } from '../health-contract.ts'
import { type ClaimedRows, separateUnreadable } from '../record-rows.ts'
import { unlessUnreadable } from '../unless-unreadable.ts'
import { aliasOne } from './alias.ts'
import { bindDefinition, isListed, markOutdated, markUnplaced, readBound } from './binding.ts'
import { openMatters } from './duplicates.ts'
import { notePlace, noteSystem } from './health.ts'
import { attachOne, resolveReference, reviewOne } from './identity.ts'
import { takeIn } from './intake.ts'
import { matchOne } from './keys.ts'
import { isSuperseded } from './lease.ts'
import { createMemoryAdmin } from './memory-admin.ts'
import { decideOne, settleOne, unreadCandidateBefore } from './pass-commits.ts'
import { prune } from './prune.ts'
import { readRows, unreadableTimes } from './read-rows.ts'
import { resumeWaiting } from './resume-waiting.ts'
import { dropRun, finishRun, reserveOne, stage, startRun, wakeFirstLoad } from './runs.ts'
import {
  fence,
  key,
  type MemoryContext,
  MemoryTables,
  markDirty,
  membersOf,
  openIntentsOf,
  type RecordRow,
  union,
} from './tables.ts'
import { endValueWaits, readValueWaits } from './value-waits.ts'

/** Options of a memory store. */
export interface MemoryStoreOptions {
  /** The store's clock, epoch milliseconds. */
  readonly now: () => number
  /** Makes record ids. */
  readonly uuid: () => string
  readonly codec: FieldCodec
  /** The format in which documents are written at first. @default the newest */
  readonly format?: DocumentFormat
}

/** The reference implementation of `Store`, for the simulation: one process, nothing durable. */
export class MemoryStore implements Store {
  readonly admin: AdminStore
  readonly #context: MemoryContext
  readonly #workers = new Map<number, AbortController>()
  readonly #listeners = new Set<() => void>()
  #lastWorker = 0

  constructor({ now, uuid, codec, format = newestFormat }: MemoryStoreOptions) {
    const tables = new MemoryTables()
    tables.format = format
    tables.converted = format === newestFormat
    this.#context = {
      tables,
      codec,
      now,
      uuid,
      get format() {
        return tables.format
      },
    }
    this.admin = createMemoryAdmin(this.#context, () => this.#workers.size)
  }

  get #tables(): MemoryTables {
    return this.#context.tables
  }

  async migrate(): Promise<void> {}

  async bind(request: BindRequest): Promise<Binding> {
    return bindDefinition(this.#context, request)
  }

  async bound(): Promise<Bound | undefined> {
    return readBound(this.#context)
  }

  async bindingEpoch(): Promise<number> {
    return this.#tables.integration?.epoch ?? 0
  }

  async now(): Promise<number> {
    return this.#context.now()
  }

  async close(): Promise<void> {
    for (const id of [...this.#workers.keys()]) this.killWorker(id)
    this.#listeners.clear()
  }

  async registerWorker(): Promise<WorkerSession> {
    this.#lastWorker += 1
    const id = this.#lastWorker
    const lost = new AbortController()
    this.#workers.set(id, lost)
    this.wake()
    return {
      id,
      lost: lost.signal,
      close: async () => {
        this.#workers.delete(id)
      },
    }
  }

  /** Ends a worker's session as the death of its process would; {@link reap} releases its records. */
  killWorker(id: number): void {
    this.#workers.get(id)?.abort()
    this.#workers.delete(id)
  }

  /** Changes one byte of a stored journal line, for tests of {@link AdminStore.verifyJournal}. */
  tamperJournal(seq: number): void {
    const body = this.#tables.journal.find((line) => line.position >= seq)?.body
    if (body?.[3] !== undefined) body[3] = (body[3] + 1) % 256
  }

  /** Makes the fields of a record, or those of its member, unreadable, for tests of what that costs. Returns a function that undoes it. */
  spoilFields(recordId: string, system?: string): () => void {
    const row =
      system === undefined
        ? this.#tables.records.get(recordId)
        : this.#tables.members.get(recordId)?.get(system)
    if (row === undefined) throw new RangeError(`no row of ${recordId}`)
    const { fields } = row
    row.fields = Uint8Array.of(0)
    return () => {
      row.fields = fields
    }
  }

  async reap(): Promise<number> {
    const now = this.#context.now()
    let reaped = 0
    for (const id of this.#tables.dirty) {
      const row = this.#tables.records.get(id)
      if (row?.leaseOwner === undefined) continue
      if (this.#workers.has(row.leaseOwner) && row.leaseUntil > now) continue
      fence(row)
      reaped += 1
    }
    return reaped
  }

  async intake(batch: readonly IntakeRequest[]) {
    return batch.map((request) => takeIn(this.#context, request))
  }

  async markRecords(marks: Parameters<Store['markRecords']>[0]): Promise<number> {
    let marked = 0
    for (const { recordId, systems, cause = 'engine' } of marks) {
      const row = this.#tables.records.get(recordId)
      if (row === undefined) continue
      markDirty(this.#tables, row, systems, { now: this.#context.now(), cause })
      marked += 1
    }
    return marked
  }

  async markUnplaced(request: MarkPlaceRequest) {
    return markUnplaced(this.#context, request)
  }

  async markOutdated(request: MarkPlaceRequest) {
    return markOutdated(this.#context, request)
  }

  async cursor(system: string, entity: string): Promise<string | undefined> {
    return this.#tables.cursors.get(key(system, entity))?.position
  }

  async clearCursor(system: string, entity: string): Promise<void> {
    this.#tables.cursors.delete(key(system, entity))
  }

  async claim(request: Parameters<Store['claim']>[0]): Promise<ClaimResult> {
    const now = this.#context.now()
    if (isSuperseded(this.#context, request.binding)) {
      return { now, leaseMs: request.leaseMs, records: [], superseded: true }
    }
    const live = this.#workers.has(request.worker)
    const works = live && this.#tables.pause === undefined
    const due = works ? this.#unowned().filter((row) => row.nextAt <= now) : []
    due.sort((a, b) => a.nextAt - b.nextAt || (a.id < b.id ? -1 : 1))
    const claimed = due.slice(0, request.limit).map((row) => this.#claimRow(row, request, now))
    if (claimed.length === 0)
      return { now, leaseMs: request.leaseMs, records: [], rest: this.#rest(request.worker) }
    return { now, leaseMs: request.leaseMs, ...separateUnreadable(claimed) }
  }

  #claimRow(row: RecordRow, request: Parameters<Store['claim']>[0], now: number): ClaimedRows {
    row.leaseOwner = request.worker
    row.leaseEpoch += 1
    row.leaseUntil = now + request.leaseMs
    row.claimedToRead = union(row.claimedToRead, row.toRead)
    row.toRead = []
    row.claimedCauses = addCauses(row.claimedCauses, row.causes)
    row.causes = []
    row.claimedSeq = row.dirtySeq
    row.attempts += 1
    return {
      lease: {
        recordId: row.id,
        worker: request.worker,
        epoch: row.leaseEpoch,
        ...(request.binding === undefined ? {} : { binding: request.binding }),
      },
      entity: row.entity,
      systems: membersOf(this.#tables, row.id).map(({ system }) => system),
      read: readRows(this.#context, row, openIntentsOf(this.#tables, row.id)),
      times: unreadableTimes(this.#tables, row.id),
    }
  }

  #unowned(): RecordRow[] {
    const rows: RecordRow[] = []
    for (const id of this.#tables.dirty) {
      const row = this.#tables.records.get(id)
      if (row !== undefined && row.leaseOwner === undefined) rows.push(row)
    }
    return rows
  }

  async nextDue(): Promise<number | undefined> {
    return this.#nextAt()
  }

  #nextAt(): number | undefined {
    const times = this.#unowned().map((row) => row.nextAt)
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b))
  }

  #rest(worker: number): QueueAtRest {
    const nextAt = this.#nextAt()
    const alone = [...this.#workers.keys()].every((id) => id === worker)
    return { alone, ...(nextAt === undefined ? {} : { nextAt }) }
  }

  async decide(batch: readonly Decision[]) {
    return batch.map((decision) => decideOne(this.#context, decision))
  }

  async settle(batch: readonly Settlement[]) {
    return batch.map((settlement) => settleOne(this.#context, settlement))
  }

  async match(batch: readonly MatchRequest[]) {
    return batch.map((request) => unlessUnreadable(() => matchOne(this.#context, request)))
  }

  async attach(batch: readonly AttachRequest[]) {
    return batch.map((request) => attachOne(this.#context, request))
  }

  async aliasMember(request: Parameters<Store['aliasMember']>[0]) {
    return aliasOne(this.#context, request)
  }

  async openMatters(query: Parameters<Store['openMatters']>[0]) {
    return openMatters(this.#context, query)
  }

  async requestReview(request: Parameters<Store['requestReview']>[0]) {
    return reviewOne(this.#context, request)
  }

  async resolveReferences(queries: readonly ReferenceQuery[]) {
    return queries.map((query) => resolveReference(this.#context, query))
  }

  hashKeys(entity: string, keys: readonly MatchKey[]): string {
    return hashKeyMacs(keys.map((key) => matchKeyMac(this.#context.codec, entity, key)))
  }

  async openCreatesBefore(system: string, entity: string, before: number): Promise<boolean> {
    for (const intent of this.#tables.openIntents) {
      const create = intent.operation === 'create' && intent.system === system && intent.entity === entity
      if (create && intent.createdAt < before) return true
    }
    return false
  }

  async unreadCandidateBefore(system: string, entity: string, before: number): Promise<boolean> {
    return unreadCandidateBefore(this.#context, system, entity, before)
  }

  async reserveChanges(reservations: readonly GuardReservation[]) {
    return reservations.map((reservation) => reserveOne(this.#context, reservation))
  }

  async notePlace(note: PlaceNote): Promise<void> {
    notePlace(this.#context, note)
  }

  async noteSystem(note: SystemNote): Promise<void> {
    noteSystem(this.#context, note)
  }

  async prune(request: PruneRequest) {
    return prune(this.#context, request)
  }

  async resumeWaiting(request: Parameters<Store['resumeWaiting']>[0]): Promise<number> {
    return resumeWaiting(this.#context, request)
  }

  async sentinels(system: string, entity: string, count: number, except: string) {
    const nativeIds: string[] = []
    for (const members of this.#tables.members.values()) {
      const member = members.get(system)
      const healthy = member?.state === 'linked' && member.entity === entity && member.lane.state === 'open'
      if (
        nativeIds.length < count &&
        healthy &&
        member.nativeId !== undefined &&
        member.nativeId !== except
      ) {
        nativeIds.push(member.nativeId)
      }
    }
    return nativeIds
  }

  async fingerprint(system: string): Promise<string | undefined> {
    return this.#tables.fingerprints.get(system)
  }

  async saveFingerprint(system: string, value: string): Promise<void> {
    this.#tables.fingerprints.set(system, value)
  }

  async noteFingerprint(system: string, seen: string): Promise<void> {
    this.#tables.seenFingerprints.set(system, seen)
  }

  async startRun(run: Parameters<Store['startRun']>[0]): Promise<void> {
    startRun(this.#context, run)
  }

  digest(values: CanonicalDocument): Uint8Array {
    return valuesMac(this.#context.codec, values)
  }

  async stage(runId: string, records: readonly StagedRecord[]): Promise<void> {
    stage(this.#context, runId, records)
  }

  async finishRun(run: Parameters<Store['finishRun']>[0]) {
    return finishRun(this.#context, run)
  }

  async dropRun(run: Parameters<Store['dropRun']>[0]): Promise<void> {
    dropRun(this.#context, run)
  }

  async wakeFirstLoad(system: string, entity: string): Promise<void> {
    wakeFirstLoad(this.#context, { system, entity })
  }

  async valueWaits(recordId: string) {
    return readValueWaits(this.#context, recordId)
  }

  async endValueWaits(system: string, entity: string): Promise<number> {
    return endValueWaits(this.#context, system, entity)
  }

  async baselineDone(system: string, entity: string): Promise<boolean> {
    return isListed(this.#context, { system, entity })
  }

  async ownSchedule(owner: string, ttlMs: number): Promise<boolean> {
    const held = this.#tables.scheduleOwner
    const now = this.#context.now()
    if (this.#tables.pause !== undefined) return false
    if (held !== undefined && held.owner !== owner && held.until > now) return false
    this.#tables.scheduleOwner = { owner, until: now + ttlMs }
    return true
  }

  async lastScheduled(name: string): Promise<number | undefined> {
    return this.#tables.scheduled.get(name)
  }

  async saveScheduled(name: string, at: number): Promise<void> {
    this.#tables.scheduled.set(name, at)
  }

  async factAt(fact: Fact): Promise<number | undefined> {
    return this.#tables.facts.get(JSON.stringify(factKey(fact)))
  }

  async saveFact(fact: Fact, at: number): Promise<void> {
    this.#tables.facts.set(JSON.stringify(factKey(fact)), at)
  }

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
