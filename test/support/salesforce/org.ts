/**
 * The records of a fake org, and all operations that change them.
 *
 * A change is stamped when it is made and becomes visible when its transaction commits; usually that is the same time, {@link Org.transaction}
 * separates them. SystemModstamp has whole seconds, as in the API.
 */
import { LosslessNumber } from 'lossless-json'
import { isDeleted, notFound, SalesforceError } from './errors.ts'
import { isId, makeId, toEighteen } from './ids.ts'
import { type FieldSpec, type ObjectSpec, type ObjectType, objectType, standardObjects } from './objects.ts'
import { apiTime, type Stored, storedValue } from './values.ts'

/** One stored record. */
export interface StoredRecord {
  readonly id: string
  readonly type: ObjectType
  values: Readonly<Record<string, Stored>>
  createdMs: number
  modstampMs: number
  deleted: boolean
  masterId: string | undefined
}

/** A deleted record in the delete log, which survives emptying the recycle bin. */
export interface Deletion {
  readonly id: string
  readonly atMs: number
}

/** The fields of a record in a request. */
export type Body = Readonly<Record<string, unknown>>

/** Changes that are stamped now and become visible at the commit. */
export interface OpenTransaction {
  create(object: string, body: Body): string
  update(object: string, id: string, body: Body): void
  remove(object: string, id: string): void
  commit(): void
}

const monthMs = 30 * 86_400_000

/** One org. */
export class Org {
  readonly id: string
  readonly types = new Map<string, ObjectType>()
  readonly #tables = new Map<string, Map<string, StoredRecord>>()
  readonly #deletions = new Map<string, Deletion[]>()
  readonly #open = new Set<number>()
  readonly #locked = new Set<string>()
  /** Live records by object, unique field and value. */
  readonly #unique = new Map<string, StoredRecord>()
  #frozenMs: number | undefined
  #aheadMs = 0
  #count = 0
  /** Called after every committed change. */
  onChange: (kind: 'CREATE' | 'UPDATE' | 'DELETE' | 'UNDELETE', record: StoredRecord) => void = () =>
    undefined

  constructor(objects: readonly ObjectSpec[] = standardObjects) {
    for (const spec of objects) this.addObject(spec)
    this.id = this.create('Organization', { Name: 'Fake Org' })
  }

  addObject(spec: ObjectSpec): void {
    this.types.set(spec.name.toLowerCase(), objectType(spec))
    this.#tables.set(spec.name, new Map())
    this.#deletions.set(spec.name, [])
  }

  /** Stops the org's clock at a time, or resumes it. */
  setTime(ms: number | undefined): void {
    this.#frozenMs = ms
  }

  /** Advances the org's running clock. */
  advance(ms: number): void {
    this.#aheadMs += ms
  }

  now(): number {
    return this.#frozenMs ?? Date.now() + this.#aheadMs
  }

  /** @throws SalesforceError NOT_FOUND, as for a path with an unknown object */
  type(name: string): ObjectType {
    const type = this.types.get(name.toLowerCase())
    if (type === undefined) throw notFound()
    return type
  }

  records(object: string): Iterable<StoredRecord> {
    return this.#tables.get(object)?.values() ?? []
  }

  find(object: string, id: string): StoredRecord | undefined {
    return this.#tables.get(object)?.get(toEighteen(id))
  }

  /** The record, alive. @throws SalesforceError NOT_FOUND · ENTITY_IS_DELETED · MALFORMED_ID */
  live(object: string, id: string): StoredRecord {
    if (!isId(id)) throw notFound()
    const record = this.find(object, id)
    if (record === undefined) throw notFound()
    if (record.deleted) throw isDeleted()
    return record
  }

  deletions(object: string): readonly Deletion[] {
    return this.#deletions.get(object)?.filter(({ atMs }) => atMs >= this.now() - monthMs) ?? []
  }

