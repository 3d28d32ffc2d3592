/**
 * The known facts about the health of an integration, and the verdicts derived from them.
 *
 * A *place* is one entity in one system. Facts are durable: each process records what it observed of a place,
 * and every reader evaluates the same facts by the same rules. The evaluation is pure (`judge-place.ts`,
 * `judge-integration.ts`).
 */
import type { RunEnd } from '../run-reasons.ts'

/**
 * - `agreed`: every place was read and compared recently enough, and nothing is open
 * - `working`: no known problem; changes are in progress, or a check has to be repeated
 * - `attention`: there is a problem, which a reason describes
 * - `paused`: a person has paused the work
 * - `unwatched`: nothing reads a place regularly, so its state is unknown
 * - `never-seen`: nothing has been read yet
 */
export type HealthState = 'agreed' | 'working' | 'attention' | 'paused' | 'unwatched' | 'never-seen'

/** What the definition requires of one place; durations in milliseconds. */
export interface PlaceWatch {
  readonly system: string
  readonly entity: string
  /**
   * Longest regular time between two reads; undefined: it is read only after a webhook or a manual request.
   */
  readonly readEveryMs?: number
  /** Longest regular time between two comparisons of everything. */
  readonly compareEveryMs: number
  /** The freshness objective of the system. */
  readonly freshnessMs?: number
  /** Write-only: its values are never a source. */
  readonly writtenOnly: boolean
}

/** The kind of read that failed. */
export type ReadingWay = 'feed' | 'list'

/** The last observations of one place. Times are epoch milliseconds. */
export interface PlaceHealth {
  readonly system: string
  readonly entity: string
  /** How it can be listed; undefined: no process has reported it yet. */
  readonly paging?: 'none' | 'offset' | 'keyset'
  /** It has a feed of changes. */
  readonly feed?: boolean
  /** The last completed read, and its duration. */
  readonly readAt?: number
  readonly readMs?: number
  /** When everything there was last compared without a known record missing. */
  readonly comparedAt?: number
  /** Failed reads since the last successful one. */
  readonly failures: number
  readonly failing?: {
    readonly way: ReadingWay
    readonly code: string
    readonly message: string
    /** Code of the failure behind it: why a list did not come to its end. */
    readonly cause?: string
    readonly since: number
    readonly at: number
  }
  /** When it is read next. */
  readonly nextAt?: number
}

/** The last observations of one system as a whole. */
export interface SystemHealth {
  readonly system: string
  /** The last webhook delivery that was accepted. */
  readonly heardAt?: number
  /** No call is made to it before `until`. */
  readonly paused?: { readonly since: number; readonly until: number; readonly code: string }
}

/** Records of one place that are blocked by a lane. */
export interface LaneDelay {
  readonly system: string
  readonly entity: string
  readonly lane: string
  readonly reason?: string
  readonly count: number
  /** How long the oldest of them has had pending work; undefined: not known. */
  readonly since?: number
}

/** The part of a run that determines whether the list can be trusted. */
export interface ListedRun extends RunEnd {
  readonly startedAt: number
  readonly seen: number
}

/** All known facts about one place. */
export interface PlaceFacts {
  readonly health?: PlaceHealth
  readonly system?: SystemHealth
  readonly lastRun?: ListedRun
  /** Records with pending work that have a member in this place. */
  readonly backlog?: { readonly count: number; readonly since?: number }
  readonly delays: readonly LaneDelay[]
  readonly linked: number
}

/** One reason why a state is not `agreed`. */
export interface HealthReason {
  readonly code: ReasonCode
  /** The state that it leads to. */
  readonly state: Exclude<HealthState, 'agreed'>
  readonly system?: string
  readonly entity?: string
  /** The problem, without record values. */
  readonly message: string
  readonly since?: number
  /** What to do about it. */
  readonly action?: string
}

/** Codes of reasons; `docs/reference/status.md` explains each of them. */
export const reasonCodes = [
  'paused',
  'database-not-writable',
  'no-worker',
  'open',
  'behind',
  'read-failing',
  'read-retried',
  'read-old',
  'never-read',
  'list-in-doubt',
  'never-compared',
  'compare-old',
  'missing',
  'lanes-delayed',
  'lanes-closed',
  'system-paused',
  'not-watched',
  'moving',
] as const
/** Why a place or the integration is not known to agree. */
export type ReasonCode = (typeof reasonCodes)[number]

/** The verdict on one place. */
export interface PlaceVerdict {
  readonly state: HealthState
  readonly reasons: readonly HealthReason[]
  /** Information that does not affect the state. */
  readonly notes: readonly string[]
}

/** The verdict on the integration. */
export interface HealthVerdict {
  readonly state: HealthState
  /** Most severe first. */
  readonly reasons: readonly HealthReason[]
  readonly places: readonly (PlaceVerdict & { readonly system: string; readonly entity: string })[]
}

/** Most severe first: the overall state is that of the most severe reason. */
const weight: Readonly<Record<HealthState, number>> = {
  paused: 5,
  attention: 4,
  'never-seen': 3,
  unwatched: 2,
  working: 1,
  agreed: 0,
}

/** Returns the state that follows from the reasons. */
export function stateOf(reasons: readonly HealthReason[]): HealthState {
  return reasons.reduce<HealthState>(
    (worst, { state }) => (weight[state] > weight[worst] ? state : worst),
    'agreed',
  )
}

/** Most severe first, otherwise in their order. */
export function byWeight(reasons: readonly HealthReason[]): readonly HealthReason[] {
  return reasons.toSorted((a, b) => weight[b.state] - weight[a.state])
}
