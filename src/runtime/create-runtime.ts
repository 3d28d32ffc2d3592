/**
 * The composition root: creates a running Isthmus from a definition, settings and roles.
 *
 * Everything is wired here and nowhere else. A process may have any of the roles; processes of one
 * integration coordinate only through the database, so a second one needs only the same definition and
 * `DATABASE_URL`.
 */
import { dirname } from 'node:path'
import type { ConnectedSystem, WebhookDelivery } from '../connectors/kit/contract.ts'
import type { Connector, ConnectorDependencies } from '../connectors/kit/define-connector.ts'
import { connectSystem } from '../connectors/registry.ts'
import type { IntakeContext } from '../engine/context.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import { type ByHand, createByHand } from '../engine/intake/by-hand.ts'
import { createHealthNotes } from '../engine/intake/health.ts'
import { createRuns } from '../engine/intake/runs.ts'
import { createSubscriptions } from '../engine/intake/subscription.ts'
import { createWebhookIntake, type WebhookResponse } from '../engine/intake/webhook.ts'
import { createLensBook } from '../engine/observe/lens-book.ts'
import { createScheduler } from '../engine/schedule/scheduler.ts'
import type { EngineSettings } from '../engine/settings.ts'
import { type IsthmusError, isIsthmusError, UsageError } from '../model/errors.ts'
import type { DomainEvent } from '../model/events.ts'
import type { Integration } from '../model/integration.ts'
import type { LensChange } from '../model/lens/describe-changes.ts'
import type { Store } from '../store/contract.ts'
import { type BoundDefinition, bindDefinition } from './bind-definition.ts'
import { requireRunnable } from './check/require-runnable.ts'
import { createClock, type DatabaseClock } from './clock.ts'
import type { Settings } from './config.ts'
import { createNextCron } from './cron.ts'
import { createDriftWatch, type DriftWatch } from './drift/drift-watch.ts'
import { type PausableIntegration, pausable } from './drift/paused-fields.ts'
import { createEventBus, type EventBus } from './event-bus.ts'
import { createLifecycle } from './life.ts'
import type { LoadedDefinition } from './load-definition.ts'
import { type OpenStore, openStore } from './open-store.ts'
import { createRandom } from './random.ts'
import { noteSystems } from './status/note-systems.ts'
import { createStatusReader, createWritableCheck, type StatusReader } from './status/status-reader.ts'
import { retryWhileUnavailable } from './wait-for-database.ts'

/**
 * The roles of a process.
 *
 * - `intake`: accepts webhooks · `worker`: runs passes · `scheduler`: polls and full runs (one process at a
 *   time owns the schedule)
 * - `web`: shows the status page and the admin API
 */
export const roles = ['intake', 'worker', 'scheduler', 'web'] as const
/** One of {@link roles}. */
export type Role = (typeof roles)[number]

/** Options for creating a process. */
export interface RuntimeOptions {
  /** The definition, as returned by {@link loadDefinition}. */
  readonly loaded: LoadedDefinition
  /** Settings of the process, as returned by {@link readSettings}. */
  readonly settings: Settings
  /** @default all */
  readonly roles?: readonly Role[]
  /** Further connectors, which take precedence over built-in ones of the same name. @default none */
  readonly connectors?: readonly Connector[]
  /** Bounds of the engine. @default engineDefaults */
  readonly engine?: Partial<EngineSettings>
  /** Receives all events, including those during startup; more listeners may subscribe later. */
  readonly onEvent?: (event: DomainEvent) => void
  /** Called for every request that is sent. Must not throw. */
  readonly onAttempt?: ConnectorDependencies['onAttempt']
  /**
   * An open store for tests. The runtime migrates it but does not close it. @default opened from the settings
   */
  readonly store?: Store
}

