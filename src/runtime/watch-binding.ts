/** Detects in processes of every role that another definition was bound. */
import type { Clock } from '../engine/ports.ts'
import type { Store } from '../store/contract.ts'

/** Workers detect it with their next claim; this interval is for processes without workers. */
const ASK_EVERY_MS = 2_000

/** Calls `superseded` once when the bound epoch differs from ours; ends with the signal. Never rejects. */
export async function watchBinding(
  { clock, store, epoch }: { readonly clock: Clock; readonly store: Store; readonly epoch: number },
  superseded: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(ASK_EVERY_MS, signal)
    if (signal.aborted) return
    // The worker reports an unavailable database.
    const bound = await store.bindingEpoch().catch(() => epoch)
    if (bound !== epoch) {
      superseded()
      return
    }
  }
}