  /** The time up to which every transaction has ended, which replication may rely on. */
  coveredMs(): number {
    return Math.min(this.now(), ...this.#open)
  }

  create(object: string, body: Body): string {
    const record = this.#prepare(object, body)
    this.#commitCreate(record)
    return record.id
  }

  update(object: string, id: string, body: Body): void {
    const record = this.live(object, id)
    this.#assertUnlocked(record.id)
    const values = this.#checked(record.type, body, 'update', record.id)
    this.#commitUpdate(record, values, this.#stamp())
  }

  remove(object: string, id: string): void {
    const record = this.live(object, id)
    this.#assertUnlocked(record.id)
    this.#commitRemove(record, this.#stamp())
  }

  restore(object: string, id: string): void {
    const record = this.find(object, id)
    if (record === undefined) throw notFound()
    record.deleted = false
    record.masterId = undefined
    record.modstampMs = this.#stamp()
    this.#indexed(record, (key) => this.#unique.set(key, record))
    this.onChange('UNDELETE', record)
  }

  /** Removes deleted records permanently: only the delete log still contains them. */
  emptyRecycleBin(object: string): void {
    const table = this.#tables.get(object)
    for (const record of [...(table?.values() ?? [])]) if (record.deleted) table?.delete(record.id)
  }

  /** The losers are deleted and name the survivor; references to them are changed to the survivor. */
  merge(object: string, masterId: string, loserIds: readonly string[]): void {
    const master = this.live(object, masterId)
    const stamp = this.#stamp()
    for (const loserId of loserIds) {
      const loser = this.live(object, loserId)
      loser.masterId = master.id
      this.#commitRemove(loser, stamp)
      this.#repoint(object, loser.id, master.id, stamp)
    }
    this.#commitUpdate(master, {}, stamp)
  }

  transaction(): OpenTransaction {
    const startedMs = this.now()
    this.#open.add(startedMs)
    const steps: (() => void)[] = []
    return {
      create: (object, body) => {
        const record = this.#prepare(object, body)
        steps.push(() => this.#commitCreate(record))
        return record.id
      },
      update: (object, id, body) => {
        const record = this.live(object, id)
        const values = this.#checked(record.type, body, 'update', record.id)
        const stamp = this.#stamp()
        steps.push(() => this.#commitUpdate(record, values, stamp))
      },
      remove: (object, id) => {
        const record = this.live(object, id)
        const stamp = this.#stamp()
        steps.push(() => this.#commitRemove(record, stamp))
      },
      commit: () => {
        this.#open.delete(startedMs)
        for (const step of steps) step()
      },
    }
  }

  /** The next write to the record finds it locked by another transaction. */
  lock(id: string): void {
    this.#locked.add(toEighteen(id))
  }

  /** All values of a record by name, as a response has them. */
  native(record: StoredRecord): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (const field of record.type.fields.values()) values[field.name] = this.value(record, field)
    return values
  }

  value(record: StoredRecord, field: FieldSpec): unknown {
    switch (field.name) {
      case 'Id':
        return record.id
      case 'IsDeleted':
        return record.deleted
      case 'CreatedDate':
        return apiTime(record.createdMs)
      case 'LastModifiedDate':
      case 'SystemModstamp':
        return apiTime(record.modstampMs)
      case 'MasterRecordId':
        return record.masterId ?? null
      default:
        return field.type === 'address' ? compound(record, field) : (record.values[field.name] ?? null)
    }
  }

  #stamp(): number {
    return Math.floor(this.now() / 1_000) * 1_000
  }

  #prepare(object: string, body: Body): StoredRecord {
    const type = this.type(object)
    const values = this.#checked(type, body, 'create', undefined)
    const missing = [...type.fields.values()].filter(
      ({ required, name }) => required === true && (values[name] ?? null) === null,
    )
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name)
      const message = `Required fields are missing: [${names.join(', ')}]`
      throw new SalesforceError(400, 'REQUIRED_FIELD_MISSING', message, names)
    }
    const defaults: Record<string, Stored> = {}
    for (const field of type.fields.values()) {
      if (field.type === 'boolean' && field.readOnly !== true) defaults[field.name] = field.default === true
    }
    this.#count += 1
    const stamp = this.#stamp()
    return {
      id: makeId(type.spec.prefix, this.#count),
      type,
      values: { ...defaults, ...values },
      createdMs: stamp,
      modstampMs: stamp,
      deleted: false,
      masterId: undefined,
    }
  }

