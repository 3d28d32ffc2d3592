/** An engine: the context that all its parts share, and the worker that runs passes. */
import type { ConnectedSystem } from '../connectors/kit/contract.ts'
import type { EmitEvent } from '../model/events.ts'
import type { Integration } from '../model/integration.ts'
import type { Binding, Store } from '../store/contract.ts'
import { createBatchedStore } from './batched-store.ts'
import type { EngineContext, IntakeContext } from './context.ts'
import { isBaselineDone } from './intake/baseline.ts'
import { createPlaceReads } from './intake/place-reads.ts'
import { createRuns, type Runs } from './intake/runs.ts'
import { createMemory } from './memory.ts'
import { createFinder } from './observe/finder.ts'
import { createLensBook } from './observe/lens-book.ts'
import { createReader } from './observe/reader.ts'
import { placeOf } from './place.ts'
import type { Clock, Random, SystemGate } from './ports.ts'
import { createGate } from './protect/circuit.ts'
import { createFirstLoads } from './protect/first-loads.ts'
import { OutageWatch } from './protect/outage-watch.ts'
import { createTimeouts } from './protect/timeouts.ts'
import { type EngineSettings, engineDefaults, leaseFor } from './settings.ts'
import { Worker } from './worker.ts'
import { createAnsweredCreates } from './write/answered-creates.ts'
import { createWriter } from './write/batch.ts'

/** Dependencies of an engine. */
export interface EngineOptions {
  readonly integration: Integration
  /** Migrated and bound to the integration. */
  readonly store: Store
  /**
   * The result of binding the definition. @default the engine works whatever is bound, and replaces no base
   */
  readonly binding?: Pick<Binding, 'epoch' | 'lenses'>
  /** Every system of the integration, connected. */
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly clock: Clock
  readonly random: Random
  readonly emit: EmitEvent
  /** The polls and full runs of this process; evidence for creates shares them. @default its own */
  readonly runs?: Runs
  /** @default engineDefaults */
  readonly settings?: Partial<EngineSettings>
}

/** One engine; several processes may run one each on the same store. */
export interface Engine {
  readonly context: EngineContext
  /** The polls and full runs of this process. */
  readonly runs: Runs
  /** Records in progress. */
  readonly inFlight: number
  start(): void
  /** Claims no more records, waits for those in progress, and ends its session. */
  stop(): Promise<void>
  /** Notifies this worker and those of other processes that something fell due. */
  wake(): void
  /** Called when another definition has been bound: permanently stops claiming records. */
  supersede(): void
  /**
   * Resolves when nothing is in progress and nothing is due now; records that wait for a later time don't
   * count.
   */
  idle(): Promise<void>
  /** Claims once and runs those records to their end, without the loops of `start`. Returns their number. */
  runOnce(): Promise<number>
}

/** Composes an engine. Nothing runs before {@link Engine.start}. */
export function createEngine(options: EngineOptions): Engine {
  const outages = new OutageWatch(() => context)
  const wake = (): void => {
    worker.wake()
    options.store.wake()
  }
  const { integration, systems, store, clock, random, emit } = options
  const intake: IntakeContext = { integration, systems, store, clock, random, emit, wake }
  const runs = options.runs ?? createRuns(intake)
  const placeReads = createPlaceReads(intake, runs)
  const context: EngineContext = { ...engineParts(options, outages), placeReads, wake }
  const worker: Worker = new Worker(context)
  return {
    context,
    runs,
    get inFlight() {
      return worker.inFlight
    },
    start: () => {
      outages.start()
      worker.start()
    },
    stop: async () => {
      placeReads.stop()
      await Promise.all([worker.stop(), outages.stop()])
    },
    wake,
    supersede: () => worker.supersede(),
    idle: () => worker.idle(),
    runOnce: () => worker.runOnce(),
  }
}

function engineParts(
  options: EngineOptions,
  outages: OutageWatch,
): Omit<EngineContext, 'wake' | 'placeReads'> {
  const { integration, store, systems, clock, random, emit, binding } = options
  const settings: EngineSettings = { ...engineDefaults, leaseMs: leaseFor(integration), ...options.settings }
  const timeouts = createTimeouts(clock)
  const known = binding === undefined ? {} : { lenses: createLensBook(binding.lenses) }
  const batched = createBatchedStore({ store, clock, settings })
  const gates = new Map<string, SystemGate>()
  for (const { name, timing } of integration.systems.values()) {
    gates.set(
      name,
      createGate({
        system: name,
        concurrency: timing.concurrency,
        clock,
        random,
        emit,
        timeouts,
        onClosed: (failure, until) => outages.closed(name, failure, until),
        onOpened: () => outages.opened(name),
      }),
    )
  }
  return {
    integration,
    ...known,
    ...(binding === undefined ? {} : { binding: binding.epoch }),
    store: batched,
    memory: createMemory(),
    systems,
    gates,
    read: createReader({ integration, systems, gates, clock, timeouts, settings }),
    find: createFinder({ integration, systems, gates, clock, timeouts, settings }),
    answeredCreates: createAnsweredCreates(),
    firstLoads: createFirstLoads({ store, clock, integration, systems }),
    writer: createWriter({ integration, systems, gates, clock, timeouts, settings }),
    baselineDone: rememberTrue((system, entity) =>
      isBaselineDone({ store, ...known }, placeOf({ integration, systems }, system, entity)),
    ),
    timeouts,
    clock,
    random,
    emit,
    settings,
  }
}

/** Caches results that can't become false again. */
function rememberTrue(
  ask: (system: string, entity: string) => Promise<boolean>,
): (system: string, entity: string) => Promise<boolean> {
  const known = new Set<string>()
  return async (system, entity) => {
    const key = `${system}\n${entity}`
    if (known.has(key)) return true
    const response = await ask(system, entity)
    if (response) known.add(key)
    return response
  }
}
