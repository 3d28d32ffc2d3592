/** The users of the systems: they create, edit and delete, independently of the engine. */
import type { Native, Version } from '../support/fake-system/remote-table.ts'
import type { Chance } from './chance.ts'
import { chanceOf } from './kinds.ts'
import type { Oracle } from './oracle.ts'
import type { Scenario } from './scenario.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimSystem } from './sim-system.ts'
import { customer, order, unmapped } from './world.ts'

export class Users {
  readonly #scenario: Scenario
  readonly #scheduler: Scheduler
  readonly #chance: Chance
  readonly #systems: readonly SimSystem[]
  readonly #oracle: Oracle
  #tokens = 0
  #things = 0

  constructor(
    scenario: Scenario,
    scheduler: Scheduler,
    chance: Chance,
    systems: readonly SimSystem[],
    oracle: Oracle,
  ) {
    this.#scenario = scenario
    this.#scheduler = scheduler
    this.#chance = chance
    this.#systems = systems
    this.#oracle = oracle
  }

  /** Creates the initial records: some in one system, some in several, equal or not. */
  fill(): void {
    const things = this.#chance.int(2, 6)
    for (let i = 0; i < things; i += 1) {
      const code = this.code('C')
      const shared = { name: this.token(), phone: this.token() }
      const homes = this.#chance.shuffle(this.#systems).slice(0, this.#chance.int(1, this.#systems.length))
      for (const system of homes) {
        const own = this.#chance.of(0.3) ? { name: this.token() } : {}
        system.table(customer).create(this.#written(system, { code, ...shared, ...own }), 'user')
      }
    }
    if (!this.#scenario.references) return
    for (const system of this.#systems)
      for (let i = this.#chance.int(0, 2); i > 0; i -= 1) this.#createOrder(system)
  }

  /** Plans all their actions while faults occur. */
  plan(): void {
    const { start, faultsUntil, bulk, recodes } = this.#scenario
    for (const at of bulk) this.#scheduler.at(at, () => this.#actInBulk())
    for (const at of recodes) this.#scheduler.at(at, () => this.#recode())
    let time = start + this.#chance.int(500, 3000)
    while (time < faultsUntil) {
      this.#scheduler.at(time, () => this.#act())
      // Occasionally all users work on the same records at once, faster than the engine can follow.
      if (this.#scenario.crowded) time += this.#chance.int(5, 120)
      else time += this.#chance.of(0.3) ? this.#chance.int(5, 150) : this.#chance.int(50, 2500)
    }
  }

  #act(): void {
    const system = this.#chance.pick(this.#systems)
    const crowd = this.#scenario.crowded && this.#chance.of(0.85)
    if (crowd) {
      this.#editCrowded(system)
      return
    }
    const roll = this.#chance.next()
    if (roll < 0.1) this.#createCustomer(system)
    else if (roll < 0.16 && this.#scenario.references) this.#createOrder(system)
    else if (roll < 0.24 && this.#scenario.deletes) this.#remove(system)
    else if (roll < 0.3) this.#edit(system, customer, unmapped, this.token())
    else if (roll < 0.4) this.#edit(system, customer, 'tags', this.#tags())
    else if (roll < 0.5 && this.#scenario.references) this.#editOrder(system)
    else this.#edit(system, customer, this.#chance.pick(['name', 'phone']), this.token())
  }

  /** An import, or a change of all existing records. */
  #actInBulk(): void {
    const system = this.#chance.pick(this.#systems)
    if (this.#chance.of(0.4)) {
      for (let i = this.#chance.int(4, 10); i > 0; i -= 1) this.#createCustomer(system)
      return
    }
    const table = system.table(customer)
    for (const nativeId of [...table.nativeIds()]) {
      this.#oracle.tally.userEdits += 1
      const value = this.token()
      table.patch(nativeId, { phone: value }, 'user')
      this.say(system, nativeId, `phone=${value} in bulk`)
    }
  }

  /** The same record gets another number, and is otherwise unchanged. */
  #recode(): void {
    const system = this.#chance.pick(this.#systems)
    const table = system.table(customer)
    const nativeId = this.#anyone(system, customer)
    const before = nativeId === undefined ? undefined : table.current(nativeId)?.body?.code
    if (nativeId === undefined || typeof before !== 'string') return
    this.#oracle.tally.userEdits += 1
    const code = this.code('C')
    this.#oracle.things.recoded(before, code)
    table.patch(nativeId, { code }, 'user')
    this.say(system, nativeId, `code=${code}`)
  }

  #editCrowded(system: SimSystem): void {
    const table = system.table(customer)
    for (const nativeId of table.nativeIds()) {
      if (table.current(nativeId)?.body?.code !== 'C1') continue
      this.#oracle.tally.userEdits += 1
      const field = this.#chance.pick(['name', 'phone'])
      const value = this.token()
      table.patch(nativeId, { [field]: value }, 'user')
      this.say(system, nativeId, `${field}=${value}`)
      return
    }
  }

  #createCustomer(system: SimSystem): void {
    this.enter(system, { code: this.code('C'), name: this.token(), phone: this.token() })
  }

  /** A user creates a customer, in this system's form. */
  enter(system: SimSystem, values: Native): Version {
    this.#oracle.tally.userCreates += 1
    const version = system.table(customer).create(this.#written(system, values), 'user')
    this.say(system, version.nativeId, `creates ${String(values.code)}`)
    return version
  }

  /** A user changes properties of a record. */
  change(system: SimSystem, nativeId: string, values: Native, entity = customer): void {
    this.#oracle.tally.userEdits += 1
    system.table(entity).patch(nativeId, values, 'user')
    this.say(system, nativeId, JSON.stringify(values))
  }

  /** A record in this system's form, with the properties that this seed's kinds involve. */
  #written(system: SimSystem, values: Native): Native {
    const { kinds, seed } = this.#scenario
    const record: Record<string, unknown> = { ...values, tags: '', [unmapped]: this.token() }
    const chance = (kind: string): Chance => chanceOf(seed, `${kind} ${String(values.code)}`)
    if (kinds.has('nested')) record.address = { city: this.token(), door: this.token() }
    if (kinds.has('lines')) record.lines = this.lines(chance('lines').int(0, 4))
    if (kinds.has('new-mapping')) {
      record.fax = this.token()
      if (chance('telephone').of(0.3)) record.telephone = this.token()
    }
    if (kinds.has('handed-on')) record.login = this.login()
    if (kinds.has('defaults') && chance('phone').of(0.4)) record.phone = ''
    if (system.traits.scoped) record.kind = chance('kind').of(0.3) ? 'person' : 'company'
    return record
  }

  lines(count: number): Native[] {
    return Array.from({ length: count }, (_, index) => ({
      id: this.token(),
      sku: `sku${index}`,
      qty: index + 1,
      tax: this.token(),
    }))
  }

  #createOrder(system: SimSystem): void {
    const buyer = this.#anyone(system, customer)
    if (buyer === undefined) return
    this.#oracle.tally.userCreates += 1
    const version = system
      .table(order)
      .create({ code: this.code('O'), buyer, note: this.token(), [unmapped]: this.token() }, 'user')
    this.say(system, version.nativeId, `orders for ${buyer}`)
  }

  #editOrder(system: SimSystem): void {
    if (this.#chance.of(0.5)) {
      this.#edit(system, order, 'note', this.token())
      return
    }
    const buyer = this.#anyone(system, customer)
    if (buyer !== undefined) this.#edit(system, order, 'buyer', buyer)
  }

  #edit(system: SimSystem, entity: string, field: string, value: string): void {
    const nativeId = this.#anyone(system, entity)
    if (nativeId === undefined) return
    this.#oracle.tally.userEdits += 1
    system.table(entity).patch(nativeId, { [field]: value }, 'user')
    this.say(system, nativeId, `${field}=${value}`)
  }

  #remove(system: SimSystem): void {
    const nativeId = this.#anyone(system, customer)
    if (nativeId === undefined || this.isReferred(system, nativeId)) return
    this.#oracle.tally.userRemovals += 1
    system.table(customer).remove(nativeId, 'user')
    this.say(system, nativeId, 'removes')
  }

  isReferred(system: SimSystem, nativeId: string): boolean {
    if (!this.#scenario.references) return false
    const orders = system.table(order)
    return [...orders.nativeIds()].some((one) => orders.current(one)?.body?.buyer === nativeId)
  }

  #anyone(system: SimSystem, entity: string): string | undefined {
    const nativeIds = [...system.table(entity).nativeIds()]
    if (nativeIds.length === 0) return undefined
    return this.#chance.of(0.4) ? nativeIds[0] : this.#chance.pick(nativeIds)
  }

  #tags(): string {
    const all = ['a', 'b', 'c', 'd'].filter(() => this.#chance.of(0.5))
    return all.join(',')
  }

  token(): string {
    this.#tokens += 1
    return `v${this.#tokens.toString(36).padStart(5, '0')}-long`
  }

  login(): string {
    return `login-${this.token()}`
  }

  code(kind: string): string {
    this.#things += 1
    return `${kind}${this.#things}`
  }

  say(system: SimSystem, nativeId: string, what: string): void {
    this.#scheduler.note(`user at ${system.name} ${nativeId} ${what}`)
  }
}
