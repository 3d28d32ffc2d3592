/**
 * The polls and full runs of this process: at most one of each per place at a time. Who asks while one is going on gets its result, since
 * two lists of the same records at once cost the system twice and tell nothing more.
 */

import { type FullRunRequest, type FullRunResult, runFull } from './full-run.ts'
import type { IntakeContext } from './intake-context.ts'
import { type PollRequest, type PollResult, pollChanges } from './poll.ts'

export interface Runs {
  full(request: FullRunRequest): Promise<FullRunResult>
  poll(request: PollRequest): Promise<PollResult>
}

/** Creates the registry of a process's runs. */
export function createRuns(context: IntakeContext): Runs {
  const fullRuns = new Map<string, Promise<FullRunResult>>()
  const polls = new Map<string, Promise<PollResult>>()
  const full = (request: FullRunRequest): Promise<FullRunResult> =>
    joinOrStart(fullRuns, request, () => runFull(context, request))
  return {
    full,
    poll: (request) => joinOrStart(polls, request, () => pollChanges(context, request, full)),
  }
}

function joinOrStart<T>(
  going: Map<string, Promise<T>>,
  place: { readonly system: string; readonly entity: string },
  start: () => Promise<T>,
): Promise<T> {
  const key = JSON.stringify([place.system, place.entity])
  const joined = going.get(key)
  if (joined !== undefined) return joined
  const started = start().finally(() => going.delete(key))
  going.set(key, started)
  return started
}
