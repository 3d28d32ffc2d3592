/** Additional actions of people and systems for the kinds of a seed. */
import type { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Native, Version } from '../support/fake-system/remote-table.ts'
import type { Chance } from './chance.ts'
import { handOn } from './handed-on.ts'
import { chanceOf, type Kind } from './kinds.ts'
import type { Oracle } from './oracle.ts'
import type { Scenario } from './scenario.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimSystem } from './sim-system.ts'
import type { Users } from './users.ts'
import { customer, order } from './world.ts'

export interface CircumstanceOptions {
  readonly store: MemoryStore
  readonly scenario: Scenario
  readonly scheduler: Scheduler
  readonly systems: readonly SimSystem[]
  readonly oracle: Oracle
  readonly users: Users
}

/** Times of an action: how often, and from when to when, in milliseconds after the start. */
interface Often {
  readonly times: readonly [number, number]
  readonly from: number
  readonly until: number
}

export class Circumstances {
  readonly #scenario: Scenario
  readonly #scheduler: Scheduler
  readonly #systems: readonly SimSystem[]
  readonly #oracle: Oracle
  readonly #users: Users
  readonly #store: MemoryStore
  /** Native records that were changed before our last write was read. */
  readonly #disturbed = new Set<string>()

  constructor(options: CircumstanceOptions) {
    this.#scenario = options.scenario
    this.#scheduler = options.scheduler
    this.#systems = options.systems
    this.#oracle = options.oracle
    this.#users = options.users
    this.#store = options.store
  }

