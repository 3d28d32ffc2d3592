/** The records of a fake system, with number ranges, a clock that can be set, locks and undo. */
import type { FakeService, FakeSet, Stored, StoredRecord, Writing } from './model.ts'
import { Refusal } from './model.ts'

/** The clock of a fake: the machine's, moved or stopped. */
export class FakeClock {
  #offset = 0
  #stoppedAt: number | undefined
  #ticks = 0

  now(): number {
    return this.#stoppedAt ?? Date.now() + this.#offset
  }

  /** Sets the time, from which it continues. */
  set(ms: number): void {
    this.#offset = ms - Date.now()
    this.#stoppedAt = undefined
  }

  /** Stops the clock, so that several changes get the same time. */
  stop(ms: number = this.now()): void {
    this.#stoppedAt = ms
  }

  goOn(): void {
    if (this.#stoppedAt !== undefined) this.set(this.#stoppedAt)
  }

  /** Runs a function as if it were that time. */
  at<T>(ms: number, work: () => T): T {
    const before = this.#stoppedAt
    this.#stoppedAt = ms
    try {
      return work()
    } finally {
      this.#stoppedAt = before
    }
  }

  /** An instant with a precision of a ten-millionth of a second, as in SAP's long time stamps. */
  instant(): string {
    if (this.#stoppedAt === undefined) this.#ticks = (this.#ticks + 1) % 10_000
    const fraction = this.#stoppedAt === undefined ? String(this.#ticks).padStart(4, '0') : '0000'
    return new Date(this.now()).toISOString().replace('Z', `${fraction}Z`)
  }
}

interface Table {
  readonly records: Map<string, StoredRecord>
  /** Keys in order; undefined when they have to be sorted again. */
  sorted: string[] | undefined
  /** Keys by the value of a property, for the properties that were searched by. */
  readonly indexes: Map<string, Map<Stored, Set<string>>>
}

type Undo = () => void

/** The data of a service, whichever of its interfaces is used. */
export class FakeStore {
  readonly clock = new FakeClock()
  readonly #tables = new Map<string, Table>()
  readonly #numbers = new Map<string, number>()
  readonly #locked = new Set<string>()
  #undo: Undo[] | undefined

  keyOf(set: FakeSet, key: Readonly<Record<string, unknown>>): string {
    return JSON.stringify(set.key.map((name) => String(key[name] ?? '')))
  }

  get(service: FakeService, set: FakeSet, key: StoredRecord): StoredRecord | undefined {
    return this.#table(service, set).records.get(this.keyOf(set, key))
  }

  /** In the order of their keys. */
  all(service: FakeService, set: FakeSet): readonly StoredRecord[] {
    const table = this.#table(service, set)
    table.sorted ??= [...table.records.keys()].sort()
    return table.sorted.map((key) => table.records.get(key)).filter((one) => one !== undefined)
  }

  /** Records with these values. */
  where(
    service: FakeService,
    set: FakeSet,
    values: readonly (readonly [string, Stored])[],
  ): readonly StoredRecord[] {
    return this.#matching(this.#table(service, set), values)
  }

  #matching(
    table: Table | undefined,
    values: readonly (readonly [string, Stored])[],
  ): readonly StoredRecord[] {
    const [first] = values
    if (table === undefined || first === undefined) return []
    const keys = [...(indexOf(table, first[0]).get(first[1]) ?? [])].sort()
    return keys
      .map((key) => table.records.get(key))
      .filter((one) => one !== undefined)
      .filter((one) => values.every(([property, value]) => one[property] === value))
  }

  size(service: FakeService, set: FakeSet): number {
    return this.#table(service, set).records.size
  }

  create(service: FakeService, set: FakeSet, given: StoredRecord): StoredRecord {
    const empty = set.properties.map((one) => [one.name, emptyOf(one.type)] as const)
    const record: StoredRecord = { ...Object.fromEntries(empty), ...given }
    set.onCreate?.(record, this.#writing(service))
    const table = this.#table(service, set)
    const key = this.keyOf(set, record)
    if (table.records.has(key))
      throw new Refusal(400, '/IWBEP/CM_MGW_RT/DUPLICATE', `${set.type} already exists`)
    this.#put(table, key, record)
    return record
  }

  update(service: FakeService, set: FakeSet, key: StoredRecord, patch: StoredRecord): StoredRecord {
    const table = this.#table(service, set)
    const at = this.keyOf(set, key)
    const before = table.records.get(at)
    if (before === undefined) throw notFound(set)
    this.#refuseLocked(set, at)
    const record = { ...before, ...patch }
    set.onUpdate?.(record, patch, this.#writing(service))
    this.#put(table, at, record)
    return record
  }

  delete(service: FakeService, set: FakeSet, key: StoredRecord): void {
    const table = this.#table(service, set)
    const at = this.keyOf(set, key)
    const before = table.records.get(at)
    if (before === undefined) throw notFound(set)
    this.#refuseLocked(set, at)
    set.onDelete?.(before, this.#writing(service))
    place(table, at, undefined)
    this.#undo?.push(() => place(table, at, before))
  }

  /** A user is editing the record: writes by others are refused. */
  lock(set: FakeSet, key: StoredRecord): void {
    this.#locked.add(`${set.name} ${this.keyOf(set, key)}`)
  }

  unlock(set: FakeSet, key: StoredRecord): void {
    this.#locked.delete(`${set.name} ${this.keyOf(set, key)}`)
  }

  /** All or nothing. Allocated numbers stay allocated, as in SAP. */
  allOrNothing<T>(work: () => T): T {
    if (this.#undo !== undefined) return work()
    const undo: Undo[] = []
    this.#undo = undo
    try {
      return work()
    } catch (error) {
      for (const step of undo.reverse()) step()
      throw error
    } finally {
      this.#undo = undefined
    }
  }

  #refuseLocked(set: FakeSet, key: string): void {
    if (!this.#locked.has(`${set.name} ${key}`)) return
    throw new Refusal(400, 'MC/601', 'Object requested is currently locked by user DIALOG')
  }

  #put(table: Table, key: string, record: StoredRecord): void {
    const before = table.records.get(key)
    place(table, key, record)
    this.#undo?.push(() => place(table, key, before))
  }

  #table(service: FakeService, set: FakeSet): Table {
    const name = service.tables?.[set.name] ?? set.name
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table: Table = { records: new Map(), sorted: undefined, indexes: new Map() }
    this.#tables.set(name, table)
    return table
  }

  #writing(service: FakeService): Writing {
    const setOf = (name: string): FakeSet => {
      const set = service.sets.find((one) => one.name === name)
      if (set === undefined) throw new Refusal(500, 'ABAP/000', `no set ${name}`)
      return set
    }
    return {
      now: () => this.clock.now(),
      instant: () => this.clock.instant(),
      number: (range) => {
        const [name = '', first = '1'] = range.split(':')
        const next = this.#numbers.get(name) ?? Number(first)
        this.#numbers.set(name, next + 1)
        return String(next)
      },
      find: (name, key) =>
        this.#tables.get(name)?.records.get(JSON.stringify(Object.values(key).map(String))),
      where: (name, values) => this.#matching(this.#tables.get(name), Object.entries(values)),
      touch: (name, key, patch) => {
        this.update(service, setOf(name), key, patch)
      },
    }
  }
}

/** Adds or removes a record, and updates order and indexes. */
function place(table: Table, key: string, record: StoredRecord | undefined): void {
  const before = table.records.get(key)
  for (const [property, index] of table.indexes) {
    if (before !== undefined) index.get(before[property] ?? null)?.delete(key)
    if (record !== undefined) addTo(index, record[property] ?? null, key)
  }
  if (record === undefined) table.records.delete(key)
  else table.records.set(key, record)
  if (before !== undefined && record !== undefined) return
  const last = table.sorted?.at(-1)
  // Number ranges ascend, so a new key is nearly always the last one.
  if (record !== undefined && last !== undefined && key > last) table.sorted?.push(key)
  else table.sorted = undefined
}

function indexOf(table: Table, property: string): Map<Stored, Set<string>> {
  const known = table.indexes.get(property)
  if (known !== undefined) return known
  const index = new Map<Stored, Set<string>>()
  for (const [key, record] of table.records) addTo(index, record[property] ?? null, key)
  table.indexes.set(property, index)
  return index
}

function addTo(index: Map<Stored, Set<string>>, value: Stored, key: string): void {
  const keys = index.get(value) ?? new Set()
  index.set(value, keys.add(key))
}

/** A missing text is empty in SAP, not null; days and times are null. */
function emptyOf(type: string): Stored {
  if (type === 'Edm.String') return ''
  if (type === 'Edm.Boolean') return false
  return type === 'Edm.Decimal' ? '0' : null
}

export function notFound(set: FakeSet): Refusal {
  return new Refusal(404, '/IWBEP/CM_MGW_RT/020', `Resource not found for segment '${set.type}'`)
}
