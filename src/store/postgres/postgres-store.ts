/** The production store, on PostgreSQL 15 or later. One schema contains one integration; processes coordinate only through it. */
import { createHash } from 'node:crypto'
import type { BucketStore } from '../../model/bucket-store.ts'
import { UsageError } from '../../model/errors.ts'
import type { TokenStore } from '../../model/token-store.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { AdminStore } from '../admin-contract.ts'
import type { BackupAdmin } from '../backup-contract.ts'
import type { BindRequest, MarkPlaceRequest } from '../binding-contract.ts'
import type {
  FieldCodec,
  GuardReservation,
  MatchKey,
  PruneRequest,
  ReferenceQuery,
  StagedRecord,
  Store,
} from '../contract.ts'
import { hashKeyMacs, matchKeyMac, valuesMac } from '../documents.ts'
import type { Fact } from '../fact-contract.ts'
import type { PlaceNote, SystemNote } from '../health-contract.ts'
import type { SealingAdmin } from '../sealing-contract.ts'
import { createPostgresAdmin } from './admin/postgres-admin.ts'
import { aliasMember } from './alias.ts'
import { attachBatch } from './attach.ts'
import { backUp } from './backup/back-up.ts'
import { restore } from './backup/restore.ts'
import { bindDefinition, markOutdated, markUnplaced, readBound } from './binding.ts'
import { PostgresBucketStore } from './bucket-store.ts'
import { claimDue } from './claim.ts'
import { type Codecs, singleCodec } from './codecs.ts'
import type { PostgresContext } from './context.ts'
import { Database, type Session } from './database.ts'
import { openMatters } from './duplicates.ts'
import { reserveChanges } from './guard.ts'
import { takeIn } from './intake.ts'
import { JournalStreams } from './journal-streams.ts'
import { LinkedCounts } from './linked-counts.ts'
import { matchBatch } from './matching.ts'
import { migrate } from './migrate.ts'
import { decideBatch, settleBatch } from './pass-commits.ts'
import { prune } from './prune.ts'
import { KeyPruner } from './prune-keys.ts'
import { resolveReferences } from './references.ts'
import { requestReview } from './review.ts'
import { dropRun, finishRun, stageRecords, startRun } from './runs.ts'
import { type FindMasterKey, openExistingSealing, openSealing, type SealingOptions } from './sealing.ts'
import { createSealingAdmin } from './sealing-admin.ts'
import { readEpoch } from './sql/bind-integration.ts'
import { factAt, saveFact } from './sql/facts.ts'
import { findWaitingCreates } from './sql/find-waiting-creates.ts'
import { foldCounts } from './sql/fold-counts.ts'
import { notePlace, noteSystem } from './sql/health.ts'
import { markDirty } from './sql/mark-dirty.ts'
import { nextDue } from './sql/next-due.ts'
import { readNow } from './sql/read-now.ts'
import { reapRecords } from './sql/reap-records.ts'
import { resumeWaiting } from './sql/resume-waiting.ts'
import { baselineDone } from './sql/runs.ts'
import { deleteCursor, readCursor } from './sql/save-cursors.ts'
import { lastScheduled, ownSchedule, saveScheduled } from './sql/schedule.ts'
import {
  noteFingerprint,
  openCreatesBefore,
  readFingerprint,
  readSentinels,
  saveFingerprint,
} from './sql/systems.ts'
import { endValueWaits, readValueWaits } from './sql/value-waits.ts'
import { wakeFirstLoad } from './sql/wake-first-load.ts'
import { PostgresTokenStore } from './token-store.ts'
import { WakeChannel } from './wake-channel.ts'
import { registerWorker } from './worker-session.ts'
import { WrittenFormat } from './written-format.ts'

export interface PostgresStoreOptions {
  /** Connection string. Must reach the server itself: a pooler in transaction mode can't carry a worker's session lock. */
  readonly connection: string
  /** Schema of the integration; letters, digits and underscores, at most 40. @default 'isthmus' */
  readonly schema?: string
  /** For a schema that is not sealed. */
  readonly codec: FieldCodec
  /** Seals a schema that was never used, and opens a sealed one. @default a sealed schema can't be opened */
  readonly findMasterKey?: FindMasterKey
  /** What people see of the store instead of everything. @default everything */
  readonly wrapAdmin?: (admin: AdminStore) => AdminStore
  /** Connections for statements, besides one per worker and one that listens. 1..100. @default 8 */
  readonly poolSize?: number
  /** Listed records that a full run compares at a time. @default 1000000 */
  readonly rangeRows?: number
}

const schemaName = /^[a-z_][a-z0-9_]{0,39}$/

