/**
 * Starts a manual sync or full run, and waits for the work that it caused. Works together with other
 * processes of the integration.
 */
import type { PlaceFilter, PlaceResult, RecordKey } from '../engine/intake/by-hand.ts'
import type { IsthmusRuntime } from './create-runtime.ts'

export type SyncRequest =
  | { readonly what: 'sync' | 'full'; readonly filter: PlaceFilter }
  | { readonly what: 'record'; readonly key: RecordKey }

/**
 * Determines which records to process and marks them; workers, in this or other processes, do the rest.
 *
 * @throws ENGINE_UNKNOWN_PLACE · ENGINE_UNKNOWN_RECORD
 */
export async function markNow(
  runtime: IsthmusRuntime,
  request: SyncRequest,
  signal: AbortSignal,
): Promise<readonly PlaceResult[]> {
  const { byHand } = runtime
  if (request.what === 'record') {
    await byHand.syncRecord(request.key)
    return []
  }
  if (request.what === 'full') return await byHand.runFull(request.filter, signal)
  return await byHand.syncEverything(request.filter, signal)
}

/** Numbers of records with pending work in the queue. */
export interface Queue {
  /** Due now or being processed by a worker. */
  readonly active: number
  /** Postponed: back-off, a write to be verified, an unavailable system. */
  readonly waiting: number
}

/**
 * How waiting ended.
 *
 * - `quiet`: nothing is due · `waiting`: the remaining records wait for something, without progress ·
 *   `timeout` · `stopped`
 */
export interface Waited {
  readonly outcome: 'quiet' | 'waiting' | 'timeout' | 'stopped'
  readonly queue: Queue
}

export interface WaitOptions {
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called a few times per second. */
  readonly onProgress: (queue: Queue) => void
  /** Called when no process runs a worker any more. */
  readonly onAbandoned: () => void
}

const lookEveryMs = 250
/** Records that become due within this time belong to the same run. */
const soonMs = 5_000
/**
 * If records are postponed repeatedly for this long without any of them being completed, they wait for
 * something outside of our control.
 */
const stillMs = 10_000

/** Waits until nothing is due, here and in other processes. */
export async function waitUntilQuiet(runtime: IsthmusRuntime, options: WaitOptions): Promise<Waited> {
  const { store } = runtime
  const startedAt = performance.now()
  let best = Number.POSITIVE_INFINITY
  let movedAt = startedAt
  for (;;) {
    const { queue: counts, workers, now } = await store.admin.status()
    const queue = { active: counts.due + counts.running, waiting: counts.waiting }
    const left = queue.active + queue.waiting
    const at = performance.now()
    if (left < best || queue.active > 0) movedAt = at
    best = Math.min(best, left)
    options.onProgress(queue)
    if (options.signal.aborted) return { outcome: 'stopped', queue }
    if (queue.active === 0) {
      const next = await store.nextDue()
      if (next === undefined || next > now + soonMs)
        return { outcome: left === 0 ? 'quiet' : 'waiting', queue }
      if (at - movedAt > stillMs) return { outcome: 'waiting', queue }
    }
    if (at - startedAt > options.timeoutMs) return { outcome: 'timeout', queue }
    if (workers === 0) options.onAbandoned()
    await pause(options.signal)
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, lookEveryMs)
    signal.addEventListener('abort', finish, { once: true })
  })
}
