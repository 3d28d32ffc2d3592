/** When the jobs of one place fall due. Pure arithmetic; the scheduler does the waiting. */

/**
 * Returns when a cron expression next falls due strictly after a time (epoch ms); undefined = never again.
 */
export type NextCron = (expression: string, after: number) => number | undefined

/** A recurring task at one place. */
export interface Job {
  /** Names the job in the store, across restarts and processes. */
  readonly key: string
  readonly system: string
  readonly entity: string
  readonly work:
    | { readonly kind: 'poll'; readonly everyMs: number }
    | { readonly kind: 'cron'; readonly cron: string }
    /**
     * A regular full run that the definition does not configure: without one, a lost webhook would be lost
     * permanently.
     */
    | { readonly kind: 'full'; readonly everyMs: number }
    /** The first full run; done once it has completed. */
    | { readonly kind: 'baseline' }
    /** Removes expired data; belongs to no place. */
    | { readonly kind: 'retention'; readonly everyMs: number }
    /** Once per definition: records created before the system joined their entity are propagated to it. */
    | { readonly kind: 'placing' }
    /** Once per lens set: records that were read through another one take new bases. */
    | { readonly kind: 'lenses' }
}

/**
 * Full runs of listable places that declare none: each record is compared at least this often, jitter aside.
 */
export const FULL_EVERY_MS = 24 * 3_600_000
/** Spread of cron runs, so that places with one expression don't all start in the same second. */
const CRON_SPREAD_MS = 5_000

/** A random time of 3/4 to 5/4 of the interval, so that places don't fall into step. */
export function jitterInterval(everyMs: number, random: number): number {
  return Math.round(everyMs * (0.75 + random / 2))
}

/**
 * When a job is due for the first time in this process (epoch ms); undefined = never.
 *
 * A periodic or cron run that fell due while no process was running is caught up once, immediately, however
 * many were missed.
 */
export function firstDue(
  job: Job,
  now: number,
  last: number | undefined,
  random: number,
  nextCron: NextCron,
): number | undefined {
  const { kind } = job.work
  if (kind === 'poll' || kind === 'baseline' || kind === 'placing' || kind === 'lenses') return now
  const due = nextDue(job, last ?? now, random, nextCron)
  return due === undefined ? undefined : Math.max(due, now)
}

/** When a job that was done at `last` is due again; undefined = never. */
export function nextDue(job: Job, last: number, random: number, nextCron: NextCron): number | undefined {
  switch (job.work.kind) {
    case 'poll':
    case 'full':
    case 'retention':
      return last + jitterInterval(job.work.everyMs, random)
    case 'cron': {
      const due = nextCron(job.work.cron, last)
      return due === undefined ? undefined : due + Math.round(random * CRON_SPREAD_MS)
    }
    case 'baseline':
    case 'placing':
    case 'lenses':
      return undefined
  }
}
