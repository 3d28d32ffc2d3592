/**
 * The laws that prevent a mapping from looping or losing data, as functions that look for violations in given
 * samples.
 *
 * - **get-put**: writing back the read values changes nothing; otherwise every full run would write
 * - **put-get**: written values are read back as intended, up to the declared normalisers; otherwise it would
 *   never converge
 * - **idempotent-normaliser**: a normal form is its own normal form; otherwise two systems would overwrite
 *   each other
 * - **canonical-read**: a system's values are in the form that its normaliser declares; otherwise there would
 *   be false changes
 * - **frame**: unmapped properties survive a write; otherwise data would be lost unnoticed
 * - **determinism**: the same record gives the same result, whatever the order of its properties
 */

import { isEqualCanonical } from '../canonical/equality.ts'
import { isPlainObject } from '../canonical/object.ts'
import type { Entity, EntitySystem } from '../integration.ts'
import { applyPatch } from '../lens/apply-patch.ts'
import type { NestedPatch } from '../lens/contract.ts'
import { describeValue, nativeKind } from '../lens/describe-value.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../values.ts'
import type { Law, LawField, LawSubject, LawViolation } from './law.ts'
import { checkListFrame } from './list-laws.ts'

export interface LawOptions {
  /** Include the values themselves in the messages. @default false */
  readonly reveal?: boolean
}

/** The subject of one system of a compiled entity. */
export function lawSubject(entity: Entity, system: EntitySystem, nested: NestedPatch): LawSubject {
  const fields = new Map<string, LawField>()
  for (const [name, { readable, writable, normalise }] of system.fields) {
    const field = entity.fields.get(name)
    if (field === undefined) continue
    fields.set(name, {
      type: field.type,
      readable,
      writable,
      normalise: (value) => normalise(field.normalise(value)),
    })
  }
  return { lens: system.lens, fields, nested }
}

/**
 * Checks all laws on one record of a system and, for writing, other values (those of another sample, or
 * generated ones).
 */
export async function checkLaws(
  subject: LawSubject,
  native: NativeRecord,
  values: CanonicalDocument | undefined,
  options: LawOptions = {},
): Promise<readonly LawViolation[]> {
  const { values: own } = await subject.lens.read(native)
  const other = values ?? own
  const found = await Promise.all([
    checkGetPut(subject, native, options),
    checkPutGet(subject, native, other, options),
    checkCanonicalRead(subject, native, options),
    checkFrame(subject, native, other),
    checkListFrame(subject, native),
    checkDeterminism(subject, native, other),
  ])
  return [
    ...found.flat(),
    ...checkIdempotence(subject, own, options),
    ...checkIdempotence(subject, other, options),
  ]
}

export async function checkGetPut(
  { lens, fields, nested }: LawSubject,
  native: NativeRecord,
  options: LawOptions = {},
): Promise<readonly LawViolation[]> {
  const { values } = await lens.read(native)
  const { patch, problems } = await lens.write(writableValues(fields, values), native, nested)
  const after = (await lens.read(applyPatch(native, patch, nested))).values
  const changed = differing(fields, values, after, options).map(({ field, message }) =>
    violation('get-put', field, `written back as it was read, ${message}`),
  )
  const respelt = respellings(native, patch, '').map(({ path, message }) =>
    violation('get-put', path, message),
  )
  const refused = problems.map(({ field, message }) =>
    violation('get-put', field, `what was read is refused: ${message}`),
  )
  return [...refused, ...changed, ...respelt]
}

export async function checkPutGet(
  { lens, fields, nested }: LawSubject,
  native: NativeRecord,
  values: CanonicalDocument,
  options: LawOptions = {},
): Promise<readonly LawViolation[]> {
  const meant = normalised(fields, writableValues(fields, values))
  const { patch, problems } = await lens.write(meant, native, nested)
  const refused = new Set(problems.map(({ field }) => field))
  const { values: after, problems: unreadable } = await lens.read(applyPatch(native, patch, nested))
  const violations = unreadable
    .filter(({ field }) => Object.hasOwn(meant, field) && !refused.has(field))
    .map(({ field, message }) => violation('put-get', field, `what was written can't be read: ${message}`))
  const readBack = Object.fromEntries(
    Object.entries(meant).filter(([name]) => fields.get(name)?.readable === true && !refused.has(name)),
  )
  const unread = new Set(unreadable.map(({ field }) => field))
  for (const { field, message } of differing(fields, readBack, pick(after, readBack), options)) {
    if (!unread.has(field)) violations.push(violation('put-get', field, `after writing, ${message}`))
  }
  return violations
}

export function checkIdempotence(
  { fields }: LawSubject,
  values: CanonicalDocument,
  options: LawOptions = {},
): readonly LawViolation[] {
  return Object.entries(values).flatMap(([field, value]) => {
    const normalise = fields.get(field)?.normalise
    if (normalise === undefined) return []
    const once = normalise(value)
    const twice = normalise(once)
    if (isEqualCanonical(once, twice)) return []
    return [violation('idempotent-normaliser', field, changeMessage(once, twice, options))]
  })
}

