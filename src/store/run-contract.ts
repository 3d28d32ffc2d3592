/** Full runs and the mass-change guard, as the store keeps them. */
import type { RunReason } from '../model/run-reasons.ts'
import type { CanonicalDocument } from '../model/values.ts'

/** One listed record of a full run. */
export interface StagedRecord {
  readonly nativeId: string
  /** `RunStore.digest` of its values, which are normalised for its system as the shadow is. */
  readonly digest: Uint8Array
}

/**
 * A run: one read of a whole place. It is in one of these states:
 *
 * - *running*: from `startRun` on; listed records are staged. Left by `finishRun` or `dropRun`.
 * - *complete* (`complete: true`): everything was listed, so that records which were not are missing. Only such a run proves a baseline.
 * - *incomplete* (`complete: false`, with a reason): the list ended early, or staged rows were lost with a crash of the database; what was listed counts, what was not proves nothing.
 *   A run whose process ended stays *running*, and counts like an incomplete one.
 */
export interface RunRow {
  readonly id: string
  readonly kind: 'full' | 'sync'
  readonly system: string
  readonly entity: string
  readonly startedAt: number
  readonly finishedAt?: number
  readonly seen: number
  readonly expected?: number
  readonly complete?: boolean
  /** Why it is not complete. */
  readonly reason?: RunReason
  /** Why the reason, which is left out then, can't be read. */
  readonly unreadable?: string
  /** What its list did not hold is read by id, though it is not complete. */
  readonly missingObserved?: true
  readonly created?: number
  readonly changed?: number
  readonly missing?: number
}

/** The result of comparing a full run's staged rows with the members, set-based. */
export interface RunComparison {
  /** Known records that are unchanged. */
  readonly unchanged: number
  /** Known records that differ and will be read again. */
  readonly changed: number
  /** Records that were not known before. */
  readonly discovered: number
  /** Linked members not listed; marked only when the run is complete. */
  readonly missing: number
}

/** Changes to be counted by the mass-change guard. */
export interface GuardReservation {
  readonly system: string
  readonly entity: string
  readonly operation: 'create' | 'update' | 'delete'
  /** Below 0: changes that were counted but not made; always granted. */
  readonly count: number
  /** Refused when the 24 h total would exceed the larger of the two. */
  readonly share: number
  readonly atLeast: number
}

/** A change that the mass-change guard counts in the commit that opens its intent. */
export type GuardedChange = Pick<GuardReservation, 'system' | 'share' | 'atLeast'> & {
  readonly operation: 'create' | 'update'
}

/** Full runs. */
export interface RunStore {
  startRun(run: {
    readonly id: string
    readonly kind: 'full' | 'sync'
    readonly system: string
    readonly entity: string
  }): Promise<void>
  /** Keyed hash of listed values; equal to the one kept for a member whose shadow holds the same values. Runs no statement. */
  digest(values: CanonicalDocument): Uint8Array
  stage(runId: string, records: readonly StagedRecord[]): Promise<void>
  /**
   * Compares, marks and takes in what is new; a member that was read through an outdated lens set counts as changed. `missing` members are
   * marked only when `complete`, or when there are at most `observeMissing` of them (`RunRow.missingObserved`). Drops the staged rows. When complete,
   * records whose create waits for this first load (lane `waiting`, reason `first-load`) are due at once. After an error it may be called again with the
   * same request: it continues where it was interrupted.
   */
  finishRun(run: {
    readonly id: string
    readonly complete: boolean
    readonly reason?: RunReason
    readonly expected?: number
    readonly seen: number
    readonly observeMissing?: number
  }): Promise<RunComparison>
  /** Ends a run that can't be finished: nothing is compared, and the staged rows are dropped. Does nothing when it has ended already. */
  dropRun(run: { readonly id: string; readonly reason: RunReason }): Promise<void>
  /** Records whose create waits for the first load of this place are due at once; for lists that are accepted without being complete. */
  wakeFirstLoad(system: string, entity: string): Promise<void>
  /** A complete full run has finished for (system, entity), begun since the system joined (`StoredLensSet.joinedAt`). */
  baselineDone(system: string, entity: string): Promise<boolean>
}
