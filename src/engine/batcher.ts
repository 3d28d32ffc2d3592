/**
 * Group commit: batches calls that carry one item each.
 *
 * While one batch is in flight the next collects; it closes in a later turn (`clock.defer`), so that
 * everything which became ready in the same turn shares a statement. An idle batcher sends one item at once;
 * one that keeps collecting several may be configured to leave a moment between its batches, so that more
 * items share the cost of a commit.
 */
import { IsthmusError, isIsthmusError } from '../model/errors.ts'
import type { Clock } from './ports.ts'

/** The batched function and its bounds. */
export interface BatcherOptions<In, Out> {
  /** A constant string for messages. */
  readonly name: string
  readonly clock: Pick<Clock, 'defer' | 'monotonic' | 'sleep'>
  /** One response per item, in the same order. */
  readonly run: (items: readonly In[]) => Promise<readonly Out[]>
  /** Items per batch. */
  readonly batchMax: number
  /** Items waiting; beyond it calls are refused with `ENGINE_BUSY`. */
  readonly queueMax: number
  /** Batches in flight. @default 1 */
  readonly parallel?: number
  /**
   * After a batch of `from` items or more, the next one begins `ms` after that one began, unless it is full
   * earlier. @default at once
   */
  readonly spacing?: { readonly from: number; readonly ms: number }
}

/** Submits one item; settles with its own response. */
export type Submit<In, Out> = (item: In) => Promise<Out>

interface Waiting<In, Out> {
  readonly item: In
  readonly resolve: (out: Out) => void
  readonly reject: (reason: unknown) => void
}

/** Makes the one-item function of a batch function. */
export function createBatcher<In, Out>(options: BatcherOptions<In, Out>): Submit<In, Out> {
  const { clock, batchMax, queueMax, name, spacing } = options
  const parallel = options.parallel ?? 1
  let waiting: Waiting<In, Out>[] = []
  let inFlight = 0
  let closing = false
  /** Until when further items are collected, on the monotonic clock. */
  let gatherUntil = 0

  const close = (): void => {
    closing = false
    while (inFlight < parallel && waiting.length > 0) {
      const batch = waiting.slice(0, batchMax)
      waiting = waiting.slice(batchMax)
      inFlight += 1
      gatherUntil = spacing !== undefined && batch.length >= spacing.from ? clock.monotonic() + spacing.ms : 0
      void response(options, batch).then(() => {
        inFlight -= 1
        schedule()
      })
    }
  }
  const schedule = (): void => {
    if (closing || inFlight >= parallel || waiting.length === 0) return
    closing = true
    const gatherMs = waiting.length >= batchMax ? 0 : gatherUntil - clock.monotonic()
    if (gatherMs < 1) clock.defer(close)
    else void clock.sleep(gatherMs).then(close)
  }

  return (item) =>
    new Promise<Out>((resolve, reject) => {
      if (waiting.length >= queueMax) {
        reject(new IsthmusError('ENGINE_BUSY', `${name}: ${queueMax} calls are already waiting.`))
        return
      }
      waiting.push({ item, resolve, reject })
      schedule()
    })
}

/** Runs one batch and settles each caller; never rejects. */
async function response<In, Out>(
  options: Pick<BatcherOptions<In, Out>, 'run' | 'name'>,
  batch: readonly Waiting<In, Out>[],
): Promise<void> {
  try {
    const results = await options.run(batch.map((entry) => entry.item))
    if (results.length !== batch.length) throw wrongCount(options.name, batch.length, results.length)
    // The check above guarantees a result for every index of the batch.
    batch.forEach((entry, index) => {
      entry.resolve(results[index] as Out)
    })
  } catch (error) {
    await failOrSplit(options, batch, error)
  }
}

/**
 * One invalid item must not fail the others (H33): after a failure that a retry can't resolve, the batch is
 * halved until the failing item is alone. A failure that may resolve (the store is unavailable) concerns the
 * whole batch, and its commit may even have happened: nothing is repeated here.
 */
async function failOrSplit<In, Out>(
  options: Pick<BatcherOptions<In, Out>, 'run' | 'name'>,
  batch: readonly Waiting<In, Out>[],
  error: unknown,
): Promise<void> {
  const splittable = batch.length > 1 && isIsthmusError(error) && error.retry === 'never'
  if (!splittable) {
    for (const entry of batch) entry.reject(error)
    return
  }
  const half = Math.ceil(batch.length / 2)
  await response(options, batch.slice(0, half))
  await response(options, batch.slice(half))
}

function wrongCount(name: string, asked: number, answered: number): IsthmusError {
  return new IsthmusError('INTERNAL', `${name}: ${answered} answers for ${asked} items.`)
}