export async function checkCanonicalRead(
  { lens, fields }: LawSubject,
  native: NativeRecord,
  options: LawOptions = {},
): Promise<readonly LawViolation[]> {
  const { values } = await lens.read(native)
  return Object.entries(values).flatMap(([field, value]) => {
    const normal = fields.get(field)?.normalise(value) ?? value
    if (isEqualCanonical(normal, value)) return []
    return [violation('canonical-read', field, `in its normal form ${changeMessage(value, normal, options)}`)]
  })
}

/** Adds an unmapped property to every object of the record and looks for it after a write. */
export async function checkFrame(
  { lens, fields, nested }: LawSubject,
  native: NativeRecord,
  values: CanonicalDocument,
): Promise<readonly LawViolation[]> {
  const probed = withProbes(native)
  const { patch } = await lens.write(normalised(fields, writableValues(fields, values)), probed, nested)
  return lostProbes(probed, applyPatch(probed, patch, nested), '').map((path) =>
    violation('frame', path, 'properties beside the mapped ones are lost in a write'),
  )
}

export async function checkDeterminism(
  { lens, fields, nested }: LawSubject,
  native: NativeRecord,
  values: CanonicalDocument,
): Promise<readonly LawViolation[]> {
  const [first, second] = [await lens.read(native), await lens.read(reversed(native))]
  const violations = Object.keys({ ...first.values, ...second.values })
    .filter((field) => !isEqualCanonical(first.values[field], second.values[field]))
    .map((field) => violation('determinism', field, 'two readings of one record differ'))
  const input = writableValues(fields, values)
  const [one, two] = [await lens.write(input, native, nested), await lens.write(input, native, nested)]
  if (nativeText(one.patch) !== nativeText(two.patch)) {
    violations.push(violation('determinism', '*', 'two writings of the same values differ'))
  }
  return violations
}

function violation(law: Law, field: string, message: string): LawViolation {
  return { law, field, message }
}

function writableValues(fields: LawSubject['fields'], values: CanonicalDocument): CanonicalDocument {
  return Object.fromEntries(Object.entries(values).filter(([name]) => fields.get(name)?.writable === true))
}

function normalised(fields: LawSubject['fields'], values: CanonicalDocument): CanonicalDocument {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, fields.get(name)?.normalise(value) ?? value]),
  )
}

function pick(values: CanonicalDocument, names: CanonicalDocument): CanonicalDocument {
  return Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(names, name)))
}

function differing(
  fields: LawSubject['fields'],
  before: CanonicalDocument,
  after: CanonicalDocument,
  options: LawOptions,
): readonly { field: string; message: string }[] {
  const normal = (field: string, value: CanonicalValue | undefined): CanonicalValue | undefined =>
    value === undefined ? undefined : (fields.get(field)?.normalise(value) ?? value)
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const [from, to] = [before[field], after[field]]
    if (isEqualCanonical(normal(field, from), normal(field, to))) return []
    return [{ field, message: changeMessage(from, to, options) }]
  })
}

function changeMessage(
  before: CanonicalValue | undefined,
  after: CanonicalValue | undefined,
  { reveal = false }: LawOptions,
): string {
  return `${describeValue(before, reveal)} becomes ${describeValue(after, reveal)}`
}

/** Finds leaves that a patch would turn into another kind of JSON value, such as a number into a text. */
function respellings(
  native: unknown,
  patch: unknown,
  path: string,
): readonly { path: string; message: string }[] {
  if (isPlainObject(patch)) {
    const base = isPlainObject(native) ? native : {}
    return Object.entries(patch).flatMap(([key, value]) =>
      respellings(
        Object.hasOwn(base, key) ? base[key] : undefined,
        value,
        path === '' ? key : `${path}.${key}`,
      ),
    )
  }
  const [from, to] = [nativeKind(native), nativeKind(patch)]
  return from === to ? [] : [{ path, message: `${from} would be written back as ${to}` }]
}

const probe = 'isthmusFrameProbe'

function withProbes(record: NativeRecord): NativeRecord {
  const entries = Object.entries(record).map(([key, value]): [string, unknown] => [
    key,
    hasFrame(value) ? withProbes(value) : value,
  ])
  return Object.fromEntries([...entries, [probe, true]])
}

/** A local time with its zone is one value represented by an object. */
function hasFrame(value: unknown): value is NativeRecord {
  return isPlainObject(value) && Object.keys(value).sort().join() !== 'local,zone'
}

/** Lists have a frame law of their own, which `list-laws.ts` checks. */
function lostProbes(before: NativeRecord, after: unknown, path: string): readonly string[] {
  if (!isPlainObject(after)) return [path]
  const here = after[probe] === true ? [] : [path === '' ? '(record)' : path]
  const inside = Object.entries(before).flatMap(([key, value]) =>
    hasFrame(value) ? lostProbes(value, after[key], path === '' ? key : `${path}.${key}`) : [],
  )
  return [...here, ...inside]
}

function reversed(record: NativeRecord): NativeRecord {
  return Object.fromEntries(
    Object.entries(record)
      .reverse()
      .map(([key, value]) => [key, isPlainObject(value) ? reversed(value) : value]),
  )
}

/** A text that reveals the order of properties as well as values, for comparing two patches. */
function nativeText(patch: NativeRecord): string {
  return JSON.stringify(patch, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
