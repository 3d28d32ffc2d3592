/**
 * The scheduler: polls, cron full runs, periodic full runs and the first one of each listable place.
 *
 * Any number of processes may run one; the store lets a single one own the schedule, for a bounded time that
 * it keeps renewing. An owner that stalls loses it, and concurrent work of two owners is harmless: marks are
 * idempotent, and a cursor is never ahead of unmarked changes.
 *
 * States of a job: *waiting* (due at a time) → *running* → *waiting* again, after its interval when it
 * succeeded and after a jittered back-off when it failed; a first full run that completed is *over*.
 */
import type { ErrorCode } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import { untilSharedWakeUp } from '../../model/shared-wake-up.ts'
import type { IntakeContext } from '../context.ts'
import { isBaselineDone } from '../intake/baseline.ts'
import { listFirst } from '../intake/first-list.ts'
import type { FullRunResult } from '../intake/full-run.ts'
import type { HealthNotes } from '../intake/health.ts'
import type { Runs } from '../intake/runs.ts'
import { allPlaces, hasFeed, isListable, type Place, placeOf } from '../place.ts'
import type { Clock } from '../ports.ts'
import { type JobFailure, retryDelay } from '../protect/backoff.ts'
import { createWakeSignal, type WakeSignal } from '../wake-signal.ts'
import { placeOlderRecords, readThroughNewLenses } from './place-records.ts'
import { RETENTION_EVERY_MS, removeOld } from './retention.ts'
import { FULL_EVERY_MS, firstDue, type Job, type NextCron, nextDue } from './schedule.ts'

/** An owner that has not renewed for this long has lost the schedule: its process has died or is stuck. */
const OWN_TTL_MS = 30_000
/** The longest the scheduler sleeps: ownership is renewed once this much of it is over. */
const TICK_MS_MAX = Math.floor(OWN_TTL_MS / 3)

/** Runs the schedule while this process owns it. */
export interface Scheduler {
  /**
   * Runs until the signal aborts; resolves when its running jobs have stopped. Never rejects: failed work is
   * retried.
   */
  run(signal: AbortSignal): Promise<void>
}

/** What the schedule starts, and how it reads cron expressions. */
export interface SchedulerOptions {
  readonly runs: Runs
  readonly nextCron: NextCron
  /** Where the time of each place's next read is recorded. @default nowhere */
  readonly health?: Pick<HealthNotes, 'next'>
}

interface Slot {
  readonly job: Job
  dueAt: number
  failures: number
  running: boolean
}

/** Creates the scheduler of one process. */
export function createScheduler(context: IntakeContext, options: SchedulerOptions): Scheduler {
  return { run: (signal) => runSchedule(context, options, signal) }
}

async function runSchedule(
  context: IntakeContext,
  options: SchedulerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, store, emit } = context
  const owner = random.uuid()
  const running = new Set<Promise<void>>()
  // Signalled by a job that ends: its new due time may be before the end of a sleep that was planned without
  // it.
  const wakeSignal = createWakeSignal(clock)
  signal.addEventListener('abort', () => wakeSignal.ring(), { once: true })
  let slots: Slot[] | undefined
  const ownership = createOwnership(context, owner)
  while (!signal.aborted) {
    let waitMs = untilSharedWakeUp(TICK_MS_MAX, clock.monotonic())
    try {
      if (await ownership.isOurs()) {
        slots ??= await planSlots(context, options.nextCron)
        noteNext(options, slots)
        for (const slot of slots) startIfDue(context, options, { slot, running, wakeSignal, signal })
        slots = slots.filter((slot) => slot.running || slot.dueAt !== Number.POSITIVE_INFINITY)
        waitMs = timeToNext(slots, clock)
      } else {
        // Planned again when this process regains the schedule: another process owned it meanwhile.
        slots = undefined
      }
    } catch (error) {
      emit({ type: 'StoreFailed', operation: 'schedule', code: codeOf(error) })
    }
    await wakeSignal.wait(waitMs)
  }
  ownership.end()
  await Promise.all(running)
  // Released so that the next owner does not wait for the time to elapse; if this fails, it only waits.
  await store.ownSchedule(owner, 0).catch(() => false)
}

