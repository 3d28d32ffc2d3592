/** Runs one seed from its first record to the verdict. */
import type { Integration } from '../../src/model/integration.ts'
import { lensSetsOf } from '../../src/runtime/bind-definition.ts'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import type { Binding, Lease } from '../../src/store/contract.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { Agreement } from './agreement.ts'
import { Chance } from './chance.ts'
import { Circumstances } from './circumstances.ts'
import { type EngineProcess, startEngineProcess } from './engine-process.ts'
import type { Violation } from './judges/judge.ts'
import type { KindChoice } from './kinds.ts'
import { Oracle } from './oracle.ts'
import { makeScenario, type Scenario } from './scenario.ts'
import { Scheduler } from './scheduler.ts'
import { checkSettled, type Excuses } from './settled.ts'
import type { World } from './sim-network.ts'
import { capabilitiesInWords, SimSystem } from './sim-system.ts'
import type { Tally } from './tally.ts'
import { Users } from './users.ts'

export interface SeedOptions {
  readonly keepTrace?: boolean
  /** Disabled protections: see `mutants.ts`. */
  readonly broken?: ReadonlySet<string>
  /** @default 'drawn' */
  readonly kinds?: KindChoice
  /** The run ends with the first violation. @default false */
  readonly stopAtFirst?: boolean
}

export interface SeedResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly hash: string
  readonly events: number
  readonly tally: Tally
  readonly excuses: ReadonlyMap<string, number>
  readonly trace: readonly string[]
}

const workers = 2

export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const simulation = new Simulation(seed, options)
  await simulation.run()
  return simulation.result()
}

class Simulation {
  readonly #seed: number
  readonly #chance: Chance
  readonly #scenario: Scenario
  readonly #scheduler: Scheduler
  readonly #systems = new Map<string, SimSystem>()
  readonly #oracle: Oracle
  readonly #store: MemoryStore
  #binding: Binding | undefined
  readonly #world: World
  readonly #leases = new Map<string, Lease>()
  readonly #processes: EngineProcess[] = []
  readonly #broken: ReadonlySet<string>
  /** The definition of processes that start now. */
  #integration: Integration
  readonly #isOver: () => boolean
  #excuses: Excuses = new Map()
  #born = 0

