/**
 * Lanes: one record in one system, the unit that pauses. `engine/pass/lane.ts` says how each state is entered
 * and left. A lane is stored in three columns; {@link readLane} is the one place that makes a lane of them.
 */
import { IsthmusError } from './errors.ts'
import type { LaneReasons } from './lane-reasons.ts'

/**
 * Why a lane is closed, and until when, where that is known. `open` lanes work. Lanes of other systems and
 * records are never affected.
 */
export type Lane =
  | { readonly state: 'open'; readonly reason?: LaneReasons['open'] }
  /** `until`: opens by itself then (epoch ms). */
  | { readonly state: 'backoff'; readonly reason: LaneReasons['backoff']; readonly until: number }
  /** `until`: nothing of the write can take effect any more (epoch ms). */
  | { readonly state: 'in-doubt'; readonly reason: LaneReasons['in-doubt']; readonly until: number }
  /** `until`: not read again before (epoch ms). @default whatever it waits for ends it */
  | { readonly state: 'waiting'; readonly reason: LaneReasons['waiting']; readonly until?: number }
  /** Without a reason: a person refused what the mass-change guard held. */
  | { readonly state: 'rejected'; readonly reason?: LaneReasons['rejected'] }
  | { readonly state: 'held'; readonly reason: LaneReasons['held'] }
  | { readonly state: 'quarantined'; readonly reason: LaneReasons['quarantined'] }

/** Whether writes to a system may go, and otherwise why not: see {@link Lane}. */
export type LaneState = Lane['state']

/** A lane that works, with nothing to say about it. */
export const openLane: Lane = { state: 'open' }

/** When the lane changes by itself (epoch ms); undefined where it does not, or that is not known. */
export function laneUntil(lane: Lane): number | undefined {
  return 'until' in lane ? lane.until : undefined
}

/** How a lane is stored. */
export interface LaneColumns {
  readonly state: string
  readonly until: number | null
  readonly reason: string | null
}

const ownReasons: { readonly [State in LaneState]: ReadonlySet<string> } = {
  open: new Set<LaneReasons['open']>([
    'released',
    'archived',
    'archived-away',
    'deletion-waits',
    'stored-differently',
  ]),
  backoff: new Set(['moving']),
  'in-doubt': new Set(['unknown-outcome']),
  waiting: new Set<LaneReasons['waiting']>([
    'reference',
    'first-load',
    'candidate',
    'evidence',
    'no-evidence',
    'duplicate',
    'reappeared',
    'rejoining',
  ]),
  rejected: new Set(['refused', 'rule']),
  held: new Set<LaneReasons['held']>([
    'guard',
    'delete-guard',
    'update-delete',
    'no-evidence',
    'no-key',
    'duplicate',
    'restored',
    'lost',
  ]),
  quarantined: new Set(),
}

/**
 * Failures give their error code. Only its form is checked: an earlier version may have had codes that this
 * one has not.
 */
const errorCode = /^[A-Z][A-Z0-9_]*$/
const givesErrorCodes: ReadonlySet<LaneState> = new Set(['backoff', 'in-doubt', 'rejected', 'quarantined'])
const needsUntil: ReadonlySet<LaneState> = new Set(['backoff', 'in-doubt'])
const takesUntil: ReadonlySet<LaneState> = new Set(['backoff', 'in-doubt', 'waiting'])
const needsReason: ReadonlySet<LaneState> = new Set(['backoff', 'in-doubt', 'waiting', 'held', 'quarantined'])

/**
 * Makes a lane of its columns.
 *
 * @param where names the member in the error
 * @throws STORE_ROW_INVALID when no version of Isthmus stores such a row
 */
export function readLane({ state, until, reason }: LaneColumns, where: string): Lane {
  const problem = problemOf({ state, until, reason })
  if (problem !== undefined) {
    throw new IsthmusError('STORE_ROW_INVALID', `the lane of ${where} can't be read: ${problem}`)
  }
  // The checks above are what the union says.
  return {
    state,
    ...(reason === null ? {} : { reason }),
    ...(until === null ? {} : { until }),
  } as Lane
}

function problemOf({ state, until, reason }: LaneColumns): string | undefined {
  if (!isLaneState(state)) return `it is in state "${state}", which does not exist`
  if (until === null && needsUntil.has(state)) return `it is in state "${state}" without an end`
  if (until !== null && !takesUntil.has(state)) return `it is in state "${state}", which has no end, but ends`
  if (reason === null)
    return needsReason.has(state) ? `it is in state "${state}" without a reason` : undefined
  return isReasonOf(state, reason) ? undefined : `"${reason}" is no reason of state "${state}"`
}

function isLaneState(state: string): state is LaneState {
  return Object.hasOwn(ownReasons, state)
}

function isReasonOf(state: LaneState, reason: string): boolean {
  if (ownReasons[state].has(reason)) return true
  if (givesErrorCodes.has(state) && errorCode.test(reason)) return true
  // A lane keeps its reason when the outcome of a write becomes unknown.
  return state === 'in-doubt' && Object.values(ownReasons).some((reasons) => reasons.has(reason))
}
