/** Shared state and dependencies of a running engine. */
import type { ConnectedSystem } from '../connectors/kit/contract.ts'
import type { EmitEvent } from '../model/events.ts'
import type { Integration } from '../model/integration.ts'
import type { Store } from '../store/contract.ts'
import type { EngineMemory } from './memory.ts'
import type {
  AnsweredCreates,
  BatchedStore,
  Clock,
  Find,
  FirstLoads,
  LensBook,
  PlaceReads,
  Random,
  ReadById,
  SystemGate,
  Timeouts,
  Writer,
} from './ports.ts'
import type { EngineSettings } from './settings.ts'

/** Everything that all passes of one engine share. */
export interface EngineContext {
  readonly integration: Integration
  /** Epoch under which this engine claims and decides. @default whatever is bound */
  readonly binding?: number
  /** Lens sets of the bound definition and of earlier ones. @default none: no base is ever replaced */
  readonly lenses?: LensBook
  readonly store: BatchedStore
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly gates: ReadonlyMap<string, SystemGate>
  readonly read: ReadById
  readonly find: Find
  readonly placeReads: PlaceReads
  readonly writer: Writer
  readonly answeredCreates: AnsweredCreates
  readonly firstLoads: FirstLoads
  /**
   * All records of this system were listed once, or can't be listed: a record without a counterpart is now
   * known to be new. A true result is cached.
   */
  readonly baselineDone: (system: string, entity: string) => Promise<boolean>
  readonly memory: EngineMemory
  readonly timeouts: Timeouts
  readonly clock: Clock
  readonly random: Random
  readonly emit: EmitEvent
  readonly settings: EngineSettings
  /** Called when something was marked: wakes this process's worker at once and other processes soon. */
  readonly wake: () => void
}

/**
 * Dependencies of the intake: everything that determines *which* records to read. It needs no worker in the
 * same process.
 */
export interface IntakeContext
  extends Pick<EngineContext, 'integration' | 'systems' | 'clock' | 'random' | 'emit' | 'lenses'> {
  readonly store: Store
  /**
   * Notifies the workers, here and in other processes, that records fell due. Cheap; called after each commit
   * that marked something.
   */
  readonly wake: () => void
}