interface Ownership {
  /** Takes the schedule, or renews it when that is due. */
  isOurs(): Promise<boolean>
  end(): void
}

/**
 * A loop that a job has woken does not renew what was renewed a moment ago. A wake-up of another process may
 * mean that the work was paused, which ends the ownership: it is verified before the next job then.
 */
function createOwnership({ clock, store }: IntakeContext, owner: string): Ownership {
  let renewedAt = Number.NEGATIVE_INFINITY
  const end = store.onWake(() => {
    renewedAt = Number.NEGATIVE_INFINITY
  })
  return {
    isOurs: async () => {
      const now = clock.monotonic()
      // A tick begins a little early where timers do; a renewal that is left out is made in the next one.
      if (now - renewedAt < TICK_MS_MAX - 50) return true
      renewedAt = Number.NEGATIVE_INFINITY
      if (!(await store.ownSchedule(owner, OWN_TTL_MS))) return false
      renewedAt = now
      return true
    },
    end,
  }
}

/** Records when each place is read next, by whichever of its jobs is first. */
function noteNext({ health }: SchedulerOptions, slots: readonly Slot[]): void {
  if (health === undefined) return
  const times = new Map<string, { readonly job: Job; readonly at: number }>()
  const placeOfJob = ({ system, entity }: Job): string => JSON.stringify([system, entity])
  // Of a place that is being read, the next time is known when that has ended.
  const beingRead = new Set(
    slots.flatMap(({ job, running }) => (running && readsPlace(job) ? [placeOfJob(job)] : [])),
  )
  for (const { job, dueAt } of slots) {
    const key = placeOfJob(job)
    if (beingRead.has(key) || !readsPlace(job) || !Number.isFinite(dueAt)) continue
    if (dueAt < (times.get(key)?.at ?? Number.POSITIVE_INFINITY)) times.set(key, { job, at: dueAt })
  }
  for (const { job, at } of times.values()) health.next(job.system, job.entity, at)
}

function readsPlace({ system, work }: Job): boolean {
  return system !== '' && work.kind !== 'placing'
}

function timeToNext(slots: readonly Slot[], clock: Clock): number {
  const now = clock.now()
  const waits = slots.filter((slot) => !slot.running).map((slot) => slot.dueAt - now)
  // A job that ends meanwhile is planned within the tick; the minimum keeps a clock that does not advance
  // from causing a busy loop.
  return Math.max(10, Math.min(untilSharedWakeUp(TICK_MS_MAX, clock.monotonic()), ...waits))
}

interface Start {
  readonly slot: Slot
  readonly running: Set<Promise<void>>
  readonly wakeSignal: WakeSignal
  readonly signal: AbortSignal
}

/** The code of the original error: a full disk is not a failure of the schedule. */
function codeOf(error: unknown): ErrorCode {
  return isIsthmusError(error) ? error.code : 'ENGINE_SCHEDULE_FAILED'
}

function startIfDue(context: IntakeContext, options: SchedulerOptions, start: Start): void {
  const { slot, running, wakeSignal, signal } = start
  if (slot.running || slot.dueAt > context.clock.now()) return
  slot.running = true
  const work = doJob(context, options, slot, signal)
    .catch((error: unknown) => {
      slot.failures += 1
      slot.dueAt = context.clock.now() + retryDelay(slot.failures, context.random.next())
      context.emit({ type: 'StoreFailed', operation: slot.job.key, code: codeOf(error) })
    })
    .finally(() => {
      slot.running = false
      running.delete(work)
      wakeSignal.ring()
    })
  running.add(work)
}

async function doJob(
  context: IntakeContext,
  options: SchedulerOptions,
  slot: Slot,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, store } = context
  const startedAt = clock.now()
  const outcome = await perform(context, options.runs, slot.job, signal)
  if (outcome.kind === 'failed') {
    slot.failures += 1
    slot.dueAt = clock.now() + retryDelay(slot.failures, random.next(), outcome)
    return
  }
  slot.failures = 0
  if (outcome.kind === 'again') {
    slot.dueAt = clock.now()
    return
  }
  if (isRemembered(slot.job)) {
    await store.saveScheduled(slot.job.key, startedAt)
  }
  slot.dueAt = nextDue(slot.job, startedAt, random.next(), options.nextCron) ?? Number.POSITIVE_INFINITY
}

