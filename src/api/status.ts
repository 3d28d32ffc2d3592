/**
 * The status resource of the API, which the status page, the CLI and later the dashboard show. Contains no
 * record values.
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
import { counted, openForPeople, openInWords } from '../model/health/words.ts'
import { describeRunEnd, runNeedsPerson } from '../model/run-reasons.ts'
import type { StatusCounts, SystemCounts } from '../store/admin-contract.ts'
import type { AuditProtection } from '../store/audit-contract.ts'

/** The last known state of one entity in one system. Times are epoch milliseconds. */
export interface PlaceResource {
  readonly system: string
  readonly entity: string
  readonly state: HealthState
  readonly reasons: readonly HealthReason[]
  /** Information that does not affect the state. */
  readonly notes: readonly string[]
  readonly linked: number
  /** When it was last read completely, or a webhook arrived. */
  readonly lastHeardAt?: number
  readonly lastReadMs?: number
  /** When all records there were last compared and no known record was missing. */
  readonly lastComparedAt?: number
  /** Why it can't be read now. */
  readonly error?: NonNullable<PlaceHealth['failing']> & { readonly failures: number }
  readonly nextTryAt?: number
  /** No call is sent to the system before this time. */
  readonly pausedUntil?: number
  readonly backlog: { readonly count: number; readonly since?: number }
  /** Delayed records. */
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
  /** One sentence for the user: whether everything is in agreement, and if not, what the problem is. */
  readonly summary: string
  readonly state: HealthState
  /** Everything that prevents the state `agreed`, most severe first. */
  readonly reasons: readonly HealthReason[]
  readonly places: readonly PlaceResource[]
  readonly database: {
    readonly writable: boolean
    readonly problem?: { readonly code: string; readonly message: string }
  }
  readonly paused?: NonNullable<StatusCounts['paused']>
  /** How far the audit trail is protected against somebody who can write to the database. */
  readonly protection: {
    readonly rows: 'append-only' | 'tamper-evident only'
    readonly end: 'anchored' | 'not protected'
    readonly anchoredAt?: number
  }
  readonly counts: Omit<StatusCounts, 'health' | 'paused'>
  /**
   * Places whose last full run needs a decision: an empty list despite known records, another account, or an
   * aborted list.
   */
  readonly doubts: readonly {
    readonly system: string
    readonly entity: string
    readonly reason: string
  }[]
}

/** Inputs of a status in addition to the counts. */
export interface StatusInput {
  readonly integration: { readonly id: string; readonly version: string }
  /** What the definition requires for each of its places. */
  readonly watch: readonly PlaceWatch[]
  readonly staleAfterMs: number
  /** @default as in a store of its own process, which nothing protects */
  readonly protection?: AuditProtection
  /** Why the database accepts no writes; undefined if it accepts them. */
  readonly databaseProblem?: { readonly code: string; readonly message: string }
}

/** Evaluates the counts and renders them as a resource. */
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
    return run !== undefined && runNeedsPerson(run)
      ? [{ system, entity, reason: describeRunEnd(run) ?? '' }]
      : []
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
    protection: protectionOf(input.protection),
    counts: rest,
    doubts,
  }
}

function protectionOf(given: AuditProtection = { appendOnly: false }): StatusResource['protection'] {
  const { appendOnly, anchoredAt } = given
  return {
    rows: appendOnly ? 'append-only' : 'tamper-evident only',
    ...(anchoredAt === undefined ? { end: 'not protected' } : { end: 'anchored', anchoredAt }),
  }
}

function factsOf({ system, entity }: PlaceWatch, { systems, health }: StatusCounts): PlaceFacts {
  const here = (other: { readonly system: string; readonly entity: string }) =>
    other.system === system && other.entity === entity
  const counts = systems.find(here)
  const known = health.places.find(here)
  // A store from before places had notes contains at least its complete runs.
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

/** The result of a run is valid until another one has ended, not only until one begins. */
function endedRunOf({ lastEnded, lastRun }: SystemCounts): SystemCounts['lastRun'] {
  return lastEnded ?? lastRun
}

type PlaceDescription = Omit<PlaceResource, 'state' | 'reasons' | 'notes'>

function describePlace(watch: PlaceWatch, facts: PlaceFacts, now: number): PlaceDescription {
  const { system, entity } = watch
  const { health } = facts
  const heard = heardAt(watch, facts)
  const paused = facts.system?.paused
  const pausedUntil = paused === undefined || paused.until <= now ? undefined : paused.until
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
    // What is due while no call is sent waits for the end of that.
    ...(health?.nextAt === undefined ? {} : { nextTryAt: Math.max(health.nextAt, pausedUntil ?? 0) }),
    ...(pausedUntil === undefined ? {} : { pausedUntil }),
  }
}

/**
 * Builds the summary sentence: a list of everything that is open for decisions; for other problems, the first
 * one and the number of the others.
 */
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
      return `No problem is known, but not everything is watched: ${firstOf(reasons, state)}.`
    case 'never-seen':
      return `The state is not known yet: ${firstOf(reasons, state)}.`
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
  // Open decisions are already in the list; they are the reason why lanes are closed.
  const covered: ReadonlySet<ReasonCode> = new Set(
    needs.length > 0 ? ['open', 'list-in-doubt', 'lanes-closed'] : [],
  )
  const others = reasons.filter(({ state, code }) => state === 'attention' && !covered.has(code))
  const verb = openForPeople(counts.open) + doubtful === 1 ? 'needs' : 'need'
  const people = needs.length === 0 ? '' : `${needs.join(', ')} ${verb} a decision`
  if (others.length === 0) return `${people}; everything else continues.`
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