  #commitCreate(record: StoredRecord): void {
    this.#tables.get(record.type.spec.name)?.set(record.id, record)
    this.#indexed(record, (key) => this.#unique.set(key, record))
    this.onChange('CREATE', record)
  }

  #commitUpdate(record: StoredRecord, values: Readonly<Record<string, Stored>>, stampMs: number): void {
    this.#indexed(record, (key) => this.#unique.delete(key))
    record.values = { ...record.values, ...values }
    record.modstampMs = stampMs
    if (!record.deleted) this.#indexed(record, (key) => this.#unique.set(key, record))
    this.onChange('UPDATE', record)
  }

  #commitRemove(record: StoredRecord, stampMs: number): void {
    record.deleted = true
    record.modstampMs = stampMs
    this.#indexed(record, (key) => this.#unique.delete(key))
    this.#deletions.get(record.type.spec.name)?.push({ id: record.id, atMs: stampMs })
    this.onChange('DELETE', record)
  }

  #repoint(object: string, from: string, to: string, stampMs: number): void {
    for (const table of this.#tables.values()) {
      for (const record of table.values()) {
        for (const field of record.type.fields.values()) {
          if (field.references === object && record.values[field.name] === from) {
            this.#commitUpdate(record, { [field.name]: to }, stampMs)
          }
        }
      }
    }
  }

  #assertUnlocked(id: string): void {
    if (!this.#locked.delete(id)) return
    const message = `unable to obtain exclusive access to this record or 1 records: ${id}`
    throw new SalesforceError(400, 'UNABLE_TO_LOCK_ROW', message, [])
  }

  #checked(
    type: ObjectType,
    body: Body,
    operation: 'create' | 'update',
    ownId: string | undefined,
  ): Readonly<Record<string, Stored>> {
    const values: Record<string, Stored> = {}
    for (const [key, given] of Object.entries(body)) {
      if (key === 'attributes') continue
      const field = type.fields.get(key.toLowerCase())
      if (field === undefined) {
        const message = `No such column '${key}' on sobject of type ${type.spec.name}`
        throw new SalesforceError(400, 'INVALID_FIELD', message)
      }
      if (field.readOnly === true) {
        const message = `Unable to create/update fields: ${field.name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`
        throw new SalesforceError(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', message, [field.name])
      }
      const stored = storedValue(type, field, given)
      if (operation === 'update' && field.required === true && stored === null) {
        const message = `Required fields are missing: [${field.name}]`
        throw new SalesforceError(400, 'REQUIRED_FIELD_MISSING', message, [field.name])
      }
      this.#assertReference(field, stored)
      this.#assertUnique(type, field, stored, ownId)
      values[field.name] = stored
    }
    return values
  }

  #assertReference(field: FieldSpec, value: Stored): void {
    if (field.references === undefined || value === null) return
    const target = typeof value === 'string' ? this.find(field.references, value) : undefined
    if (target !== undefined && !target.deleted) return
    const message = `${field.label ?? field.name}: id value of incorrect type or of a deleted record: ${String(value)}`
    throw new SalesforceError(400, 'INVALID_CROSS_REFERENCE_KEY', message, [field.name])
  }

  #assertUnique(type: ObjectType, field: FieldSpec, value: Stored, ownId: string | undefined): void {
    if (field.unique !== true || value === null) return
    const other = this.byValue(type, field, value).find(({ id }) => id !== ownId)
    if (other === undefined) return
    const message = `duplicate value found: ${field.name} duplicates value on record with id: ${other.id}`
    throw new SalesforceError(400, 'DUPLICATE_VALUE', message, [])
  }

  /** Live records with this value in the field; texts are compared case-insensitively. */
  byValue(type: ObjectType, field: FieldSpec, value: Stored): readonly StoredRecord[] {
    if (field.unique === true) {
      const record = this.#unique.get(uniqueKey(type, field, value))
      return record === undefined ? [] : [record]
    }
    const wanted = keyOf(value)
    const found: StoredRecord[] = []
    for (const record of this.records(type.spec.name)) {
      if (!record.deleted && keyOf(record.values[field.name] ?? null) === wanted) found.push(record)
    }
    return found
  }

  #indexed(record: StoredRecord, act: (key: string) => void): void {
    for (const field of record.type.fields.values()) {
      const value = record.values[field.name] ?? null
      if (field.unique === true && value !== null) act(uniqueKey(record.type, field, value))
    }
  }
}

function uniqueKey(type: ObjectType, field: FieldSpec, value: Stored): string {
  return `${type.spec.name}.${field.name}.${keyOf(value)}`
}

function keyOf(value: Stored): string {
  return value instanceof LosslessNumber ? value.toString() : String(value).toLowerCase()
}

function compound(record: StoredRecord, field: FieldSpec): unknown {
  const parts = [...record.type.fields.values()].filter(({ partOf }) => partOf === field.name)
  const prefix = field.name.replace(/Address$/, '')
  const entries = parts.map(({ name }) => {
    const part = name.slice(prefix.length)
    return [part.charAt(0).toLowerCase() + part.slice(1), record.values[name] ?? null]
  })
  return entries.every(([, value]) => value === null) ? null : Object.fromEntries(entries)
}
