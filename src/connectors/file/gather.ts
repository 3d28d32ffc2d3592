/** Collects writes close in time, so that they share one file or one rewriting of it. */
import type { WriteResult } from '../kit/contract.ts'

/** A waiting write, with its result. */
interface Waiting<Item> {
  readonly item: Item
  readonly settle: (result: WriteResult) => void
}

export interface GatherOptions<Item> {
  /** How long the first one waits for others, milliseconds. */
  readonly gatherMs: number
  /** Executes a batch; one result per item, in order. Must not throw. */
  readonly run: (items: readonly Item[]) => Promise<readonly WriteResult[]>
}

const batchMax = 2_000
const waitingMax = 20_000

const full: WriteResult = {
  kind: 'not-sent',
  failure: { code: 'FILE_BUSY', message: 'Too many writes wait for their file.', scope: 'system' },
}
const lost: WriteResult = {
  kind: 'unknown',
  failure: { code: 'FILE_FAILED', message: 'A write of a batch has no result.', scope: 'record' },
}

/** One batch at a time; items that arrive in the meantime form the next one. */
export function gatherer<Item>(options: GatherOptions<Item>): (item: Item) => Promise<WriteResult> {
  let waiting: Waiting<Item>[] = []
  let isWorking = false
  const work = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, options.gatherMs))
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax)
      waiting = waiting.slice(batchMax)
      const results = await options.run(batch.map(({ item }) => item)).catch(() => [])
      for (const [index, { settle }] of batch.entries()) settle(results[index] ?? lost)
    }
  }
  const start = (): void => {
    if (isWorking) return
    isWorking = true
    void work().finally(() => {
      isWorking = false
      // Items that arrived while the last batch was being completed.
      if (waiting.length > 0) start()
    })
  }
  return (item) => {
    if (waiting.length >= waitingMax) return Promise.resolve(full)
    return new Promise((settle) => {
      waiting.push({ item, settle })
      start()
    })
  }
}
