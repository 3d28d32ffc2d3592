/**
 * Workers and their claims: who may work on a record, and what a pass is given.
 *
 * A record is in one of these states:
 * - *clean*: nothing is to be done. Left for *dirty* by a mark.
 * - *dirty*: due at `next_at`. Left for *claimed* by a worker that claims it then.
 * - *claimed*: one worker has its lease; marks are kept for later. Left for *clean* or *dirty* by the settlement of that worker
 *   (`engine/pass/finish.ts` decides which), and for *dirty* by {@link Store.reap} when the worker's session has ended or the lease has expired. What the
 *   worker commits after that is fenced.
 */
import type { Intent, Member, SyncRecord } from '../model/state.ts'
import type { UnreadableRow } from '../model/unreadable-row.ts'

/** The fence: a worker's right to one record. */
export interface Lease {
  readonly recordId: string
  readonly worker: number
  readonly epoch: number
  /** Epoch of the binding under which it was claimed; undefined: whatever is bound. */
  readonly binding?: number
}

/**
 * A live worker. Its liveness is a session lock: a killed process loses it at once, and {@link Store.reap}
 * releases its records.
 */
export interface WorkerSession {
  readonly id: number
  /**
   * Aborts when the session is lost (connection gone): stop and register again; results under this id are
   * fenced.
   */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/** A record with all the data that a pass requires. */
export interface ClaimedRecord {
  readonly lease: Lease
  readonly record: SyncRecord
  readonly members: readonly Member[]
  /** Intents in state `open`. */
  readonly openIntents: readonly Intent[]
  /** An earlier claim could not read it, and the failure that says so is still open. */
  readonly wasUnreadable?: true
}

/**
 * A record that was claimed like the others and that can't be passed on: one of its rows can't be read. It
 * has to be given back.
 */
export interface UnreadableRecord extends UnreadableRow {
  readonly lease: Lease
  readonly entity: string
  /** The system whose row it is; a system of the record when it is the row of the record itself. */
  readonly system: string
  /** Number of claims since it was last readable that failed like this one, from its open failure. */
  readonly times: number
}

/** Claimed records, with the store's time. */
export interface ClaimResult {
  readonly now: number
  readonly leaseMs: number
  readonly records: readonly ClaimedRecord[]
  /** @default none */
  readonly unreadable?: readonly UnreadableRecord[]
  /** Another definition is bound now: this process must stop. */
  readonly superseded?: true
  /** Given when nothing was claimed and marks of other processes would be announced by `Store.onWake`. */
  readonly rest?: QueueAtRest
}

/** What a worker that claimed nothing needs to know about how long it may wait. */
export interface QueueAtRest {
  /**
   * When the next dirty record falls due; it may be due already and not be available. Undefined: nothing is
   * waiting.
   */
  readonly nextAt?: number
  /** No other worker is alive. */
  readonly alone: boolean
}
