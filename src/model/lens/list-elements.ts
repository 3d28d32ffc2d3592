/**
 * Lists of groups in a system: each element is an object, of which the mapping knows some properties.
 *
 * A list is always sent as a whole, so an existing element is sent with its current properties, overwritten
 * by the mapped ones. `pair-elements.ts` determines which element that is.
 */
import { sortSet } from '../canonical/collection.ts'
import { canonicalJson, isEqualCanonical } from '../canonical/equality.ts'
import { limits } from '../canonical/limits.ts'
import { isCanonicalList, isCanonicalObject, isPlainObject } from '../canonical/object.ts'
import { bareReferences } from '../canonical/reference.ts'
import {
  accept,
  describeKind,
  refuse,
  type ValueProblem,
  type ValueResult,
} from '../canonical/value-result.ts'
import type { CanonicalValue, FieldType, NativeRecord } from '../values.ts'
import type { FieldReading } from './native-value.ts'
import { type ElementView, pairElements } from './pair-elements.ts'
import { Patch } from './patch.ts'

/** A set or list whose elements are groups. */
export type GroupListType = Extract<FieldType, { kind: 'set' | 'list' }> & {
  readonly of: Extract<FieldType, { kind: 'group' }>
}

/** The mapping of one element of a list, derived from the mappings of its parts. */
export interface ElementLens {
  readonly read: (native: unknown) => FieldReading
  /** Writes some parts of an element into a patch that begins at it. */
  readonly write: (parts: CanonicalValue, patch: Patch) => ValueProblem | undefined
}

/** The input for writing a list. */
export interface ListWriting {
  readonly type: GroupListType
  readonly lens: ElementLens
  /** The system's current value at the path. */
  readonly held: unknown
  /**
   * The normalisation of the values to be written, so that elements are recognised by it. @default nothing
   */
  readonly asWritten?: ((value: CanonicalValue) => CanonicalValue) | undefined
}

export function isGroupList(type: FieldType): type is GroupListType {
  return (type.kind === 'set' || type.kind === 'list') && type.of.kind === 'group'
}

/** Reads the elements one by one, using their own mapping. */
export function readElements(type: GroupListType, { read }: ElementLens, native: unknown): FieldReading {
  if (!Array.isArray(native))
    return refuse('VALUE_TYPE', `a list was expected, found ${describeKind(native)}`)
  if (native.length > limits.elementsMax) {
    const message = `the list has ${native.length} elements, more than the limit of ${limits.elementsMax}`
    return refuse('VALUE_TOO_LARGE', message)
  }
  const values: CanonicalValue[] = []
  for (const [index, element] of native.entries()) {
    if (!isPlainObject(element))
      return refuse(
        'VALUE_TYPE',
        `element ${index + 1}: a group was expected, found ${describeKind(element)}`,
      )
    const reading = read(element)
    if (!reading.ok) return refuse(reading.problem.code, `element ${index + 1}: ${reading.problem.message}`)
    // An element without any mapped value is still an element.
    values.push(reading.value ?? {})
  }
  return accept(type.kind === 'set' ? sortSet(values) : values)
}

/** An existing element of the system, as it is read. */
interface HeldElement {
  readonly native: NativeRecord
  /**
   * Undefined when it can't be read; it is unknown then, and left out of the written list like any unknown
   * element.
   */
  readonly value: CanonicalValue | undefined
  /** For an element of a set: the natives beside this one that are the same element. */
  readonly memory: readonly NativeRecord[]
}

/** Returns the list to be sent. */
export function writeElements(
  values: readonly CanonicalValue[],
  { type, lens, held, asWritten }: ListWriting,
): ValueResult<readonly unknown[]> {
  const known = heldElements(lens, held)
  const elements = type.kind === 'set' ? distinct(type, known) : known
  const views = elements.map(({ value }) =>
    viewOf(type, value === undefined ? {} : recognisable(type, value, asWritten)),
  )
  const wanted = values.map((value) => viewOf(type, value))
  const rules = { naming: namingParts(type), ordered: type.kind === 'list' }
  const partners = pairElements(views, wanted, rules)
  const natives: unknown[] = []
  for (const [index, value] of values.entries()) {
    const partner = partners[index]
    const written = writeElement(type, lens, value, partner === undefined ? undefined : elements[partner])
    if (!written.ok) return refuse(written.problem.code, `element ${index + 1}: ${written.problem.message}`)
    natives.push(written.value)
  }
  return accept(type.kind === 'set' ? inHeldOrder({ natives, partners, elements, views, wanted }) : natives)
}

function heldElements({ read }: ElementLens, held: unknown): readonly HeldElement[] {
  if (!Array.isArray(held)) return []
  return held
    .slice(0, limits.elementsMax)
    .filter(isPlainObject)
    .map((native) => {
      const reading = read(native)
      return { native, value: reading.ok ? (reading.value ?? {}) : undefined, memory: [] }
    })
}