  constructor(seed: number, options: SeedOptions) {
    this.#seed = seed
    this.#chance = new Chance(seed)
    this.#broken = options.broken ?? new Set()
    this.#scenario = makeScenario(seed, this.#chance, {
      kinds: options.kinds ?? 'drawn',
      broken: this.#broken,
    })
    this.#integration = this.#scenario.integration
    this.#scheduler = new Scheduler(this.#scenario.start, { keepTrace: options.keepTrace ?? false })
    this.#oracle = new Oracle(this.#scenario, this.#scheduler, this.#systems)
    this.#isOver = () => options.stopAtFirst === true && this.#oracle.violations.length > 0
    const timing = [...this.#scenario.integration.systems.values()][0]?.timing
    this.#world = {
      scheduler: this.#scheduler,
      chance: this.#chance,
      watcher: this.#oracle,
      faulty: () => this.#scheduler.now < this.#scenario.faultsUntil,
      broken: this.#broken,
      kinds: this.#scenario.kinds,
      readTimeoutMs: timing?.readTimeoutMs ?? 1000,
      writeTimeoutMs: timing?.writeTimeoutMs ?? 1000,
    }
    const entities = [...this.#scenario.integration.entities.keys()]
    for (const traits of this.#scenario.systems)
      this.#systems.set(traits.name, new SimSystem(traits, entities, this.#world))
    this.#store = new MemoryStore({
      now: () => this.#scheduler.now,
      uuid: () => this.#chance.uuid(this.#scheduler.now),
      codec: createClearCodec(new Uint8Array(32)),
    })
  }

  async run(): Promise<void> {
    for (const { name, capabilities, truncates, webhooks, polls, diesAt } of this.#scenario.systems)
      this.#scheduler.note(
        `${name}: ${capabilitiesInWords(capabilities)} cut:${truncates} hooks:${webhooks} polls:${polls} dies:${diesAt}`,
      )
    const { kinds } = this.#scenario
    if (kinds.size > 0) this.#scheduler.note(`kinds: ${[...kinds].join(' ')}`)
    const systems = [...this.#systems.values()]
    const users = new Users(this.#scenario, this.#scheduler, this.#chance, systems, this.#oracle)
    users.fill()
    this.#sendWebhooks()
    await this.#bind()
    for (let i = 0; i < workers; i += 1) this.#spawn()
    users.plan()
    new Circumstances({
      store: this.#store,
      scenario: this.#scenario,
      scheduler: this.#scheduler,
      systems,
      oracle: this.#oracle,
      users,
    }).plan()
    this.#planFaults()
    this.#planMapping()
    const agreement = new Agreement({
      scenario: this.#scenario,
      scheduler: this.#scheduler,
      store: this.#store,
      oracle: this.#oracle,
      integration: () => this.#integration,
    })
    agreement.plan()
    const { start, faultsUntil, settledBy } = this.#scenario
    const early = kinds.has('slow-polls') ? [] : [start + 12_000]
    const late = kinds.has('late-edits') ? [settledBy - 25_000] : []
    const healing = kinds.has('feeds-only') ? [] : [2000, 30_000, 70_000].map((after) => faultsUntil + after)
    for (const time of [...early, ...healing, ...late]) this.#scheduler.at(time, () => this.#fullRuns())
    await this.#scheduler.run(settledBy, this.#isOver)
    if (this.#isOver()) return
    await this.#checkQuiescence()
    this.#oracle.checkLosses()
    this.#excuses = await checkSettled({
      scenario: this.#scenario,
      integration: this.#integration,
      store: this.#store,
      systems: this.#systems,
      oracle: this.#oracle,
    })
    await agreement.judgeRest(this.#excuses)
    for (const process of this.#processes) process.kill()
  }

  result(): SeedResult {
    return {
      seed: this.#seed,
      violations: this.#oracle.violations,
      hash: this.#scheduler.traceHash(),
      events: this.#scheduler.fired,
      tally: this.#oracle.tally,
      excuses: this.#excuses,
      trace: this.#scheduler.traceLines(),
    }
  }

  /** Two full runs after everything has settled: nothing may be written and no new conflict may arise (INV-20). */
  async #checkQuiescence(): Promise<void> {
    const { writes, conflicts } = this.#oracle.tally
    for (let round = 0; round < 2; round += 1) {
      this.#fullRuns()
      await this.#scheduler.run(this.#scheduler.now + 15_000)
    }
    const { tally } = this.#oracle
    // A dead system is retried continually, which does not violate quiescence.
    if (tally.writes > writes && ![...this.#systems.values()].some((system) => system.dead))
      this.#oracle.fail('INV-20', `${tally.writes - writes} writes after everything had settled`)
    if (tally.conflicts > conflicts)
      this.#oracle.fail('INV-20', `${tally.conflicts - conflicts} new conflicts after everything had settled`)
  }

  async #bind(): Promise<void> {
    const { id, version } = this.#integration
    const lenses = lensSetsOf(this.#integration)
    this.#binding = await this.#store.bind({ id, version, document: {}, lenses })
  }

  /** A new definition is bound by the first process that has it; the old ones end one after the other. */
  #planMapping(): void {
    const { next } = this.#scenario
    if (next === undefined) return
    this.#scheduler.at(next.at, () => {
      const before = this.#living()
      this.#oracle.mappingChanged(this.#processes.map(({ name }) => name))
      this.#integration = next.integration
      this.#scheduler.note(
        `definition ${next.integration.version} replaces ${this.#scenario.integration.version}`,
      )
      void this.#bind().then(() => {
        for (let i = 0; i < workers; i += 1) this.#spawn()
      })
      for (const process of before) this.#scheduler.after(this.#chance.int(0, 8000), () => process.kill())
    })
  }

  #spawn(): void {
    this.#born += 1
    const process = startEngineProcess({
      name: `w${this.#born}`,
      integration: this.#integration,
      scenario: this.#scenario,
      scheduler: this.#scheduler,
      chance: this.#chance,
      oracle: this.#oracle,
      store: this.#store,
      systems: this.#systems,
      leases: this.#leases,
      broken: this.#broken,
      faulty: this.#world.faulty,
      ...(this.#binding === undefined ? {} : { binding: this.#binding }),
    })
    this.#processes.push(process)
  }

  #living(): EngineProcess[] {
    return this.#processes.filter((process) => process.alive)
  }

  /** Crashes at any await, and stalls far beyond the lease. */
  #planFaults(): void {
    const { start, faultsUntil } = this.#scenario
    let time = start + this.#chance.int(200, 4000)
    while (time < faultsUntil) {
      this.#scheduler.at(time, () => this.#disturb())
      time += this.#chance.int(500, 8000)
    }
    this.#scheduler.at(faultsUntil, () => {
      while (this.#living().length < workers) this.#spawn()
    })
  }

  #disturb(): void {
    const living = this.#living()
    if (living.length === 0) return
    const victim = this.#chance.pick(living)
    if (this.#chance.of(this.#scenario.kinds.has('stalls') ? 0.9 : 0.35)) {
      this.#oracle.tally.stalls += 1
      const ms = this.#chance.of(this.#scenario.kinds.has('stalls') ? 0.1 : 0.5)
        ? this.#chance.int(100, 3000)
        : this.#chance.int(5500, 11_000)
      this.#scheduler.note(`${victim.name} stalls for ${ms} ms`)
      victim.stallAtAwait(this.#chance.int(1, 40), ms)
      return
    }
    // Not immediately but at one of its next awaits.
    victim.killAtAwait(this.#chance.int(1, 60), () => {
      this.#oracle.tally.crashes += 1
      this.#scheduler.note(`${victim.name} is killed`)
      this.#scheduler.after(this.#chance.int(100, 1500), () => {
        if (this.#living().length < workers) this.#spawn()
      })
    })
  }

  #fullRuns(): void {
    const process = this.#living().find((one) => !one.stalled) ?? this.#living()[0]
    process?.runFulls()
  }

  /** Each change is announced like a real system's webhooks: reliably, or with losses, duplicates, delays and reordering. */
  #sendWebhooks(): void {
    for (const system of this.#systems.values()) {
      if (system.traits.webhooks === 'none') continue
      const lossy = system.traits.webhooks === 'lossy'
      for (const [entity, table] of system.tables)
        table.onChange((version) => {
          if (lossy && this.#world.faulty() && this.#chance.of(0.3)) return
          const copies = lossy && this.#chance.of(0.3) ? 2 : 1
          const delivery = {
            id: `${system.name}-${entity}-${version.seq}`,
            system: system.name,
            entity,
            nativeId: version.nativeId,
            deleted: version.body === undefined,
          }
          for (let copy = 0; copy < copies; copy += 1)
            this.#scheduler.after(this.#chance.int(5, lossy ? 6000 : 150), () => this.#deliver(delivery, 1))
        })
    }
  }

  #deliver(delivery: Parameters<EngineProcess['receive']>[0], attempt: number): void {
    if (attempt > 20) return
    const again = (): void => this.#scheduler.after(500 * attempt, () => this.#deliver(delivery, attempt + 1))
    const living = this.#living()
    if (living.length === 0) {
      again()
      return
    }
    const process = this.#chance.pick(living)
    let answered = false
    process.receive(delivery).then(
      () => {
        answered = true
      },
      () => undefined,
    )
    // The sender's own timeout: it received no 2xx, so it retries.
    this.#scheduler.after(2000, () => {
      if (!answered) again()
    })
  }
}
