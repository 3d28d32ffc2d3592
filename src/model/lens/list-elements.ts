/**
 * Lists of groups as a system keeps them: each element is an object, of which the mapping knows some properties.
 *
 * A list is always sent whole, so an element that a system holds already is sent as it is held, with the mapped properties over it. Which
 * element that is, is told by `pair-elements.ts`.
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

/** How one element of a list is read and written; made of the mappings of its parts. */
export interface ElementLens {
  readonly read: (native: unknown) => FieldReading
  /** Writes some parts of an element into a patch that begins at it. */
  readonly write: (parts: CanonicalValue, patch: Patch) => ValueProblem | undefined
}

/** What a list is written with. */
export interface ListWriting {
  readonly type: GroupListType
  readonly lens: ElementLens
  /** What the system holds at the path now. */
  readonly held: unknown
  /** What the values to be written went through, so that elements are recognised by it. @default nothing */
  readonly asWritten?: ((value: CanonicalValue) => CanonicalValue) | undefined
}

export function isGroupList(type: FieldType): type is GroupListType {
  return (type.kind === 'set' || type.kind === 'list') && type.of.kind === 'group'
}

/** Reads the elements one by one, as their own mapping says. */
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
    // An element without a single mapped value is an element all the same.
    values.push(reading.value ?? {})
  }
  return accept(type.kind === 'set' ? sortSet(values) : values)
}

/** An element that the system holds, as it is read. */
interface HeldElement {
  readonly native: NativeRecord
  /** Undefined when it can't be read; nothing is known of it then, and it is left out of what is written like any unknown element. */
  readonly value: CanonicalValue | undefined
  /** Of an element of a set: the natives beside this one that are the same element. */
  readonly memory: readonly NativeRecord[]
}

/** The list as it is to be sent. */
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
 * The elements of a set. Those that are equal as far as the mapping can see are one element of it, and stay together: what is not mapped may tell
 * them apart.
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

/** Parts that differ from what is held, each as it is to be written: what is equal keeps its spelling, what is missing is cleared. */
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

/** A held element as it would look in the values that are written: normalised, with bare references. */
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
    // A normaliser of a definition may throw on what it did not expect; the value as it is still tells most elements.
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

/** A set has no order of its own, so it is sent in the one that the system has, new elements last. Twins stay as long as they are equal. */
function inHeldOrder({ natives, partners, elements, views, wanted }: WrittenSet): readonly unknown[] {
  const kept = elements.flatMap(({ memory }, at) => {
    const index = partners.indexOf(at)
    if (index < 0) return []
    return wanted[index]?.content === views[at]?.content ? [natives[index], ...memory] : [natives[index]]
  })
  return [...kept, ...natives.filter((_, index) => partners[index] === undefined)]
}
