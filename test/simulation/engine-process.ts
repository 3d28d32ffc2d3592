/** A simulated worker process: the real engine, its scheduler and its webhook intake, on the ports of one {@link SimProcess}. */
import type { ConnectedSystem, WebhookDelivery } from '../../src/connectors/kit/contract.ts'
import type { IntakeContext } from '../../src/engine/context.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { createHealthNotes } from '../../src/engine/intake/health.ts'
import { createRuns } from '../../src/engine/intake/runs.ts'
import { createWebhookIntake } from '../../src/engine/intake/webhook.ts'
import { createLensBook } from '../../src/engine/observe/lens-book.ts'
import { createScheduler } from '../../src/engine/schedule/scheduler.ts'
import type { DomainEvent } from '../../src/model/events.ts'
import type { Integration } from '../../src/model/integration.ts'
import { noteSystems } from '../../src/runtime/status/note-systems.ts'
import type { Binding, Lease, WorkerSession } from '../../src/store/contract.ts'
import type { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Chance } from './chance.ts'
import { chanceOf } from './kinds.ts'
import type { Oracle } from './oracle.ts'
import { SimProcess } from './process.ts'
import type { Scenario } from './scenario.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimSystem } from './sim-system.ts'
import { faceStore } from './store-face.ts'

export interface EngineProcessOptions {
  readonly name: string
  readonly scenario: Scenario
  /** The result of binding that definition. */
  readonly binding?: Binding
  /** The definition that this process was started with. */
  readonly integration: Integration
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly oracle: Oracle
  readonly store: MemoryStore
  readonly systems: ReadonlyMap<string, SimSystem>
  readonly leases: Map<string, Lease>
  readonly broken: ReadonlySet<string>
  readonly faulty: () => boolean
}

/** The content of a simulated system's webhook delivery. */
export interface SimDelivery {
  readonly id: string
  readonly system: string
  readonly entity: string
  readonly nativeId: string
  readonly deleted: boolean
}

export interface EngineProcess {
  readonly name: string
  readonly alive: boolean
  readonly stalled: boolean
  stall(ms: number): void
  kill(): void
  /** Dies at the n-th await from now. */
  killAtAwait(n: number, onDeath: () => void): void
  /** Is suspended at the n-th await from now. */
  stallAtAwait(n: number, ms: number): void
  /** One full run of every place, immediately. */
  runFulls(): void
  /** Resolves when the delivery is committed. */
  receive(delivery: SimDelivery): Promise<void>
}

export function startEngineProcess(options: EngineProcessOptions): EngineProcess {
  const { scenario, integration, scheduler, chance, oracle, store } = options
  const slowness = scenario.kinds.has('slow-pass') ? chanceOf(scenario.seed, options.name) : undefined
  const process = new SimProcess(options.name, scheduler, chance, slowness)
  const sessions: WorkerSession[] = []
  const face = faceStore({
    ...options,
    process,
    notes: chanceOf(scenario.seed, `notes of ${options.name}`),
    onSession: (session) => sessions.push(session),
  })
  const systems = connectAll(options, process)
  // A clock that takes no time to read, regardless of the seed's kinds.
  const clock = { ...process.clock, now: () => scheduler.now, monotonic: () => scheduler.now }
  const health = createHealthNotes({ integration, systems, store: face, clock })
  const noteSystem = noteSystems(health)
  const emit = (event: DomainEvent): void => {
    scheduler.note(`${options.name} tells ${describe(event)}`)
    noteSystem(event)
  }
  const engine = createEngine({
    integration,
    store: face,
    systems,
    clock: process.clock,
    random: process.random,
    emit,
    ...(options.binding === undefined ? {} : { binding: options.binding }),
    settings: { leaseMs: scenario.leaseMs, leaseMarginMs: 500, inFlight: 16, missingReferenceMs: 20_000 },
  })
  const intakeContext: IntakeContext = {
    integration,
    systems,
    store: face,
    clock: process.clock,
    random: process.random,
    emit,
    ...(options.binding === undefined ? {} : { lenses: createLensBook(options.binding.lenses) }),
    wake: () => engine.wake(),
  }
  const runs = createRuns(intakeContext, health)
  const intake = createWebhookIntake(intakeContext)
  const stop = new AbortController()
  engine.start()
  void createScheduler(intakeContext, { runs, nextCron: () => undefined, health }).run(stop.signal)
  void health.declare()

  const kill = (): void => {
    process.kill()
    // The session's lock belongs to the connection: it is released as soon as the process has ended.
    for (const session of sessions) store.killWorker(session.id)
  }
  return {
    name: options.name,
    get alive() {
      return process.alive
    },
    get stalled() {
      return process.stalled
    },
    stall: (ms) => process.stall(ms),
    kill,
    killAtAwait(n, onDeath) {
      const target = process.awaits + n
      process.onAwait = (count) => {
        if (count < target || !process.alive) return
        kill()
        onDeath()
      }
    },
    stallAtAwait(n, ms) {
      const target = process.awaits + n
      process.onAwait = (count) => {
        if (count < target) return
        process.onAwait = undefined
        process.stall(ms)
      }
    },
    runFulls() {
      for (const entity of integration.entities.values())
        for (const system of entity.systems.keys())
          runs
            .full({ system, entity: entity.name, kind: 'full', priority: 'hand', signal: stop.signal })
            .catch((error: unknown) => scheduler.note(`${options.name} full run failed: ${String(error)}`))
    },
    async receive(delivery) {
      const body = new TextEncoder().encode(JSON.stringify(delivery))
      const response = await intake.receive(delivery.system, { headers: {}, body, receivedAt: scheduler.now })
      if (response.kind !== 'accepted')
        oracle.fail('INV-12', `the delivery ${delivery.id} was ${response.kind}`)
    },
  }
}

function connectAll(
  options: EngineProcessOptions,
  process: SimProcess,
): ReadonlyMap<string, ConnectedSystem> {
  return new Map(
    [...options.systems.values()].map((system) => [
      system.name,
      {
        ...system.connect(process),
        webhook: async (delivery: WebhookDelivery) => {
          const { id, entity, nativeId, deleted } = JSON.parse(
            new TextDecoder().decode(delivery.body),
          ) as SimDelivery
          const changed = [{ resource: entity, nativeId, ...(deleted && { deleted }) }]
          return { kind: 'accepted' as const, deliveryId: id, changed }
        },
      },
    ]),
  )
}

function describe(event: { readonly type: string }): string {
  const { type, ...facts } = event as Record<string, unknown>
  return `${String(type)} ${Object.values(facts).join(' ')}`
}
