/** The store as a pass sees it: one record at a time, while hundreds of passes share each statement. */
import type { ReferenceQuery, Store, Unstorable } from '../store/contract.ts'
import { createBatcher, type Submit } from './batcher.ts'
import type { BatchedStore, Clock } from './ports.ts'
import type { EngineSettings } from './settings.ts'

/** The underlying store, and the bounds of its group commits. */
export interface BatchedStoreOptions {
  readonly store: Store
  readonly clock: Pick<Clock, 'defer' | 'monotonic' | 'sleep'>
  readonly settings: Pick<EngineSettings, 'batchMax' | 'queueMax'>
}

/** A commit costs about the same for one record as for ten. */
const spacing = { from: 4, ms: 8 }

/** Wraps a store in a {@link BatchedStore}. */
export function createBatchedStore({ store, clock, settings }: BatchedStoreOptions): BatchedStore {
  const batch = <In, Out>(name: string, run: (items: readonly In[]) => Promise<readonly Out[]>) =>
    createBatcher({ name, clock, run, spacing, batchMax: settings.batchMax, queueMax: settings.queueMax })
  const mark = batch<{ recordId: string; systems: readonly string[] }, void>('markRecords', async (marks) => {
    await store.markRecords(marks.map((one) => ({ ...one, cause: 'record' as const })))
    return marks.map(() => undefined)
  })

  return {
    direct: store,
    decide: orThrow(batch('decide', (items) => store.decide(items))),
    settle: orThrow(batch('settle', (items) => store.settle(items))),
    match: orThrow(batch('match', (items) => store.match(items))),
    attach: orThrow(batch('attach', (items) => store.attach(items))),
    resolveReference: batch('resolveReferences', (items: readonly ReferenceQuery[]) =>
      store.resolveReferences(items),
    ),
    reserve: batch('reserveChanges', (items) => store.reserveChanges(items)),
    markRecord: (item) => mark({ recordId: item.recordId, systems: item.systems }),
  }
}

/**
 * The pass over the record ends with the error that the database has with it; the other items of the batch
 * don't notice.
 */
function orThrow<In, Out>(submit: Submit<In, Out | Unstorable>): Submit<In, Out> {
  return async (item) => {
    const result = await submit(item)
    if (isUnstorable(result)) throw result.error
    return result
  }
}

function isUnstorable<Out>(result: Out | Unstorable): result is Unstorable {
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'unstorable'
}