  plan(): void {
    const { start, faultsUntil } = this.#scenario
    const faults = faultsUntil - start
    const during = { from: 2000, until: faults }
    const longer = { from: 2000, until: faults + 20_000 }
    this.#often('double-entry', { times: [1, 4], ...longer }, (chance) => this.#enterTwice(chance))
    this.#often('merges', { times: [1, 3], ...longer }, (chance) => this.#merge(chance))
    this.#often('lines', { times: [4, 14], ...longer }, (chance) => this.#changeLines(chance))
    this.#often('nested', { times: [4, 14], ...longer }, (chance) => this.#changeAddress(chance))
    this.#often('defaults', { times: [1, 4], ...during }, (chance) => this.#empty(chance))
    this.#often('scope', { times: [2, 6], ...during }, (chance) => this.#changeScope(chance))
    this.#often('new-ids', { times: [1, 4], ...longer }, (chance) => this.#renumber(chance))
    this.#often('restores', { times: [1, 4], ...longer }, (chance) => this.#removeAndRestore(chance))
    this.#often('new-mapping', { times: [2, 8], ...longer }, (chance) => this.#changeFax(chance))
    this.#often('late-edits', { times: [2, 5], from: faults + 35_000, until: faults + 60_000 }, (chance) =>
      this.#editLate(chance),
    )
    const quiet = { from: faults + 33_000, until: faults + 52_000 }
    this.#often('bursts', { times: [8, 14], ...quiet }, (chance) => this.#saveOften(chance))
    this.#often('taking-turns', { times: [1, 2], from: faults + 10_000, until: faults + 14_000 }, (chance) =>
      this.#takeTurns(chance),
    )
    const late = { from: 20_500, until: Math.max(22_000, faults + 5000) }
    this.#often('small-guard', { times: [8, 16], ...late }, (chance) =>
      this.#users.enter(chance.pick(this.#systems), {
        code: this.#users.code('C'),
        name: this.#users.token(),
      }),
    )
    this.#often('same-code', { times: [1, 3], from: 8000, until: faults + 30_000 }, (chance) =>
      this.#giveSameCode(chance),
    )
    this.#often('merge-chains', { times: [1, 2], ...longer }, (chance) => this.#mergeOn(chance))
    this.#often('new-buyers', { times: [6, 12], ...during }, (chance) => this.#giveNewBuyer(chance))
    this.#often('handed-on', { times: [2, 6], ...longer }, (chance) =>
      handOn(chance, chance.pick(this.#systems), this.#users),
    )
    if (this.#scenario.kinds.has('own-numbers')) this.#giveOwnNumbers()
    if (this.#scenario.kinds.has('accepted')) this.#editBeforeApplied()
  }

  /** A customer is created, and an order is assigned to it before the customer was read. */
  #giveNewBuyer(chance: Chance): void {
    const system = chance.pick(this.#systems)
    const nativeIds = [...system.table(order).nativeIds()]
    if (nativeIds.length === 0 || system.dead) return
    const values = { code: this.#users.code('C'), name: this.#users.token(), phone: this.#users.token() }
    const { nativeId } = this.#users.enter(system, values)
    this.#users.change(system, chance.pick(nativeIds), { buyer: nativeId }, order)
  }

  /** A user changes the same text that an accepted update is about to change. */
  #editBeforeApplied(): void {
    const chance = chanceOf(this.#scenario.seed, 'accepted')
    for (const system of this.#systems)
      system.onAccepted = ({ entity, nativeId = '', body }, delayMs) => {
        const field = chance.pick(['name', 'phone'])
        if (entity !== customer || !(field in body) || chance.of(0.4)) return
        this.#scheduler.after(chance.int(1, Math.ceil(delayMs / 2)), () => {
          if (system.table(customer).has(nativeId))
            this.#users.change(system, nativeId, { [field]: this.#users.token() })
        })
      }
  }

  /** Two records turn out to be the same, or a person mistypes a number. */
  #giveSameCode(chance: Chance): void {
    const system = chance.pick(this.#systems)
    const { things } = this.#oracle
    const table = system.table(customer)
    const fresh = [...table.nativeIds()].filter(
      (nativeId) => !things.isRenamed(table.current(nativeId)?.body?.code),
    )
    const [nativeId, other] = chance.shuffle(fresh)
    const before = nativeId === undefined ? undefined : table.current(nativeId)?.body?.code
    const code = other === undefined ? undefined : table.current(other)?.body?.code
    if (system.dead || nativeId === undefined || typeof before !== 'string' || typeof code !== 'string')
      return
    if (before === code) return
    things.recoded(before, code)
    this.#users.change(system, nativeId, { code })
  }

  /** A system without a property for our marker assigns its own number to new records, before it responds. */
  #giveOwnNumbers(): void {
    const chance = chanceOf(this.#scenario.seed, 'own-numbers')
    for (const system of this.#systems) {
      if (['clientId', 'upsertKey', 'marker'].includes(system.traits.capabilities.create)) continue
      const table = system.table(customer)
      table.onChange(({ by, version, nativeId, body }) => {
        if (by !== 'engine' || version !== 1 || this.#scheduler.now > this.#scenario.faultsUntil) return
        if (chance.of(0.5))
          this.#scheduler.after(chance.int(1, 40), () => this.#recode(system, nativeId, body?.code))
      })
    }
  }

  #recode(system: SimSystem, nativeId: string, before: unknown): void {
    const table = system.table(customer)
    if (!table.has(nativeId) || typeof before !== 'string' || table.current(nativeId)?.body?.code !== before)
      return
    const code = this.#users.code('N')
    this.#oracle.things.recoded(before, code)
    this.#users.change(system, nativeId, { code })
  }

  /** Each save is announced; the last one must be detected although a pass was in progress, without a full run. */
  #saveOften(chance: Chance): void {
    const { system, nativeId } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined || system.traits.webhooks !== 'reliable') return
    const table = system.table(customer)
    // Later writes, by the engine or in the next burst, are announced later too.
    let last: Version | undefined
    // The second of two is saved while the first is being processed; many follow one another.
    const gaps = chance.of(0.7) ? [0, chance.int(20, 250)] : [0, 20, 40, 60, 80, 100, 120, 140]
    for (const gap of gaps)
      this.#scheduler.after(gap, () => {
        if (!table.has(nativeId)) return
        this.#users.change(system, nativeId, { phone: this.#users.token() })
        last = table.current(nativeId)
      })
    this.#scheduler.after(12_000, () => {
      if (last === undefined || !table.has(nativeId) || system.dead) return
      if (this.#oracle.hasSeen(system.name, last)) return
      void this.#store.admin.record({ system: system.name, entity: customer, nativeId }).then((detail) => {
        const isOpen = detail?.members.every(({ lane, state }) => lane.state === 'open' && state === 'linked')
        if (detail?.record.state === 'active' && isOpen)
          this.#oracle.fail(
            'INV-12',
            `${system.name} ${nativeId}: an announced change was not looked at for 12 s`,
          )
      })
    })
  }

  /** Slowly enough that each change has arrived, and been verified, before the next. */
  #takeTurns(chance: Chance): void {
    const first = this.#someone(chance)
    const other = chance.pick(this.#systems.filter((system) => system !== first?.system))
    if (first === undefined || other.dead) return
    const { code } = first.body
    const places = [first.system, other].flatMap((system) => {
      const nativeId = [...system.table(customer).nativeIds()].find(
        (one) => system.table(customer).current(one)?.body?.code === code,
      )
      return nativeId === undefined ? [] : [{ system, nativeId }]
    })
    if (places.length < 2) return
    const names = places.map(({ system, nativeId }) => `${system.name}|${nativeId}`)
    if (!names.some((name) => this.#disturbed.has(name)))
      this.#oracle.turns.add(`${first.system.name}|${first.nativeId}`)
    for (let turn = 0; turn < 9; turn += 1)
      this.#scheduler.after(turn * 7_000, () => {
        const place = places[turn % 2]
        const last = place?.system.table(customer).current(place.nativeId)
        if (place === undefined || last?.body === undefined) return
        // Where nothing was read since our write, the system itself may have made the next change.
        if (last.by === 'engine' && !this.#oracle.hasSeen(place.system.name, last))
          for (const name of names) {
            this.#disturbed.add(name)
            this.#oracle.turns.delete(name)
          }
        this.#users.change(place.system, place.nativeId, { name: this.#users.token() })
      })
  }

  #often(kind: Kind, { times, from, until }: Often, act: (chance: Chance) => void): void {
    if (!this.#scenario.kinds.has(kind)) return
    const chance = chanceOf(this.#scenario.seed, `${kind} acts`)
    for (let left = chance.int(...times); left > 0; left -= 1)
      this.#scheduler.at(this.#scenario.start + chance.int(from, until), () => act(chance))
  }

  /** The same record, with or without the same name, in two or three systems, at any distance in time. */
  #enterTwice(chance: Chance): void {
    const code = this.#users.code('C')
    const name = this.#users.token()
    const homes = chance.shuffle(this.#systems).slice(0, chance.of(0.8) ? 2 : 3)
    let after = 0
    for (const system of homes) {
      const values = {
        code,
        name: chance.of(0.6) ? name : this.#users.token(),
        phone: this.#users.token(),
      }
      this.#scheduler.after(after, () => this.#users.enter(system, values))
      // From a moment to a minute, each order of magnitude equally likely.
      after += Math.round(10 * 6000 ** chance.next())
    }
  }

  /** Two records are merged, and the system names the survivor. Sometimes users do the same elsewhere. */
  #merge(chance: Chance): void {
    const system = chance.pick(this.#systems)
    const [loser, survivor] = chance.shuffle([...system.table(customer).nativeIds()])
    if (loser === undefined || survivor === undefined) return
    const codes = [loser, survivor].map((nativeId) => system.table(customer).current(nativeId)?.body?.code)
    this.#mergeAt(system, loser, survivor)
    if (!chance.of(0.3)) return
    const other = chance.pick(this.#systems.filter((one) => one !== system))
    this.#scheduler.after(chance.int(100, 20_000), () => {
      const nativeIds = [...other.table(customer).nativeIds()]
      const [same, kept] = codes.map((code) =>
        nativeIds.find((nativeId) => other.table(customer).current(nativeId)?.body?.code === code),
      )
      if (same !== undefined && kept !== undefined) this.#mergeAt(other, same, kept)
    })
  }

  /** Three records are one: the second is merged into the third before the first was read. */
  #mergeOn(chance: Chance): void {
    const system = chance.pick(this.#systems)
    const [first, second, third] = chance.shuffle([...system.table(customer).nativeIds()])
    if (first === undefined || second === undefined || third === undefined) return
    this.#mergeAt(system, first, second)
    this.#scheduler.after(chance.int(1, 1500), () => this.#mergeAt(system, second, third))
  }

  #mergeAt(system: SimSystem, loser: string, survivor: string): void {
    const table = system.table(customer)
    if (!table.has(loser) || !table.has(survivor)) return
    if (this.#scenario.references) {
      const orders = system.table(order)
      for (const nativeId of [...orders.nativeIds()])
        if (orders.current(nativeId)?.body?.buyer === loser)
          this.#users.change(system, nativeId, { buyer: survivor }, order)
    }
    this.#oracle.tally.merges += 1
    table.remove(loser, 'user', { mergedInto: survivor })
    this.#users.say(system, loser, `is merged into ${survivor}`)
  }

  #changeLines(chance: Chance): void {
    const { system, nativeId, body } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined) return
    const lines = [...((body?.lines ?? []) as readonly Native[])]
    const index = lines.length === 0 ? -1 : chance.int(0, lines.length - 1)
    const line = lines[index]
    const roll = chance.next()
    if (line === undefined || roll < 0.2)
      lines.push({ id: this.#users.token(), sku: this.#users.token(), qty: 1, tax: this.#users.token() })
    else if (roll < 0.3) lines.splice(index, 1)
    else if (roll < 0.55) lines[index] = { ...line, tax: this.#users.token() }
    else lines[index] = { ...line, qty: chance.int(10, 10_000) }
    this.#users.change(system, nativeId, { lines })
  }

  /** A user edits the mapped part of an address, or an unmapped one next to it. */
  #changeAddress(chance: Chance): void {
    const { system, nativeId, body } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined) return
    const part = chance.of(0.5) ? 'city' : 'door'
    this.#users.change(system, nativeId, {
      address: { ...(body?.address as Native | undefined), [part]: this.#users.token() },
    })
  }

  #empty(chance: Chance): void {
    const { system, nativeId, body } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined) return
    this.#oracle.judges.emptied.made(body?.code)
    this.#users.change(system, nativeId, { phone: '' })
  }

  #changeScope(chance: Chance): void {
    const system = chance.pick(this.#systems.filter(({ traits }) => traits.scoped))
    const { nativeId, body } = this.#someone(chance, system) ?? {}
    if (nativeId === undefined) return
    this.#users.change(system, nativeId, { kind: body?.kind === 'person' ? 'company' : 'person' })
  }

  #changeFax(chance: Chance): void {
    const { system, nativeId } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined) return
    const name = chance.of(0.5) ? 'fax' : 'telephone'
    this.#users.change(system, nativeId, { [name]: this.#users.token() })
  }

  #renumber(chance: Chance): void {
    const { system, nativeId } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined || this.#users.isReferred(system, nativeId)) return
    const { nativeId: next } = system.table(customer).renumber(nativeId, 'user')
    this.#users.say(system, nativeId, `is ${next} from now on`)
  }

  #removeAndRestore(chance: Chance): void {
    const { system, nativeId } = this.#someone(chance) ?? {}
    if (system === undefined || nativeId === undefined || this.#users.isReferred(system, nativeId)) return
    this.#oracle.tally.userRemovals += 1
    const table = system.table(customer)
    table.remove(nativeId, 'user')
    this.#users.say(system, nativeId, 'removes')
    this.#scheduler.after(Math.round(50 * 600 ** chance.next()), () => {
      if (table.has(nativeId)) return
      table.restore(nativeId, 'user')
      this.#users.say(system, nativeId, 'brings back')
    })
  }

  /** An edit in one system, followed by one of the same text in another, long after the first has arrived. */
  #editLate(chance: Chance): void {
    const first = this.#someone(chance)
    if (first === undefined) return
    const field = chance.pick(['name', 'phone'])
    const { code } = first.body
    const value = this.#users.token()
    const enteredAt = this.#scheduler.now
    this.#users.change(first.system, first.nativeId, { [field]: value })
    const others = this.#systems.filter((system) => system !== first.system && !system.dead)
    if (others.length === 0) return
    const other = chance.pick(others)
    this.#scheduler.after(chance.int(15_000, 25_000), () => {
      const nativeId = [...other.table(customer).nativeIds()].find(
        (one) => other.table(customer).current(one)?.body?.code === code,
      )
      if (nativeId === undefined) return
      const later = this.#users.token()
      const edit = { system: other.name, nativeId, field, before: value, value: later, enteredAt }
      this.#oracle.judges.lateEdits.made(edit, other.table(customer).current(nativeId)?.body?.[field])
      this.#users.change(other, nativeId, { [field]: later })
    })
  }

  #someone(
    chance: Chance,
    at?: SimSystem,
  ): { readonly system: SimSystem; readonly nativeId: string; readonly body: Native } | undefined {
    const system = at ?? chance.pick(this.#systems)
    const nativeIds = [...system.table(customer).nativeIds()]
    if (nativeIds.length === 0 || system.dead) return undefined
    const nativeId = chance.of(0.4) ? nativeIds[0] : chance.pick(nativeIds)
    const body = nativeId === undefined ? undefined : system.table(customer).current(nativeId)?.body
    return nativeId === undefined || body === undefined ? undefined : { system, nativeId, body }
  }
}
