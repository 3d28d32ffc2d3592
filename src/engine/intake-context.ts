/** What the intake side works with: everything that finds out *which* records to look at. It needs no worker in the same process. */
import type { Store } from '../store/contract.ts'
import type { EngineContext } from './context.ts'

export interface IntakeContext
  extends Pick<EngineContext, 'integration' | 'systems' | 'clock' | 'random' | 'emit' | 'lenses'> {
  readonly store: Store
  /** Tells the workers, here and in other processes, that records fell due. Cheap; called after each commit that marked something. */
  readonly wake: () => void
}
