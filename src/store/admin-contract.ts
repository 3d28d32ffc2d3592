/** Queries and interventions of people, used by the CLI and the server. Values are decoded only where a method says so. */
import type { Intent, Member, SyncRecord } from '../model/state.ts'
import type { UnreadableRow } from '../model/unreadable-row.ts'
import type { CanonicalValue } from '../model/values.ts'
import type { AccessStore } from './access-contract.ts'
import type { AuditStore } from './audit-contract.ts'
import type { DuplicateAdmin } from './duplicates-contract.ts'
import type { FormatAdmin } from './format-contract.ts'
import type { HealthCounts, Pause } from './health-contract.ts'
import type { OnceStore } from './once-contract.ts'
import type { RunRow } from './run-contract.ts'
import type { SearchAdmin } from './search-contract.ts'
import type { SessionStore } from './session-contract.ts'

/** The counts of the status, taken in one query. */
export interface StatusCounts {
  readonly now: number
  readonly records: Readonly<Record<string, number>>
  /** Dirty records: due now, waiting for a later time, being processed. */
  readonly queue: {
    readonly due: number
    readonly waiting: number
    readonly running: number
    readonly oldestDueAt?: number
    /** How long the oldest of them has had pending work; records that were never identified are left out. */
    readonly oldestSince?: number
    /** More are due or waiting than are counted: these numbers are an estimate. */
    readonly estimated?: true
  }
  readonly systems: readonly SystemCounts[]
  readonly open: {
    readonly conflicts: number
    readonly failures: number
    readonly matches: number
    readonly holds: number
    readonly intents: number
  }
  readonly workers: number
  readonly health: HealthCounts
  /** The work is paused by a person. */
  readonly paused?: Pause
}

/** Counts of one system. */
export interface SystemCounts {
  readonly system: string
  readonly entity: string
  readonly linked: number
  readonly lanes: Readonly<Record<string, number>>
  readonly lastRun?: RunRow
  /** The newest run that has ended: the status is based on it while another one is in progress. */
  readonly lastEnded?: RunRow
  /** When the last complete full run ended. */
  readonly lastCompleteAt?: number
  /** Records with pending work that have a member here, and how long the oldest has had it; an estimate where there are more than a thousand. */
  readonly backlog?: { readonly count: number; readonly since?: number }
  readonly cursorAt?: number
}

/** A line of the journal. */
export interface JournalRow {
  readonly seq: number
  readonly stream: string
  readonly at: number
  readonly kind: string
  readonly recordId?: string
  readonly actor: string
  /** Decoded; undefined when it is unreadable. */
  readonly body: unknown
  /** Why the body can't be read. */
  readonly unreadable?: string
}

/** An open failure. */
export interface FailureRow {
  readonly recordId: string
  readonly entity: string
  readonly system: string
  readonly operation: string
  readonly code: string
  readonly message: string
  readonly signature: string
  readonly replay: 'safe' | 'unsafe' | 'after-check'
  /** Pass in which it failed last: its log lines and its calls name the same one. Missing for failures of earlier versions. */
  readonly passId?: string
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
}

/** A conflict, open or decided. */
export interface ConflictRow {
  readonly id: string
  readonly recordId: string
  readonly entity: string
  readonly field: string
  readonly policy: string
  readonly state: 'open' | 'decided'
  readonly winner?: string
  readonly decidedBy?: string
  readonly at: number
  /** Why the candidates, which are left out then, can't be read. */
  readonly unreadable?: string
  /** Decoded. */
  readonly candidates: readonly {
    readonly system: string
    readonly value: CanonicalValue | undefined
    readonly at: number
  }[]
}

/** An unmatched record whose possible counterparts a person has to judge. */
export interface ReviewRow {
  readonly recordId: string
  readonly entity: string
  readonly system: string
  readonly nativeId: string
  readonly at: number
  /** Why the candidates, which are left out then, can't be read. */
  readonly unreadable?: string
  readonly candidates: readonly { readonly recordId: string; readonly score: number; readonly why: string }[]
}

/** An open hold. */
export interface HoldRow {
  readonly id: string
  readonly recordId: string
  readonly entity: string
  readonly system?: string
  readonly field?: string
  readonly kind: string
  readonly reason: string
  readonly at: number
}

/** By record id, or by `system` + native id. */
export type RecordKey =
  | { readonly recordId: string }
  | { readonly system: string; readonly entity?: string; readonly nativeId: string }

/** A record with its members and what waits for a person. */
export interface RecordDetail {
  readonly record: SyncRecord
  readonly members: readonly Member[]
  readonly intents: readonly Intent[]
}

/** A record for people: the rows that can be read, and what is wrong with the others. */
export interface RecordInspection extends RecordDetail {
  /** Where it names no system, the record's own row: it is shown without its agreed fields. */
  readonly unreadable: readonly UnreadableRow[]
}

