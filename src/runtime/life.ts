/**
 * Start and stop of a process's roles.
 *
 * States: *ready* → `start` → *running* → `stop` → *stopping* (no new work is accepted; passes and runs in
 * progress finish, leases are released) → *closed*. When another definition is bound: *running* →
 * *superseded* (accepts webhooks and serves requests, and does nothing else) → `stop`. Work that has not
 * finished in time is abandoned: its leases expire, and other workers continue from the committed state.
 */
import type { Engine } from '../engine/engine.ts'
import type { Scheduler } from '../engine/schedule/scheduler.ts'
import { untilSharedWakeUp } from '../model/shared-wake-up.ts'
import type { Store } from '../store/contract.ts'
import type { DatabaseClock } from './clock.ts'

/**
 * How often the bound definition is read. Workers detect another one with their next claim, for which the
 * binding wakes them.
 */
const ASK_EVERY_MS = { besideWorker: 30_000, otherwise: 2_000 }
/** How often the clock is aligned to the database's. */
const ALIGN_EVERY_MS = 30_000
/** Time limit for work in progress to finish. */
const STOP_WITHIN_MS = 30_000
/** If the database is permanently lost, work in progress can't finish. */
const LOST_WITHIN_MS = 2_000

/** The parts that are started and stopped. */
export interface LifeOptions {
  readonly clock: DatabaseClock
  readonly store: Store
  /** Epoch of the definition that this process works under. */
  readonly epoch: number
  /**
   * Called once when another definition is bound. The schedule and the other work have been signalled to end.
   */
  readonly onSuperseded: () => void
  /** If omitted, this process runs no passes. */
  readonly engine?: Engine
  /** If omitted, this process runs no schedule. */
  readonly scheduler?: Scheduler
  /** Further work of the process; ends when its signal aborts, and never rejects. */
  readonly beside?: (signal: AbortSignal) => Promise<void>
  /** Aborted when the database is permanently lost. */
  readonly lost: AbortSignal
  /** Closes connections and the store; called last. */
  readonly close: () => Promise<void>
}

/** Start and stop of a process; see the states above. */
export interface Life {
  readonly start: () => void
  /** Another definition is bound, as the worker has detected. */
  readonly supersede: () => void
  readonly stop: () => Promise<void>
}

/** Creates the lifecycle in state *ready*. */
export function createLifecycle(options: LifeOptions): Life {
  const { clock, store, onSuperseded, engine, scheduler, beside, lost, close } = options
  const ending = new AbortController()
  const superseded = new AbortController()
  let background: Promise<unknown> | undefined
  let stopped: Promise<void> | undefined

  const supersede = (): void => {
    if (superseded.signal.aborted) return
    superseded.abort()
    onSuperseded()
  }

  const start = (): void => {
    if (background !== undefined || ending.signal.aborted) return
    const { signal } = ending
    const bound = AbortSignal.any([signal, superseded.signal])
    background = Promise.all([
      keepAligned(clock, store, signal),
      watchBinding(options, supersede, bound),
      scheduler?.run(bound),
      beside?.(bound),
    ])
    engine?.start()
  }

  const stop = async (): Promise<void> => {
    ending.abort()
    const done = new AbortController()
    const work = Promise.allSettled([engine?.stop(), background])
    await Promise.race([work, clock.sleep(lost.aborted ? LOST_WITHIN_MS : STOP_WITHIN_MS, done.signal)])
    if (lost.aborted) await Promise.race([close(), clock.sleep(LOST_WITHIN_MS, done.signal)])
    else await close()
    done.abort()
  }

  return {
    start,
    supersede,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Clocks drift apart; horizons and leases must not. */
async function keepAligned(clock: DatabaseClock, store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(untilSharedWakeUp(ALIGN_EVERY_MS, clock.monotonic()), signal)
    if (signal.aborted) return
    // The worker reports an unavailable database; the clock continues with its own ticks.
    await clock.align(() => store.now()).catch(() => undefined)
  }
}

/** Calls `superseded` once when the bound epoch differs from ours; ends with the signal. Never rejects. */
async function watchBinding(
  { clock, store, epoch, engine }: Pick<LifeOptions, 'clock' | 'store' | 'epoch' | 'engine'>,
  superseded: () => void,
  signal: AbortSignal,
): Promise<void> {
  const everyMs = engine === undefined ? ASK_EVERY_MS.otherwise : ASK_EVERY_MS.besideWorker
  while (!signal.aborted) {
    await clock.sleep(untilSharedWakeUp(everyMs, clock.monotonic()), signal)
    if (signal.aborted) return
    // The worker reports an unavailable database.
    const bound = await store.bindingEpoch().catch(() => epoch)
    if (bound !== epoch) {
      superseded()
      return
    }
  }
}
