/** Notes on the health of places and systems. Times are the store's own, as everywhere. */
import type { ErrorCode } from '../model/error-codes.ts'
import type { LaneDelay, PlaceHealth, ReadingWay, SystemHealth } from '../model/health/contract.ts'

/** An observation of one place by a process. Omitted parts are unchanged. */
export interface PlaceNote {
  readonly system: string
  readonly entity: string
  /** How it can be read, as its connector declares. */
  readonly declared?: { readonly paging: 'none' | 'offset' | 'keyset'; readonly feed: boolean }
  /**
   * A read completed just now: earlier failures are resolved. `compared`: everything was compared, and
   * nothing known was missing.
   */
  readonly read?: { readonly ms: number; readonly compared: boolean }
  /** A read failed just now. */
  readonly failure?: {
    readonly way: ReadingWay
    readonly code: ErrorCode
    readonly message: string
    /** Code of the failure behind it. */
    readonly cause?: string
  }
  /** When it is read next, epoch ms. */
  readonly nextAt?: number
}

/**
 * An observation of a system by a process: a webhook delivery, or that it accepts no calls until a time;
 * without `paused`, it accepts calls again.
 */
export type SystemNote =
  | { readonly system: string; readonly heard: true }
  | { readonly system: string; readonly paused?: { readonly until: number; readonly code: string } }

/** The known health, as part of the status. */
export interface HealthCounts {
  readonly places: readonly PlaceHealth[]
  readonly systems: readonly SystemHealth[]
  /** Records that are blocked by a lane, by place, lane and reason. */
  readonly delays: readonly LaneDelay[]
}

/** A person has paused the work. */
export interface Pause {
  readonly actor: string
  readonly at: number
  readonly reason?: string
}