/** The schema of a resource as reported by a system: the accepted form, and the last observed one. Both as JSON that is opaque to the store. */
export interface SchemaRow {
  readonly system: string
  readonly resource: string
  readonly accepted: string
  readonly acceptedAt: number
  readonly seen: string
  readonly seenAt: number
}

/** `unknown`: that system has not been asked yet · `same`: it still responds as the same account */
export type AccountVerdict =
  | { readonly kind: 'accepted'; readonly before: string; readonly account: string }
  | { readonly kind: 'same'; readonly account: string }
  | { readonly kind: 'unknown' }

/** Page of a list: at most `limit` rows (1..200), newest first, after `cursor`. */
export interface PageRequest {
  readonly limit: number
  readonly cursor?: string
}

/** A page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly cursor?: string
}

/** What operators see and decide. Every decision is journaled with its actor. */
export interface AdminStore
  extends AccessStore,
    SessionStore,
    AuditStore,
    OnceStore,
    DuplicateAdmin,
    FormatAdmin,
    SearchAdmin {
  status(): Promise<StatusCounts>
  /**
   * Checks whether the database accepts writes and has space for them.
   *
   * @throws STORE_* when it does not
   */
  checkWritable(): Promise<void>
  /** Stops the work until {@link resume}: nothing is claimed, polled or listed; webhooks are still accepted. Returns false when paused already. */
  pause(actor: string, reason?: string): Promise<boolean>
  /** Returns false when the work was not paused. */
  resume(actor: string): Promise<boolean>
  runs(page: PageRequest): Promise<Page<RunRow>>
  run(id: string): Promise<RunRow | undefined>
  /**
   * The whole record, or nothing.
   *
   * @throws STORE_ROW_INVALID, STORE_DOCUMENT_UNREADABLE when one of its rows can't be read
   */
  record(key: RecordKey): Promise<RecordDetail | undefined>
  /** What can be read of the record. */
  inspect(key: RecordKey): Promise<RecordInspection | undefined>
  /** Newest last. */
  journal(query: {
    readonly recordId?: string
    readonly afterSeq?: number
    readonly limit: number
  }): Promise<readonly JournalRow[]>
  /** Recomputes the hash chain; returns the first broken line, if any. */
  verifyJournal(): Promise<{
    readonly lines: number
    readonly brokenAt?: { readonly stream: string; readonly seq?: number; readonly problem: string }
  }>

  failures(
    page: PageRequest & { readonly system?: string; readonly signature?: string },
  ): Promise<Page<FailureRow>>
  /** Closes the failures, opens their lanes and marks their records; returns their number. */
  retryFailures(
    filter: { readonly recordId?: string; readonly system?: string; readonly signature?: string },
    actor: string,
  ): Promise<number>
  conflicts(page: PageRequest & { readonly state?: 'open' | 'decided' }): Promise<Page<ConflictRow>>
  conflict(id: string): Promise<ConflictRow | undefined>
  /** Makes the value of the chosen system (or a given value) agreed, releases the field, marks the record. */
  resolveConflict(
    id: string,
    choice: { readonly system: string } | { readonly value: CanonicalValue },
    actor: string,
  ): Promise<'ok' | 'unknown' | 'already-decided'>
  reviews(page: PageRequest): Promise<Page<ReviewRow>>
  /**
   * `same`: it becomes part of that record, which takes precedence where both have a counterpart in the same system (`mergeRecords` can override
   * that) · `apart`: remembered, and the candidate becomes a record of its own.
   */
  decideReview(
    recordId: string,
    decision: { readonly same: string } | { readonly apart: true },
    actor: string,
  ): Promise<'ok' | 'unknown' | 'refused'>
  holds(page: PageRequest): Promise<Page<HoldRow>>
  /** `release`: continue · `reject`: cancel the change (a held deletion is not carried out; the record is restored as unlinked there). */
  releaseHolds(
    filter: { readonly id?: string; readonly kind?: string; readonly system?: string },
    decision: 'release' | 'reject',
    actor: string,
  ): Promise<number>
  /** Returns the known schemas of resources, by system and resource. */
  schemas(): Promise<readonly SchemaRow[]>
  /** Stores the form observed now; the first form of a resource counts as accepted. Returns the previous row, if any. */
  saveSchema(seen: {
    readonly system: string
    readonly resource: string
    readonly schema: string
  }): Promise<SchemaRow | undefined>
  /** Accepts the form observed last; without `resource` for the whole system. Returns the number of changed ones. */
  acceptSchemas(
    filter: { readonly system: string; readonly resource?: string },
    actor: string,
  ): Promise<number>
  /** Accepts the account that a system responded as last; journaled. */
  acceptAccount(system: string, actor: string): Promise<AccountVerdict>
  /** Returns every active record's id, page by page, for checks. */
  recordIds(entity: string, page: PageRequest): Promise<Page<string>>
}
