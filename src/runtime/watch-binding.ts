/** Notices that another definition is bound, in processes of every role. */
import type { Clock } from '../engine/ports.ts'
import type { Store } from '../store/contract.ts'

/** Workers notice with their next claim; this is for processes that run none. */
const ASK_EVERY_MS = 2_000

/** Calls `superseded` once when the bound epoch is another one than ours; ends with the signal. Never rejects. */
export async function watchBinding(
  { clock, store, epoch }: { readonly clock: Clock; readonly store: Store; readonly epoch: number },
  superseded: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(ASK_EVERY_MS, signal)
    if (signal.aborted) return
    // A database that is away is the worker's to tell.
    const bound = await store.bindingEpoch().catch(() => epoch)
    if (bound !== epoch) {
      superseded()
      return
    }
  }
}
