/**
 * The status resource of the wire: what the status page, the CLI and later the dashboard show. No record values.
 *
 * Its shape is documented in `docs/reference/status.md`.
 */
import type {
  HealthReason,
  HealthState,
  PlaceFacts,
  PlaceHealth,
  PlaceWatch,
  ReasonCode,
} from '../model/health/contract.ts'
import { judgeIntegration } from '../model/health/judge-integration.ts'
import { heardAt } from '../model/health/judge-place.ts'
import { counted, openInWords } from '../model/health/words.ts'
import { runNeedsPerson } from '../model/run-reasons.ts'
import type { StatusCounts, SystemCounts } from '../store/admin-contract.ts'

/** One entity in one system, as it was last seen. Times are epoch milliseconds. */
export interface PlaceResource {
  readonly system: string
  readonly entity: string
  readonly state: HealthState
  readonly reasons: readonly HealthReason[]
  /** Worth knowing; changes nothing about the state. */
  readonly notes: readonly string[]
  readonly linked: number
  /** When it was last read to the end, or heard of. */
  readonly lastHeardAt?: number
  readonly lastReadMs?: number
  /** When everything there was last compared and nothing known was missing. */
  readonly lastComparedAt?: number
  /** Why it can't be read now. */
  readonly error?: NonNullable<PlaceHealth['failing']> & { readonly failures: number }
  readonly nextTryAt?: number
  /** No call goes to the system before this. */
  readonly pausedUntil?: number
  readonly backlog: { readonly count: number; readonly since?: number }
  /** Records that something keeps from going on. */
  readonly delays: readonly {
    readonly lane: string
    readonly reason?: string
    readonly count: number
    readonly since?: number
  }[]
}

/** Counts and states at one moment. */
export interface StatusResource {
  readonly integration: string
  readonly version: string
  /** One sentence for a person: is everything in agreement, and if not, what is not so. */
  readonly summary: string
  readonly state: HealthState
  /** Everything that keeps the state from being `agreed`, weightiest first. */
  readonly reasons: readonly HealthReason[]
  readonly places: readonly PlaceResource[]
  readonly database: {
    readonly writable: boolean
    readonly problem?: { readonly code: string; readonly message: string }
  }
  readonly paused?: NonNullable<StatusCounts['paused']>
  readonly counts: Omit<StatusCounts, 'health' | 'paused'>
  /** Places whose last full run a person has to look at: an empty list where records are known, another account, a list that breaks off. */
  readonly doubts: readonly {
    readonly system: string
    readonly entity: string
    readonly reason: string
  }[]
}

/** What a status is made of, beside the counts. */
export interface StatusInput {
  readonly integration: { readonly id: string; readonly version: string }
  /** What the definition asks of each of its places. */
  readonly watch: readonly PlaceWatch[]
  readonly staleAfterMs: number
  /** Why the database takes no writes; undefined: it takes them. */
  readonly databaseProblem?: { readonly code: string; readonly message: string }
}

/** Judges the counts and renders them as a resource. */
export function toStatusResource(input: StatusInput, counts: StatusCounts): StatusResource {
  const { health, paused, ...rest } = counts
  const places = input.watch.map((watch) => ({ watch, facts: factsOf(watch, counts) }))
  const { databaseProblem } = input
  const verdict = judgeIntegration({
    now: counts.now,
    staleAfterMs: input.staleAfterMs,
    places,
    workers: counts.workers,
    open: counts.open,
    queue: counts.queue,
    ...(paused === undefined ? {} : { paused }),
    ...(databaseProblem === undefined ? {} : { databaseProblem }),
  })
  const doubts = counts.systems.flatMap((place) => {
    const { system, entity } = place
    const run = endedRunOf(place)
    return run !== undefined && runNeedsPerson(run) ? [{ system, entity, reason: run.reason ?? '' }] : []
  })
  return {
    integration: input.integration.id,
    version: input.integration.version,
    state: verdict.state,
    summary: summarise(verdict.state, verdict.reasons, counts),
    reasons: verdict.reasons,
    places: places.map(({ watch, facts }, index) => {
      const { state, reasons, notes } = verdict.places[index] ?? {
        state: 'never-seen',
        reasons: [],
        notes: [],
      }
      return { ...describePlace(watch, facts, counts.now), state, reasons, notes }
    }),
    database:
      databaseProblem === undefined ? { writable: true } : { writable: false, problem: databaseProblem },
    ...(paused === undefined ? {} : { paused }),
    counts: rest,
    doubts,
  }
}