/** One process of an integration. */
export interface IsthmusRuntime {
  /** The compiled definition. */
  readonly integration: Integration
  /** Changes that the definition causes for existing records. */
  readonly changes: readonly LensChange[]
  /** The roles of this process. */
  readonly roles: ReadonlySet<Role>
  /** The store behind the process. Its shape is not part of the API and may change in any version. */
  readonly store: Store
  /** The connected systems, by name. */
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  /** Domain events of this process. */
  readonly events: EventBus
  /** Syncs and full runs that a person starts. */
  readonly byHand: ByHand
  /** The engine itself. Its shape is not part of the API and may change in any version. */
  readonly engine: Engine
  /** Accepts a webhook delivery; throws when it can't be committed, so that the sender retries. */
  receive(system: string, delivery: WebhookDelivery): Promise<WebhookResponse>
  /** Reads the status across all processes. */
  readonly status: StatusReader
  /**
   * Throws when this process can't do its work because the database accepts no writes, so that no delivery
   * can be accepted. The state of the systems is not considered: an unavailable system must not stop the
   * intake of the others.
   */
  checkReady(): Promise<void>
  /**
   * Aborts with the reason when the private database is permanently lost, for instance because its directory
   * was deleted: no more work is possible.
   */
  readonly lost: AbortSignal
  /** Epoch ms on the database's clock. */
  now(): number
  /** Starts the work of the roles. */
  start(): void
  /** Resolves when no record is being processed and none is due now. */
  idle(): Promise<void>
  /**
   * Accepts no new work, finishes work in progress, releases leases, and closes everything. May be called
   * again.
   */
  stop(): Promise<void>
}

/**
 * Opens the store, connects the systems and composes the engine. No work is done before {@link
 * IsthmusRuntime.start}.
 *
 * It refuses the same definitions as `isthmus start`, with the same check: one that requires operations that
 * its systems don't support, or that does not accept an existing race window.
 *
 * @throws DEFINITION_INVALID (all findings by `findingsOf`) · CONFIG_SECRET_MISSING for a definition loaded
 *   without its secrets · errors from opening the store, binding it or connecting a system; everything is
 *   closed in that case
 */
export async function createRuntime(options: RuntimeOptions): Promise<IsthmusRuntime> {
  const { loaded, settings } = options
  const { integration } = loaded
  const events = createEventBus()
  if (options.onEvent !== undefined) events.subscribe(options.onEvent)
  const open =
    options.store === undefined
      ? await openStore(settings, integration.id, {
          hiding: integration,
          onProblem: ({ code }) => {
            events.emit({ type: 'StoreFailed', operation: 'embedded database', code })
          },
          onKeyCreated: (file) => events.emit({ type: 'MasterKeyCreated', file }),
        })
      : { store: options.store, isPrivate: false, lost: new AbortController().signal, close: async () => {} }
  const { store } = open
  const systems = new Map<string, ConnectedSystem>()
  try {
    const clock = createClock()
    connectAll(options, { clock, open }, systems)
    // This check comes before any access to the store: a refused definition must not become the bound one.
    requireRunnable(loaded, systems)
    await retryWhileUnavailable(() => store.migrate(), open)
    // From here on, processes with another definition stop.
    const bound = await bindDefinition(store, loaded)
    emitBound(events, integration, bound)
    await clock.align(() => store.now())
    const runtime = compose({ options, open, systems, events, clock, bound, pausable: pausable(integration) })
    await runtime.watch.prepare()
    return runtime.isthmus
  } catch (error) {
    await closeAll(systems, open)
    throw error
  }
}

function connectAll(
  options: RuntimeOptions,
  { clock, open }: { readonly clock: DatabaseClock; readonly open: OpenStore },
  systems: Map<string, ConnectedSystem>,
): void {
  const { loaded, connectors, onAttempt } = options
  const { tokens, buckets } = open
  const dependencies: ConnectorDependencies = {
    clock,
    baseDirectory: dirname(loaded.source),
    ...(tokens === undefined ? {} : { tokens }),
    ...(buckets === undefined ? {} : { buckets }),
    ...(onAttempt === undefined ? {} : { onAttempt }),
  }
  const refused: IsthmusError[] = []
  for (const settings of loaded.integration.systems.values()) {
    try {
      systems.set(settings.name, connectSystem(settings, dependencies, connectors))
    } catch (error) {
      if (!isIsthmusError(error)) throw error
      refused.push(error)
    }
  }
  const [first, ...others] = refused
  if (first === undefined) return
  if (others.length === 0) throw first
  // Several systems may have an invalid configuration: all problems are reported together.
  const problems = refused.map(({ code, message }) => `${message} (${code})`)
  throw new UsageError(first.code, problems.join('\n  '), { cause: first, details: { problems } })
}

