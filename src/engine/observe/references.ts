/**
 * References between records: native ids in the systems, record ids in canonical values.
 *
 * A read translates inwards: a native id without a record is *no information* about its field, its target is
 * taken in, and this record becomes due again when the target exists. A write translates outwards, and only
 * ever to the linked id of the intended target (INV-15); the merge decides from {@link referable} which
 * fields can't be written yet.
 */
import { IsthmusError } from '../../model/errors.ts'
import type { Entity, EntitySystem } from '../../model/integration.ts'
import type { CanonicalDocument, CanonicalValue, FieldType } from '../../model/values.ts'
import type { Pass } from '../pass/contract.ts'
import { addRows } from '../pass/pass.ts'
import type { Reading } from './reading.ts'

const nativePrefix = 'ref:'

interface ReferenceField {
  readonly name: string
  readonly type: FieldType
}

const fieldsOf = new WeakMap<Entity, readonly ReferenceField[]>()

/**
 * Returns the fields of an entity that hold references, at any depth. Most entities have none and skip this
 * work.
 */
export function referenceFields(entity: Entity): readonly ReferenceField[] {
  const known = fieldsOf.get(entity)
  if (known !== undefined) return known
  const found = [...entity.fields.values()].filter((field) => holdsReference(field.type))
  fieldsOf.set(entity, found)
  return found
}

function holdsReference(type: FieldType): boolean {
  if (type.kind === 'ref') return true
  if (type.kind === 'set' || type.kind === 'list') return holdsReference(type.of)
  return type.kind === 'group' && Object.values(type.fields).some(holdsReference)
}

type Replace = (entity: string, id: string) => string

/** Replaces every reference in a value of this type. */
export function mapReferences(type: FieldType, value: CanonicalValue, replace: Replace): CanonicalValue {
  if (value === null) return value
  if (type.kind === 'ref') return typeof value === 'string' ? replace(type.entity, value) : value
  if ((type.kind === 'set' || type.kind === 'list') && Array.isArray(value)) {
    const mapped = value.map((item: CanonicalValue) => mapReferences(type.of, item, replace))
    return type.kind === 'set' ? mapped.sort() : mapped
  }
  if (type.kind === 'group' && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => {
        const partType = type.fields[name]
        return [name, partType === undefined ? part : mapReferences(partType, part, replace)]
      }),
    )
  }
  return value
}

/** Returns the references inside a value of this type, unchanged. */
export function collect(
  type: FieldType,
  value: CanonicalValue | undefined,
): readonly { entity: string; id: string }[] {
  if (value === undefined || value === null) return []
  const found: { entity: string; id: string }[] = []
  mapReferences(type, value, (entity, id) => {
    found.push({ entity, id })
    return id
  })
  return found
}

/**
 * Native ids of a reading → record ids. Fields that point to something unknown become unknown; their targets
 * are taken in.
 */
export async function translateInwards(pass: Pass, system: string, reading: Reading): Promise<Reading> {
  const fields = referenceFields(pass.entity).filter((field) => reading.values[field.name] !== undefined)
  if (fields.length === 0) return reading
  const values: Record<string, CanonicalValue> = { ...reading.values }
  const unknown = new Set(reading.unknown)
  const waiting = new Set<string>()
  for (const field of fields) {
    const targets = collect(field.type, reading.values[field.name])
    const responses = await Promise.all(targets.map((target) => recordOf(pass, system, target)))
    const known = new Map(responses.flatMap((response) => (response === undefined ? [] : [response])))
    const missing = targets.filter((target) => !known.has(target.id))
    if (missing.length > 0) {
      delete values[field.name]
      unknown.add(field.name)
      waiting.add(field.name)
      waitForNative(pass, system, field.name, missing)
      continue
    }
    values[field.name] = mapReferences(field.type, values[field.name] ?? null, (_, id) => known.get(id) ?? id)
  }
  return { values, unknown, problems: reading.problems, missing: waiting }
}

async function recordOf(
  pass: Pass,
  system: string,
  target: { readonly entity: string; readonly id: string },
): Promise<readonly [string, string] | undefined> {
  const nativeId = nativeIdOfReference(target.id)
  const response = await pass.context.store.resolveReference({ system, entity: target.entity, nativeId })
  if (response === undefined) return undefined
  pass.references.set(referenceKey(system, response.recordId), response.nativeId)
  return [target.id, response.recordId]
}

/** Returns the native id of a reference as a mapping reads it. */
export function nativeIdOfReference(reference: string): string {
  return reference.startsWith(nativePrefix) ? reference.slice(nativePrefix.length) : reference
}

function waitForNative(
  pass: Pass,
  system: string,
  field: string,
  targets: readonly { readonly entity: string; readonly id: string }[],
): void {
  const missing = targets.map((target) => ({
    system,
    entity: target.entity,
    nativeId: nativeIdOfReference(target.id),
  }))
  addRows(pass, {
    marks: missing,
    dependencies: missing.map((target) => ({ recordId: pass.record.id, system, field, target })),
  })
}

/** Looks up, for every system, the counterparts of all records that this one may refer to after the merge. */
export async function prepareReferences(pass: Pass): Promise<void> {
  const fields = referenceFields(pass.entity)
  if (fields.length === 0) return
  const documents = [...pass.observations.values()].flatMap((observation) =>
    observation.kind === 'live' && observation.admissible ? [observation.observed.values] : [],
  )
  const asked: Promise<void>[] = []
  for (const field of fields) {
    const values = [
      pass.record.fields[field.name]?.value,
      ...documents.map((document) => document[field.name]),
    ]
    const targets = values.flatMap((value) => collect(field.type, value))
    for (const part of pass.entity.systems.values()) {
      if (!part.fields.has(field.name)) continue
      for (const target of targets) asked.push(lookUp(pass, part.system, target))
    }
  }
  await Promise.all(asked)
}

async function lookUp(
  pass: Pass,
  system: string,
  target: { readonly entity: string; readonly id: string },
): Promise<void> {
  const key = referenceKey(system, target.id)
  if (pass.references.has(key)) return
  pass.references.set(key, undefined)
  const response = await pass.context.store.resolveReference({
    system,
    entity: target.entity,
    recordId: target.id,
  })
  if (response !== undefined) pass.references.set(key, response.nativeId)
}

function referenceKey(system: string, recordId: string): string {
  return `${system}\n${recordId}`
}

/**
 * Returns the function by which the merge asks whether a record has a counterpart in a system, answered from
 * what {@link prepareReferences} has looked up.
 */
export function referable(pass: Pass): (system: string, recordId: string) => boolean {
  return (system, recordId) => pass.references.get(referenceKey(system, recordId)) !== undefined
}

/** Record ids → native ids of one system, for a write whose references are all {@link referable}. */
export function translateOutwards(
  pass: Pass,
  part: EntitySystem,
  values: CanonicalDocument,
): CanonicalDocument {
  const fields = referenceFields(pass.entity).filter((field) => values[field.name] !== undefined)
  if (fields.length === 0) return values
  const translated: Record<string, CanonicalValue> = { ...values }
  for (const field of fields) {
    translated[field.name] = mapReferences(field.type, values[field.name] ?? null, (_, id) => {
      const nativeId = pass.references.get(referenceKey(part.system, id))
      if (nativeId !== undefined) return `${nativePrefix}${nativeId}`
      throw new IsthmusError(
        'INTERNAL',
        `Record ${id} has no counterpart in ${part.system}, yet a write refers to it.`,
      )
    })
  }
  return translated
}