/**
 * The distinct elements of a set. Elements that are equal as far as the mapping can see are one element, and
 * stay together, since unmapped properties may distinguish them.
 */
function distinct(type: GroupListType, elements: readonly HeldElement[]): readonly HeldElement[] {
  const byContent = new Map<string, HeldElement>()
  for (const element of elements) {
    const content = viewOf(type, element.value ?? {}).content
    const first = byContent.get(content)
    byContent.set(
      content,
      first === undefined ? element : { ...first, memory: [...first.memory, element.native] },
    )
  }
  return [...byContent.values()]
}

function writeElement(
  { of }: GroupListType,
  lens: ElementLens,
  value: CanonicalValue,
  partner: HeldElement | undefined,
): ValueResult<unknown> {
  if (value === null) return accept(null)
  if (!isCanonicalObject(value)) return refuse('VALUE_TYPE', 'the canonical value is not a group')
  const before = partner?.value
  const patch = Patch.over(partner?.native)
  const problem = lens.write(changedParts(of, before, value), patch)
  return problem === undefined ? accept(patch.result) : { ok: false, problem }
}

/**
 * Returns the parts that differ from the current ones: equal parts keep their representation, missing ones
 * are cleared.
 */
function changedParts(
  { fields }: GroupListType['of'],
  before: CanonicalValue | undefined,
  after: { readonly [part: string]: CanonicalValue },
): { readonly [part: string]: CanonicalValue } {
  const known = isCanonicalObject(before) ? before : undefined
  const parts = Object.entries(fields).flatMap(([name, type]): [string, CanonicalValue][] => {
    const part = Object.hasOwn(after, name) ? after[name] : undefined
    if (known === undefined) return part === undefined ? [] : [[name, part]]
    const held = Object.hasOwn(known, name) ? known[name] : undefined
    if (part === undefined) return held === undefined || held === null ? [] : [[name, null]]
    if (held === undefined) return [[name, part]]
    if (isEqualCanonical(bareReferences(type, part), bareReferences(type, held))) return []
    return [[name, type.kind === 'group' && isCanonicalObject(part) ? changedParts(type, held, part) : part]]
  })
  return Object.fromEntries(parts)
}

/** Returns an existing element in the form of the values being written: normalised, with bare references. */
function recognisable(
  { of }: GroupListType,
  value: CanonicalValue,
  asWritten: ListWriting['asWritten'],
): CanonicalValue {
  const bare = bareReferences(of, value)
  if (asWritten === undefined) return bare
  try {
    const normal = asWritten([bare])
    return isCanonicalList(normal) && normal.length === 1 ? (normal[0] ?? bare) : bare
  } catch {
    // A normaliser of a definition may throw on unexpected values; the unnormalised value still identifies
    // most elements.
    return bare
  }
}

function viewOf({ of, key }: GroupListType, value: CanonicalValue): ElementView {
  const known = isCanonicalObject(value) ? value : {}
  const entries = Object.entries(known).filter(([, part]) => part !== null)
  const bare = entries.map(([name, part]): [string, CanonicalValue] => {
    const type = Object.hasOwn(of.fields, name) ? of.fields[name] : undefined
    return [name, type === undefined ? part : bareReferences(type, part)]
  })
  const parts = new Map(bare.map(([name, part]) => [name, canonicalJson(part)]))
  const keys = key?.map((name) => parts.get(name)) ?? []
  const isKeyed = keys.length > 0 && keys.every((part) => part !== undefined && part !== '""')
  return {
    content: canonicalJson(Object.fromEntries(bare)),
    parts,
    ...(isKeyed ? { key: JSON.stringify(keys) } : {}),
  }
}

function namingParts({ of }: GroupListType): ReadonlySet<string> {
  const named = Object.entries(of.fields).filter(([, { kind }]) => kind === 'string' || kind === 'ref')
  return new Set(named.map(([name]) => name))
}

interface WrittenSet {
  readonly natives: readonly unknown[]
  readonly partners: readonly (number | undefined)[]
  readonly elements: readonly HeldElement[]
  readonly views: readonly ElementView[]
  readonly wanted: readonly ElementView[]
}

/**
 * A set has no order of its own, so it is sent in the order of the system, with new elements last. Equal
 * elements stay as long as they are equal.
 */
function inHeldOrder({ natives, partners, elements, views, wanted }: WrittenSet): readonly unknown[] {
  const kept = elements.flatMap(({ memory }, at) => {
    const index = partners.indexOf(at)
    if (index < 0) return []
    return wanted[index]?.content === views[at]?.content ? [natives[index], ...memory] : [natives[index]]
  })
  return [...kept, ...natives.filter((_, index) => partners[index] === undefined)]
}
