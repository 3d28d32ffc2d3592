/**
 * What is known of the health of an integration, and what may be said about it.
 *
 * A *place* is one entity in one system. Facts are durable: each process writes down what it saw of a place, and whoever asks judges the same
 * facts by the same rules. The judging is pure (`judge-place.ts`, `judge-integration.ts`).
 */

/**
 * - `agreed`: every place was read and compared recently enough, and nothing is open
 * - `working`: as far as is known nothing is wrong; changes are on their way, or a check has to be repeated
 * - `attention`: something is not as it should be, and a reason says what
 * - `paused`: a person has paused the work
 * - `unwatched`: nothing reads a place regularly, so nothing can be said about it
 * - `never-seen`: nothing has been read yet
 */
export type HealthState = 'agreed' | 'working' | 'attention' | 'paused' | 'unwatched' | 'never-seen'

/** What the definition asks of one place; durations in milliseconds. */
export interface PlaceWatch {
  readonly system: string
  readonly entity: string
  /** Longest regular time between two reads; undefined: only webhooks, or a person, make the engine look. */
  readonly readEveryMs?: number
  /** Longest regular time between two comparisons of everything. */
  readonly compareEveryMs: number
  /** The freshness objective of the system. */
  readonly freshnessMs?: number
  /** Written only: what it holds is never a source. */
  readonly writtenOnly: boolean
}

/** Which way of reading failed. */
export type ReadingWay = 'feed' | 'list'

/** What was last seen of one place. Times are epoch milliseconds. */
export interface PlaceHealth {
  readonly system: string
  readonly entity: string
  /** How it can be listed; undefined: no process has told yet. */
  readonly paging?: 'none' | 'offset' | 'keyset'
  /** It has a feed of changes. */
  readonly feed?: boolean
  /** The last read that came to its end, and how long it took. */
  readonly readAt?: number
  readonly readMs?: number
  /** When everything there was last compared, and nothing that is known was missing. */
  readonly comparedAt?: number
  /** Reads that failed since the last one that worked. */
  readonly failures: number
  readonly failing?: {
    readonly way: ReadingWay
    readonly code: string
    readonly message: string
    readonly since: number
    readonly at: number
  }
  /** When it is read next. */
  readonly nextAt?: number
}

/** What was last seen of one system as a whole. */
export interface SystemHealth {
  readonly system: string
  /** The last webhook delivery that was accepted. */
  readonly heardAt?: number
  /** No call goes to it before `until`. */
  readonly paused?: { readonly since: number; readonly until: number; readonly code: string }
}

/** Records of one place that a lane keeps from going on. */
export interface LaneDelay {
  readonly system: string
  readonly entity: string
  readonly lane: string
  readonly reason?: string
  readonly count: number
  /** Since when the oldest of them has had something to do; undefined: not known. */
  readonly since?: number
}

/** The part of a run that tells whether the list may be believed. */
export interface ListedRun {
  readonly startedAt: number
  readonly finishedAt?: number
  readonly complete?: boolean
  readonly reason?: string
  readonly seen: number
  readonly missing?: number
}

/** Everything that is known of one place. */
export interface PlaceFacts {
  readonly health?: PlaceHealth
  readonly system?: SystemHealth
  readonly lastRun?: ListedRun
  /** Records with something to do that have a part in this place. */
  readonly backlog?: { readonly count: number; readonly since?: number }
  readonly delays: readonly LaneDelay[]
  readonly linked: number
}

/** One thing that is not as agreement needs it. */
export interface HealthReason {
  readonly code: ReasonCode
  /** What it makes of the state. */
  readonly state: Exclude<HealthState, 'agreed'>
  readonly system?: string
  readonly entity?: string
  /** What is not so, without record values. */
  readonly message: string
  readonly since?: number
  /** What to do about it. */
  readonly action?: string
}

/** Codes of reasons; `docs/reference/status.md` says what each of them means. */
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
export type ReasonCode = (typeof reasonCodes)[number]

/** What may be said of one place. */
export interface PlaceVerdict {
  readonly state: HealthState
  readonly reasons: readonly HealthReason[]
  /** What is worth knowing and changes nothing about the state. */
  readonly notes: readonly string[]
}

/** What may be said of the integration. */
export interface HealthVerdict {
  readonly state: HealthState
  /** Weightiest first. */
  readonly reasons: readonly HealthReason[]
  readonly places: readonly (PlaceVerdict & { readonly system: string; readonly entity: string })[]
}

/** Weightiest first: the state of the whole is that of its weightiest reason. */
const weight: Readonly<Record<HealthState, number>> = {
  paused: 5,
  attention: 4,
  'never-seen': 3,
  unwatched: 2,
  working: 1,
  agreed: 0,
}

/** The state that reasons add up to. */
export function stateOf(reasons: readonly HealthReason[]): HealthState {
  return reasons.reduce<HealthState>(
    (worst, { state }) => (weight[state] > weight[worst] ? state : worst),
    'agreed',
  )
}

/** Weightiest first, otherwise in their order. */
export function byWeight(reasons: readonly HealthReason[]): readonly HealthReason[] {
  return reasons.toSorted((a, b) => weight[b.state] - weight[a.state])
}