async function closeAll(systems: ReadonlyMap<string, ConnectedSystem>, open: OpenStore): Promise<void> {
  await Promise.allSettled([...systems.values()].map((system) => system.close()))
  await open.close()
}

function emitBound(events: EventBus, { version }: Integration, { binding, changes }: BoundDefinition): void {
  const { previous } = binding
  if (previous === undefined || previous === version) return
  const messages = changes.map(({ message }) => message)
  events.emit({ type: 'DefinitionBound', version, previous, changes: messages })
}

interface Parts {
  readonly options: RuntimeOptions
  readonly open: OpenStore
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly events: EventBus
  readonly clock: DatabaseClock
  readonly bound: BoundDefinition
  readonly pausable: PausableIntegration
}

interface Composed {
  readonly context: IntakeContext
  readonly taken: ReadonlySet<Role>
  readonly engine: Engine
  readonly runs: ReturnType<typeof createRuns>
  readonly life: ReturnType<typeof createLifecycle>
}

function compose(parts: Parts): { readonly isthmus: IsthmusRuntime; readonly watch: DriftWatch } {
  const { options, open, systems, events, clock, bound, pausable } = parts
  const { store } = open
  const { integration } = pausable
  const random = createRandom(clock)
  const context: IntakeContext = {
    integration,
    systems,
    store,
    clock,
    random,
    emit: events.emit,
    lenses: createLensBook(bound.binding.lenses),
    wake: () => engine.wake(),
  }
  const health = createHealthNotes(context)
  events.subscribe(noteSystems(health))
  const runs = createRuns(context, health)
  const engine: Engine = createEngine({
    integration,
    store,
    systems,
    clock,
    random,
    emit: events.emit,
    binding: bound.binding,
    runs,
    ...(options.engine === undefined ? {} : { settings: options.engine }),
  })
  const taken = new Set(options.roles ?? roles)
  const watch = createDriftWatch({
    policy: options.loaded.definition.drift ?? 'propose',
    pausable,
    systems,
    store,
    clock,
    emit: events.emit,
    enabled: taken.has('scheduler'),
    wake: () => engine.wake(),
  })
  const subscriptions = taken.has('intake') ? createSubscriptions(context, runs) : undefined
  const scheduler = createScheduler(context, { runs, nextCron: createNextCron(), health })
  const life = createLifecycle({
    clock,
    store,
    epoch: bound.binding.epoch,
    onSuperseded: () => engine.supersede(),
    beside: async (signal) => {
      await Promise.all([health.declare(), watch.run(signal), subscriptions?.run(signal)])
    },
    lost: open.lost,
    close: () => closeAll(systems, open),
    ...(taken.has('worker') ? { engine } : {}),
    ...(taken.has('scheduler') ? { scheduler } : {}),
  })
  events.subscribe(({ type }) => {
    if (type === 'DefinitionSuperseded') life.supersede()
  })
  return { isthmus: runtimeOf(parts, { context, taken, engine, runs, life }), watch }
}

/** The parts that {@link createRuntime} returns to its caller. */
function runtimeOf(
  { open, systems, events, clock, bound, pausable }: Parts,
  { context, taken, engine, runs, life }: Composed,
): IsthmusRuntime {
  const { store, lost } = open
  const { integration } = pausable
  return {
    integration,
    changes: bound.changes,
    roles: taken,
    store,
    systems,
    events,
    engine,
    byHand: createByHand(context, runs),
    receive: taken.has('intake') ? createWebhookIntake(context).receive : async () => ({ kind: 'unknown' }),
    status: createStatusReader({ integration, admin: store.admin }),
    checkReady: readyCheck(store),
    lost,
    now: () => clock.now(),
    start: life.start,
    idle: () => engine.idle(),
    stop: life.stop,
  }
}

function readyCheck(store: Store): () => Promise<void> {
  const writable = createWritableCheck(store.admin)
  return async () => {
    await store.now()
    const problem = await writable()
    if (problem !== undefined) throw problem.error
  }
}
