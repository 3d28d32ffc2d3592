/**
 * Reads the state from the store and evaluates it.
 *
 * Transient conditions, such as the time between two workers during a restart, are reported only if a second
 * check finds them as well. Conditions that the store has counted over time, such as failed reads, have
 * already been observed more than once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type StatusResource, toStatusResource } from '../../api/status.ts'
import { watchPlaces } from '../../engine/schedule/watch.ts'
import { defaultWatch } from '../../model/definition/compile-watch.ts'
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'
import type { HealthReason, ReasonCode } from '../../model/health/contract.ts'
import type { Integration } from '../../model/integration.ts'
import type { AdminStore } from '../../store/admin-contract.ts'
import { createNextCron } from '../cron.ts'

/** Reasons that need a second check. */
const confirmedByRereading: ReadonlySet<ReasonCode> = new Set(['no-worker', 'read-old', 'compare-old'])
const secondLookAfterMs = 1_500
/** A probe writes, so it is not repeated for each viewer and each second. */
const probeEveryMs = 5_000

/** Reads the status across all processes of an integration. */
export interface StatusReader {
  /** @throws STORE_* when the database does not respond */
  read(): Promise<StatusResource>
}

/** What the status is computed from. */
export interface StatusReaderOptions {
  readonly integration: Integration
  readonly admin: Pick<AdminStore, 'status' | 'checkWritable' | 'auditProtection'>
}

/** Creates a reader. A reader that is called repeatedly remembers which conditions it has seen twice. */
export function createStatusReader({ integration, admin }: StatusReaderOptions): StatusReader {
  const nextCron = createNextCron()
  const writable = createWritableCheck(admin)
  let established: ReadonlySet<string> = new Set()

  const readOnce = async (): Promise<StatusResource> => {
    const problem = await writable()
    const databaseProblem =
      problem === undefined ? undefined : { code: problem.code, message: problem.message }
    const counts = await admin.status()
    const feeds = new Map(
      counts.health.places.map(({ system, entity, feed }) => [JSON.stringify([system, entity]), feed]),
    )
    const watch = watchPlaces({
      integration,
      nextCron,
      now: counts.now,
      hasFeed: (system, entity) => feeds.get(JSON.stringify([system, entity])),
    })
    const { staleAfterMs } = integration.watch ?? defaultWatch
    const protection = await admin.auditProtection()
    return toStatusResource(
      {
        integration,
        watch,
        protection,
        staleAfterMs,
        ...(databaseProblem === undefined ? {} : { databaseProblem }),
      },
      counts,
    )
  }

  return {
    read: async () => {
      const first = await readOnce()
      const news = momentary(first).filter((key) => !established.has(key))
      if (news.length > 0) await sleep(secondLookAfterMs)
      const status = news.length > 0 ? await readOnce() : first
      established = new Set(momentary(status))
      return status
    },
  }
}

function momentary({ reasons }: StatusResource): readonly string[] {
  return reasons.filter(({ code }) => confirmedByRereading.has(code)).map(keyOf)
}

function keyOf({ code, system, entity }: HealthReason): string {
  return JSON.stringify([code, system, entity])
}

export interface DatabaseProblem {
  readonly code: string
  readonly message: string
  readonly error: IsthmusError
}

/**
 * Returns why the database accepts no writes, checked at most every few seconds; undefined if it accepts
 * them.
 */
export function createWritableCheck(
  admin: Pick<AdminStore, 'checkWritable'>,
): () => Promise<DatabaseProblem | undefined> {
  let known: { readonly at: number; readonly response: Promise<DatabaseProblem | undefined> } | undefined
  return () => {
    if (known === undefined || performance.now() - known.at > probeEveryMs) {
      known = { at: performance.now(), response: probe(admin) }
    }
    return known.response
  }
}

async function probe(admin: Pick<AdminStore, 'checkWritable'>): Promise<DatabaseProblem | undefined> {
  try {
    await admin.checkWritable()
    return undefined
  } catch (error) {
    const known = isIsthmusError(error)
      ? error
      : new IsthmusError('STORE_UNAVAILABLE', 'the database does not respond', { cause: error })
    return { code: known.code, message: known.message, error: known }
  }
}