/** @throws UsageError with code STORE_QUERY_FAILED for a schema name that can't be used */
export class PostgresStore implements Store {
  readonly admin: AdminStore
  /** OAuth tokens of the systems, shared by all processes. */
  readonly tokens: TokenStore
  /** The keys that documents are sealed with. */
  readonly sealing: SealingAdmin
  /** Backup and restoration of the whole schema. */
  readonly backup: BackupAdmin
  /** Rate limits shared by all processes. */
  readonly buckets: BucketStore
  readonly #context: PostgresContext
  /** Of an unsealed schema until the schema is up to date and its keys are read. */
  #codecs: Codecs
  readonly #sealing: SealingOptions
  #isOpen = false
  readonly #wake: WakeChannel
  readonly #keyPruner: KeyPruner

  constructor(options: PostgresStoreOptions) {
    const { connection, schema = 'isthmus', codec, findMasterKey, poolSize = 8, rangeRows } = options
    if (!schemaName.test(schema)) {
      throw new UsageError('STORE_QUERY_FAILED', `the schema name ${JSON.stringify(schema)} can't be used`)
    }
    this.#codecs = singleCodec(codec)
    const codecs = () => this.#codecs
    const database = new Database({ connection, schema, poolSize })
    const lockClass = lockClassOf(schema)
    this.#sealing = { database, lockClass, clear: codec, findMasterKey }
    const formats = new WrittenFormat()
    this.#context = {
      database,
      get codec() {
        return codecs().shared
      },
      get codecs() {
        return codecs()
      },
      formats,
      get format() {
        return formats.current
      },
      journal: new JournalStreams(async (recordIds, session) => ({
        codec: await codecs().forRecords(recordIds, session),
        format: formats.current,
      })),
      linkedCounts: new LinkedCounts(),
      lockClass,
      ...(rangeRows === undefined ? {} : { rangeRows }),
    }
    this.#keyPruner = new KeyPruner(database)
    this.#wake = new WakeChannel(this.#context)
    const admin = createPostgresAdmin(this.#context)
    this.admin = options.wrapAdmin?.(admin) ?? admin
    const findExisting = async () => findMasterKey?.('existing')
    this.sealing = createSealingAdmin(database, findExisting)
    this.backup = {
      backUp: (use) => backUp(database, use),
      restore: (description, parts) =>
        restore(this.#context, { findMasterKey: findExisting }, description, parts),
    }
    this.tokens = new PostgresTokenStore(this.#context)
    this.buckets = new PostgresBucketStore(this.#context)
  }

  async migrate(): Promise<void> {
    await migrate(this.#context)
    await this.admin.documentFormat()
    this.#codecs = await openSealing(this.#sealing)
    this.#isOpen = true
  }

  async bind(request: BindRequest) {
    const binding = await bindDefinition(this.#context, request)
    // Workers of the earlier definition stop at their next claim.
    this.#wake.send()
    return binding
  }

  async bound() {
    // A command that only looks does not upgrade the schema.
    if (!this.#isOpen) this.#codecs = await openExistingSealing(this.#sealing)
    return readBound(this.#context)
  }

  bindingEpoch() {
    return readEpoch(this.#session('reading the binding'))
  }

  now(): Promise<number> {
    return readNow(this.#session('reading the clock'))
  }

  async close(): Promise<void> {
    await this.#wake.close()
    await this.#context.database.close()
  }

  async registerWorker() {
    const session = await registerWorker(this.#context)
    // A worker that was alone has to watch for the death of this one from now on.
    this.#wake.send()
    return session
  }

  async reap(): Promise<number> {
    await foldCounts(this.#session('adding up counts'))
    return reapRecords(this.#session('reaping'), this.#context.lockClass)
  }

  intake(batch: Parameters<Store['intake']>[0]) {
    return takeIn(this.#context, batch)
  }

  async markRecords(marks: Parameters<Store['markRecords']>[0]): Promise<number> {
    const rows = marks.flatMap(({ recordId, systems, cause = 'engine' }) =>
      (systems.length === 0 ? ['*'] : systems).map((system) => ({ recordId, system, cause })),
    )
    return (await markDirty(this.#session('marking records'), rows)).size
  }

  markUnplaced(request: MarkPlaceRequest) {
    return markUnplaced(this.#session('marking records of a new system'), request)
  }

  markOutdated(request: MarkPlaceRequest) {
    return markOutdated(this.#session('marking records of changed lenses'), request)
  }

  cursor(system: string, entity: string) {
    return readCursor(this.#session('reading a cursor'), system, entity)
  }

  clearCursor(system: string, entity: string) {
    return deleteCursor(this.#session('clearing a cursor'), system, entity)
  }

  async claim(request: Parameters<Store['claim']>[0]) {
    const isListening = this.#wake.isListening
    const { rest, ...result } = await claimDue(this.#context, request)
    return rest === undefined || !isListening ? result : { ...result, rest }
  }

  nextDue() {
    return nextDue(this.#session('reading the queue'))
  }

  decide(batch: Parameters<Store['decide']>[0]) {
    return decideBatch(this.#context, batch)
  }

  settle(batch: Parameters<Store['settle']>[0]) {
    return settleBatch(this.#context, batch)
  }

  match(batch: Parameters<Store['match']>[0]) {
    return matchBatch(this.#context, batch)
  }

  attach(batch: Parameters<Store['attach']>[0]) {
    return attachBatch(this.#context, batch)
  }

  openMatters(query: Parameters<Store['openMatters']>[0]) {
    return openMatters(this.#context, query)
  }

  aliasMember(request: Parameters<Store['aliasMember']>[0]) {
    return aliasMember(this.#context, request)
  }

  requestReview(request: Parameters<Store['requestReview']>[0]) {
    return requestReview(this.#context, request)
  }

  resolveReferences(queries: readonly ReferenceQuery[]) {
    return resolveReferences(this.#session('resolving references'), queries)
  }

  hashKeys(entity: string, keys: readonly MatchKey[]): string {
    return hashKeyMacs(keys.map((key) => matchKeyMac(this.#context.codec, entity, key)))
  }

  openCreatesBefore(system: string, entity: string, before: number) {
    return openCreatesBefore(this.#session('looking for open creates'), system, entity, before)
  }

  async unreadCandidateBefore(system: string, entity: string, readUpTo: number) {
    const session = this.#session('looking for unread candidates')
    return (await findWaitingCreates(session, [{ system, entity, readUpTo }])).size > 0
  }

  reserveChanges(reservations: readonly GuardReservation[]) {
    return reserveChanges(this.#context, reservations)
  }

  notePlace(note: PlaceNote) {
    return notePlace(this.#session('noting the health of a place'), note)
  }

  noteSystem(note: SystemNote) {
    return noteSystem(this.#session('noting the health of a system'), note)
  }

  prune(request: PruneRequest) {
    return prune(this.#context, this.#keyPruner, request)
  }

  resumeWaiting(request: Parameters<Store['resumeWaiting']>[0]) {
    return resumeWaiting(this.#session('resuming records'), request)
  }

  sentinels(system: string, entity: string, count: number, except: string) {
    return readSentinels(this.#session('choosing sentinels'), system, entity, count, except)
  }

  fingerprint(system: string) {
    return readFingerprint(this.#session('reading a fingerprint'), system)
  }

  saveFingerprint(system: string, value: string) {
    return saveFingerprint(this.#session('saving a fingerprint'), system, value)
  }

  noteFingerprint(system: string, seen: string) {
    return noteFingerprint(this.#session('noting a fingerprint'), system, seen)
  }

  startRun(run: Parameters<Store['startRun']>[0]) {
    return startRun(this.#context, run)
  }

  digest(values: CanonicalDocument): Uint8Array {
    return valuesMac(this.#context.codec, values)
  }

  stage(runId: string, records: readonly StagedRecord[]) {
    return stageRecords(this.#context, runId, records)
  }

  finishRun(run: Parameters<Store['finishRun']>[0]) {
    return finishRun(this.#context, run)
  }

  dropRun(run: Parameters<Store['dropRun']>[0]) {
    return dropRun(this.#context, run)
  }

  wakeFirstLoad(system: string, entity: string) {
    return wakeFirstLoad(this.#session('waking what waited for a first load'), system, entity)
  }

  valueWaits(recordId: string) {
    return readValueWaits(this.#session('reading what waits for values'), recordId)
  }

  endValueWaits(system: string, entity: string) {
    return this.#context.database.transaction('ending waits for values', async (session) => {
      const marks = await endValueWaits(session, system, entity)
      await markDirty(session, marks)
      return marks.length
    })
  }

  baselineDone(system: string, entity: string) {
    return baselineDone(this.#session('looking for a baseline'), system, entity)
  }

  ownSchedule(owner: string, ttlMs: number) {
    return ownSchedule(this.#session('owning the schedule'), owner, ttlMs)
  }

  lastScheduled(key: string) {
    return lastScheduled(this.#session('reading the schedule'), key)
  }

  saveScheduled(key: string, at: number) {
    return saveScheduled(this.#session('saving the schedule'), key, at)
  }

  factAt(fact: Fact) {
    return factAt(this.#session('reading a fact'), fact)
  }

  saveFact(fact: Fact, at: number) {
    return saveFact(this.#session('saving a fact'), fact, at)
  }

  onWake(listener: () => void): () => void {
    return this.#wake.listen(listener)
  }

  wake(): void {
    this.#wake.send()
  }

  #session(what: string): Session {
    return this.#context.database.session(what)
  }
}

/** Positive, so that it is displayed like the unsigned number in the server's list of locks. */
function lockClassOf(schema: string): number {
  return createHash('sha256').update(`isthmus/${schema}`).digest().readUInt32BE(0) & 0x7fffffff
}