function factsOf({ system, entity }: PlaceWatch, { systems, health }: StatusCounts): PlaceFacts {
  const here = (other: { readonly system: string; readonly entity: string }) =>
    other.system === system && other.entity === entity
  const counts = systems.find(here)
  const known = health.places.find(here)
  // A store that was filled before places had notes knows at least its complete runs.
  const comparedAt = known?.comparedAt ?? counts?.lastCompleteAt
  const seen = known ?? (counts?.lastCompleteAt === undefined ? undefined : { system, entity, failures: 0 })
  const lastRun = counts === undefined ? undefined : endedRunOf(counts)
  const whole = health.systems.find((other) => other.system === system)
  return {
    linked: counts?.linked ?? 0,
    delays: health.delays.filter(here),
    ...(seen === undefined
      ? {}
      : { health: { ...seen, ...(comparedAt === undefined ? {} : { comparedAt }) } }),
    ...(whole === undefined ? {} : { system: whole }),
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(counts?.backlog === undefined ? {} : { backlog: counts.backlog }),
  }
}

/** What a run found holds until another one has ended, not only until one begins. */
function endedRunOf({ lastEnded, lastRun }: SystemCounts): SystemCounts['lastRun'] {
  return lastEnded ?? lastRun
}

type PlaceDescription = Omit<PlaceResource, 'state' | 'reasons' | 'notes'>

function describePlace(watch: PlaceWatch, facts: PlaceFacts, now: number): PlaceDescription {
  const { system, entity } = watch
  const { health } = facts
  const heard = heardAt(watch, facts)
  const paused = facts.system?.paused
  return {
    system,
    entity,
    linked: facts.linked,
    backlog: facts.backlog ?? { count: 0 },
    delays: facts.delays.map(({ system: _system, entity: _entity, ...delay }) => delay),
    ...(heard === undefined ? {} : { lastHeardAt: heard }),
    ...(health?.readMs === undefined ? {} : { lastReadMs: health.readMs }),
    ...(health?.comparedAt === undefined ? {} : { lastComparedAt: health.comparedAt }),
    ...(health?.failing === undefined ? {} : { error: { ...health.failing, failures: health.failures } }),
    ...(health?.nextAt === undefined ? {} : { nextTryAt: health.nextAt }),
    ...(paused === undefined || paused.until <= now ? {} : { pausedUntil: paused.until }),
  }
}

/** One sentence. What is open for people comes in one list; of what else is wrong, the first, and how much more there is. */
function summarise(state: HealthState, reasons: readonly HealthReason[], counts: StatusCounts): string {
  const active = counts.records.active ?? 0
  const moving = counts.queue.due + counts.queue.running + counts.queue.waiting
  switch (state) {
    case 'agreed':
      return `${counted(active, 'record')} in agreement.`
    case 'working':
      return moving > 0
        ? `${counted(moving, 'record')} in progress, ${counted(active, 'record')} in all.`
        : `${firstOf(reasons, state)}; ${counted(active, 'record')} in all.`
    case 'unwatched':
      return `Nothing is known to be wrong, but not all is watched: ${firstOf(reasons, state)}.`
    case 'never-seen':
      return `Nothing can be said yet: ${firstOf(reasons, state)}.`
    case 'paused':
      return `${firstOf(reasons, state)}.`
    case 'attention':
      return attention(reasons, counts)
  }
}

function attention(reasons: readonly HealthReason[], counts: StatusCounts): string {
  const doubtful = reasons.filter(({ code }) => code === 'list-in-doubt').length
  const needs = openInWords(counts.open).map(({ words }) => words)
  if (doubtful > 0) needs.push(counted(doubtful, 'list in doubt', 'lists in doubt'))
  // What is open for people already stands in the list; lanes are closed because of it.
  const told: ReadonlySet<ReasonCode> = new Set(
    needs.length > 0 ? ['open', 'list-in-doubt', 'lanes-closed'] : [],
  )
  const others = reasons.filter(({ state, code }) => state === 'attention' && !told.has(code))
  const people = needs.length === 0 ? '' : `${needs.join(', ')} need a person`
  if (others.length === 0) return `${people}; everything else flows.`
  const more = others.length > 1 ? `, and ${others.length - 1} more` : ''
  const trouble = `${firstOf(others, 'attention')}${more}`
  return people === '' ? `${trouble}.` : `${trouble}; ${people}.`
}

function firstOf(reasons: readonly HealthReason[], state: HealthState): string {
  const first = reasons.find((reason) => reason.state === state)
  return first === undefined ? state : placed(first)
}

/** A reason with the place it is about. */
export function placed({ system, entity, message }: HealthReason): string {
  if (system === undefined) return message
  return `${entity === undefined ? system : `${entity} in ${system}`}: ${message}`
}