type JobOutcome = { readonly kind: 'done' | 'again' } | ({ readonly kind: 'failed' } & JobFailure)

async function perform(
  context: IntakeContext,
  runs: Runs,
  job: Job,
  signal: AbortSignal,
): Promise<JobOutcome> {
  if (job.work.kind === 'retention') {
    await removeOld(context, signal)
    return { kind: 'done' }
  }
  const request = { system: job.system, entity: job.entity, priority: 'batch', signal } as const
  if (job.work.kind === 'poll') {
    const result = await runs.poll(request)
    if (result.kind === 'failed') return result
    return { kind: result.kind === 'more' ? 'again' : 'done' }
  }
  if (job.work.kind === 'baseline') {
    const place = placeOf(context, job.system, job.entity)
    if (await isBaselineDone(context, place)) return { kind: 'done' }
    const result = await listFirst(context, runs, place, { ...request, kind: 'full' })
    return (await isBaselineDone(context, place)) ? { kind: 'done' } : failedRun(result)
  }
  if (job.work.kind === 'placing') {
    await placeOlderRecords(context, job, signal)
    return { kind: 'done' }
  }
  if (job.work.kind === 'lenses') {
    return { kind: (await readThroughNewLenses(context, { runs, job, signal })) ? 'done' : 'failed' }
  }
  const result = await runs.full({ ...request, kind: 'full' })
  return result.ended ? { kind: 'done' } : failedRun(result)
}

function failedRun({ unreachable = false, retryAfterMs }: FullRunResult): JobOutcome {
  return { kind: 'failed', unreachable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

async function planSlots(context: IntakeContext, nextCron: NextCron): Promise<Slot[]> {
  const slots: Slot[] = []
  for (const job of [...allPlaces(context).flatMap(planJobs), retentionJob]) {
    const last = await context.store.lastScheduled(job.key)
    const now = context.clock.now()
    if (last === undefined && isRemembered(job)) {
      // From here on a missed run is detected as missed.
      await context.store.saveScheduled(job.key, now)
    }
    const dueAt = firstDue(job, now, last, context.random.next(), nextCron)
    if (dueAt !== undefined) slots.push({ job, dueAt, failures: 0, running: false })
  }
  return slots
}

const retentionJob: Job = {
  key: 'retention',
  system: '',
  entity: '',
  work: { kind: 'retention', everyMs: RETENTION_EVERY_MS },
}

/** True when the last run is remembered across restarts and processes. */
function isRemembered({ work }: Job): boolean {
  return work.kind === 'cron' || work.kind === 'full' || work.kind === 'retention'
}

/** The jobs of one place: those of its triggers, and those that every place has. */
export function planJobs(place: Place): readonly Job[] {
  const { system } = place
  const entity = place.entity.name
  const jobs: Job[] = []
  const add = (name: string, work: Job['work']): void => {
    jobs.push({ key: `${name}:${system}:${entity}`, system, entity, work })
  }
  add('placing', { kind: 'placing' })
  add('lenses', { kind: 'lenses' })
  const listable = isListable(place)
  if (listable) add('baseline', { kind: 'baseline' })
  for (const trigger of place.part.triggers) {
    if (trigger.kind === 'poll' && (listable || hasFeed(place))) {
      add('poll', { kind: 'poll', everyMs: trigger.everyMs })
    }
    if (trigger.kind === 'full' && listable) add(`cron ${trigger.cron}`, { kind: 'cron', cron: trigger.cron })
  }
  const listsAnyway = place.part.triggers.some(
    (trigger) => trigger.kind === 'full' || (trigger.kind === 'poll' && !hasFeed(place)),
  )
  if (listable && !listsAnyway) add('full', { kind: 'full', everyMs: FULL_EVERY_MS })
  return jobs
}
