/** The verdict on the whole integration: its places, its open decisions, its workers and its database. */
import {
  byWeight,
  type HealthReason,
  type HealthVerdict,
  type PlaceFacts,
  type PlaceWatch,
  stateOf,
} from './contract.ts'
import { type JudgeClock, judgePlace } from './judge-place.ts'
import { counted, fixOf, openInWords } from './words.ts'

export interface IntegrationFacts extends JudgeClock {
  readonly places: readonly { readonly watch: PlaceWatch; readonly facts: PlaceFacts }[]
  /** Live workers of all processes. */
  readonly workers: number
  /** Why the database accepts no writes; undefined: it accepts them. */
  readonly databaseProblem?: { readonly code: string; readonly message: string }
  /** A person has paused the work. */
  readonly paused?: { readonly actor: string; readonly at: number; readonly reason?: string }
  /** Open rows by kind. */
  readonly open: Readonly<Record<string, number>>
  readonly queue: {
    readonly due: number
    readonly running: number
    readonly waiting: number
    /** How long the oldest identified record has had pending work. */
    readonly oldestSince?: number
  }
}

/** Evaluates the integration. Pure. */
export function judgeIntegration(facts: IntegrationFacts): HealthVerdict {
  const places = facts.places.map(({ watch, facts: known }) => ({
    system: watch.system,
    entity: watch.entity,
    ...judgePlace(watch, known, facts),
  }))
  const reasons = byWeight([
    ...judgePaused(facts),
    ...judgeDatabase(facts),
    ...judgeWorkers(facts),
    ...judgeOpen(facts),
    ...judgeQueue(facts),
    ...places.flatMap((place) => place.reasons),
  ])
  return { state: stateOf(reasons), reasons, places }
}

function judgePaused({ paused }: IntegrationFacts): HealthReason[] {
  if (paused === undefined) return []
  const why = paused.reason === undefined ? '' : `: ${paused.reason}`
  return [
    {
      code: 'paused',
      state: 'paused',
      message: `paused by ${paused.actor}${why}`,
      since: paused.at,
      action: 'isthmus resume',
    },
  ]
}

function judgeDatabase({ databaseProblem }: IntegrationFacts): HealthReason[] {
  if (databaseProblem === undefined) return []
  const action = fixOf(databaseProblem.code)
  return [
    {
      code: 'database-not-writable',
      state: 'attention',
      message: `the database accepts no writes: ${databaseProblem.message} (${databaseProblem.code})`,
      ...(action === undefined ? {} : { action }),
    },
  ]
}

function judgeWorkers({ workers, paused }: IntegrationFacts): HealthReason[] {
  if (workers > 0 || paused !== undefined) return []
  return [
    {
      code: 'no-worker',
      state: 'attention',
      message: 'no worker is running: changes are neither detected nor propagated',
      action: 'isthmus start',
    },
  ]
}

function judgeOpen({ open }: IntegrationFacts): HealthReason[] {
  return openInWords(open).map(({ words, action }) => ({
    code: 'open',
    state: 'attention',
    message: `${words} to decide`,
    action,
  }))
}

function judgeQueue({ queue, now, staleAfterMs }: IntegrationFacts): HealthReason[] {
  const moving = queue.due + queue.running + queue.waiting
  if (moving === 0) return []
  const since = queue.oldestSince
  const stale = since !== undefined && now - since > staleAfterMs
  return [
    {
      code: stale ? 'behind' : 'moving',
      state: stale ? 'attention' : 'working',
      message: stale
        ? `${counted(moving, 'record')} in progress, the oldest for longer than allowed`
        : `${counted(moving, 'record')} in progress`,
      ...(since === undefined ? {} : { since }),
      ...(stale ? { action: 'see the systems below for the cause, and run isthmus status again later' } : {}),
    },
  ]
}
