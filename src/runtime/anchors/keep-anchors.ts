/** Appends an anchor every minute while the process runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isIsthmusError } from '../../model/errors.ts'
import type { EmitEvent } from '../../model/events.ts'
import type { HeadsSince } from '../../store/audit-contract.ts'
import type { Store } from '../../store/contract.ts'
import { appendAnchor, readAnchors } from './anchor-file.ts'

const everyMs = 60_000
/**
 * Sequence numbers are given before their transactions are committed: lines below the largest that was seen may
 * still appear. No transaction lasts as many anchors as this.
 */
const overlap = 10

/** What keeping anchors requires. */
export interface AnchorOptions {
  readonly store: Pick<Store, 'admin' | 'now'>
  readonly file: string
  readonly emit: EmitEvent
  readonly signal: AbortSignal
  /** @default one minute */
  readonly everyMs?: number
}

/** Resolves when the signal aborts, after a last anchor. A sink that fails is reported, and tried again. */
export async function keepAnchors({ store, file, emit, signal, ...options }: AnchorOptions): Promise<void> {
  const starts: HeadsSince['upTo'][] = []
  for (;;) {
    const isLast = signal.aborted
    try {
      const [from = startOf(file)] = starts
      const since = await store.admin.headsSince(from)
      await appendAnchor(file, await store.now(), since)
      await store.admin.noteAnchor()
      starts.push(since.upTo)
      if (starts.length > overlap) starts.shift()
    } catch (error) {
      const code = isIsthmusError(error) ? error.code : 'ANCHOR_FAILED'
      emit({ type: 'StoreFailed', operation: 'anchors', code })
    }
    if (isLast) return
    await sleep(options.everyMs ?? everyMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Lines that the file names already need not be read again after a restart; some are, because of the overlap. */
function startOf(file: string): HeadsSince['upTo'] {
  const { upTo } = readAnchors(file)
  const rowsBack = 100_000
  return { journal: Math.max(0, upTo.journal - rowsBack), audit: Math.max(0, upTo.audit - rowsBack) }
}
