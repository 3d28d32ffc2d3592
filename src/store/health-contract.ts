/** Notes on the health of places and systems. Times are the store's own, as everywhere. */
import type { ErrorCode } from '../model/error-codes.ts'
import type { LaneDelay, PlaceHealth, ReadingWay, SystemHealth } from '../model/health/contract.ts'

/** What a process saw of one place. Parts left out keep what is known. */
export interface PlaceNote {
  readonly system: string
  readonly entity: string
  /** How it can be read, as its connector declares. */
  readonly declared?: { readonly paging: 'none' | 'offset' | 'keyset'; readonly feed: boolean }
  /** A read came to its end just now: failures before it are over. `compared`: everything was compared, and nothing known was missing. */
  readonly read?: { readonly ms: number; readonly compared: boolean }
  /** A read failed just now. */
  readonly failure?: { readonly way: ReadingWay; readonly code: ErrorCode; readonly message: string }
  /** When it is read next, epoch ms. */
  readonly nextAt?: number
}

/** What a process saw of a system: a webhook delivery, or that it takes no calls until a time; `paused` left out: it does again. */
export type SystemNote =
  | { readonly system: string; readonly heard: true }
  | { readonly system: string; readonly paused?: { readonly until: number; readonly code: string } }

/** The health that is known, as part of the status. */
export interface HealthCounts {
  readonly places: readonly PlaceHealth[]
  readonly systems: readonly SystemHealth[]
  /** Records that a lane keeps from going on, by place, lane and reason. */
  readonly delays: readonly LaneDelay[]
}

/** A person has paused the work. */
export interface Pause {
  readonly actor: string
  readonly at: number
  readonly reason?: string
}
