/** In-memory systems, a memory store and one or more real engines on virtual time: minutes pass in milliseconds, deterministically. */

import type { IntakeContext } from '../../../src/engine/context.ts'
import { createEngine, type Engine } from '../../../src/engine/engine.ts'
import { createRuns, type Runs } from '../../../src/engine/intake/runs.ts'
import type { Clock } from '../../../src/engine/ports.ts'
import type { DomainEvent } from '../../../src/model/events.ts'
import type { Integration } from '../../../src/model/integration.ts'
import { createClearCodec } from '../../../src/store/clear-codec.ts'
import { MemoryStore } from '../../../src/store/memory/memory-store.ts'
import { Scheduler } from '../../simulation/scheduler.ts'
import type { MemorySystem } from './memory-system.ts'

export class MemoryWorld {
  readonly time: Scheduler
  readonly clock: Clock
  readonly store: MemoryStore
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, MemorySystem>
  readonly events: DomainEvent[] = []
  readonly engines: Engine[] = []
  readonly context: IntakeContext
  readonly runs: Runs
  #ids = 0
  #chance = 12_345

  /** `earlier`: a world whose store and time continue under another definition; its engines are stopped. */
  constructor(
    integration: Integration,
    systems: readonly MemorySystem[],
    engines = 1,
    earlier?: MemoryWorld,
  ) {
    this.integration = integration
    this.time = earlier?.time ?? new Scheduler(1_000_000_000_000)
    if (earlier !== undefined) this.#ids = 1_000_000
    this.systems = new Map(systems.map((system) => [system.name, system]))
    const time = this.time
    this.clock = {
      now: () => time.now,
      monotonic: () => time.now,
      defer: (task) => time.defer(task),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve()
          signal?.addEventListener('abort', () => resolve(), { once: true })
          time.after(ms, resolve)
        }),
    }
    const uuid = (): string => this.#uuid()
    this.store =
      earlier?.store ??
      new MemoryStore({
        now: () => time.now,
        uuid,
        codec: createClearCodec(new Uint8Array(32).fill(7)),
      })
    const random = { next: () => this.#next(), uuid }
    const emit = (event: DomainEvent): void => void this.events.push(event)
    const { clock, store } = this
    for (let count = 0; count < engines; count += 1) {
      this.engines.push(createEngine({ integration, store, systems: this.systems, clock, random, emit }))
    }
    this.context = {
      integration,
      systems: this.systems,
      store,
      clock,
      random,
      emit,
      wake: () => {
        for (const engine of this.engines) engine.wake()
      },
    }
    this.runs = createRuns(this.context)
  }

  start(): void {
    for (const engine of this.engines) engine.start()
  }

  async pass(ms: number): Promise<void> {
    await this.time.run(this.time.now + ms)
  }

  /** Advances virtual time until the work is done; fails the test when an hour of it is not enough. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let done = false
    const marked = work.finally(() => {
      done = true
    })
    marked.catch(() => undefined)
    for (let step = 0; !done && step < 36_000; step += 1) await this.pass(100)
    if (!done) throw new TypeError('an hour of virtual time was not enough')
    return marked
  }

  full(system: string): ReturnType<Runs['full']> {
    const signal = new AbortController().signal
    return this.finish(this.runs.full({ system, entity: 'thing', kind: 'full', priority: 'batch', signal }))
  }

  poll(system: string): ReturnType<Runs['poll']> {
    const signal = new AbortController().signal
    return this.finish(this.runs.poll({ system, entity: 'thing', priority: 'batch', signal }))
  }

  /** Lists every system, repeatedly until its baseline is complete; then lets the engines work. */
  async load(): Promise<void> {
    for (const system of this.systems.keys()) {
      await this.full(system)
      if (this.systems.get(system)?.capabilities.list.paging === 'offset') await this.full(system)
    }
    await this.pass(60_000)
  }

  async mark(system: string, nativeId: string): Promise<void> {
    await this.store.intake([{ marks: [{ system, entity: 'thing', nativeId, force: true }] }])
    this.context.wake()
  }

  system(name: string): MemorySystem {
    const system = this.systems.get(name)
    if (system === undefined) throw new TypeError(`no twin is called ${name}`)
    return system
  }

  heard<Type extends DomainEvent['type']>(type: Type): Extract<DomainEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<DomainEvent, { type: Type }> => event.type === type)
  }

  async holds() {
    return (await this.store.admin.holds({ limit: 200 })).rows
  }

  async detail(system: string, nativeId: string) {
    return this.store.admin.record({ system, entity: 'thing', nativeId })
  }

  #uuid(): string {
    this.#ids += 1
    const time = this.time.now.toString(16).padStart(12, '0')
    const tail = this.#ids.toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`
  }

  #next(): number {
    this.#chance = (this.#chance * 1_103_515_245 + 12_345) % 2_147_483_648
    return this.#chance / 2_147_483_648
  }
}
