/**
 * The polls and full runs of this process: at most one of each per place at a time. A request made while one
 * is running gets its result, since two concurrent lists of the same records cost the system twice and add no
 * information.
 */

import type { IntakeContext } from '../context.ts'
import { type FullRunRequest, type FullRunResult, runFull } from './full-run.ts'
import type { HealthNotes } from './health.ts'
import { KnownFeeds, type PollRequest, type PollResult, pollChanges } from './poll.ts'

/** The reads of whole places that this process has in progress: at most one per place. */
export interface Runs {
  full(request: FullRunRequest): Promise<FullRunResult>
  poll(request: PollRequest): Promise<PollResult>
  /** Returns when the newest complete poll of this process began (epoch ms); undefined = none yet. */
  lastPoll(system: string, entity: string): number | undefined
}

/** Creates the registry of a process's runs; their observations of places are recorded in `health`. */
export function createRuns(context: IntakeContext, health?: HealthNotes): Runs {
  const fullRuns = new Map<string, Promise<FullRunResult>>()
  const polls = new Map<string, Promise<PollResult>>()
  const feeds = new KnownFeeds()
  const timed = async <T>(
    request: { readonly system: string; readonly entity: string; readonly signal: AbortSignal },
    work: () => Promise<T>,
  ) => {
    const { system, entity, signal } = request
    const startedAt = context.clock.monotonic()
    const result = await work()
    const ms = Math.round(context.clock.monotonic() - startedAt)
    return { result, read: { system, entity, ms, aborted: signal.aborted } }
  }
  const listOnce = (request: FullRunRequest): Promise<FullRunResult> =>
    joinOrStart(fullRuns, request, async () => {
      const { result, read } = await timed(request, () => runFull(context, request))
      health?.listed(read, result)
      return result
    })
  const full = async (request: FullRunRequest): Promise<FullRunResult> => {
    const joins = fullRuns.has(keyOf(request))
    const result = await listOnce(request)
    // A manual run reads missing records by id, which the joined run may not have done.
    const again = joins && request.priority === 'hand' && !result.complete && result.missing > 0
    return again && !request.signal.aborted ? await listOnce(request) : result
  }
  return {
    full,
    poll: (request) =>
      joinOrStart(polls, request, async () => {
        const { result, read } = await timed(request, () =>
          pollChanges(context, request, { list: full, feeds }),
        )
        health?.polled(read, result)
        return result
      }),
    lastPoll: (system, entity) => feeds.of(system, entity).readAt,
  }
}

function joinOrStart<T>(
  going: Map<string, Promise<T>>,
  place: { readonly system: string; readonly entity: string },
  start: () => Promise<T>,
): Promise<T> {
  const key = keyOf(place)
  const joined = going.get(key)
  if (joined !== undefined) return joined
  const started = start().finally(() => going.delete(key))
  going.set(key, started)
  return started
}

function keyOf({ system, entity }: { readonly system: string; readonly entity: string }): string {
  return JSON.stringify([system, entity])
}
