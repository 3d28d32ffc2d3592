/**
 * The frame law inside lists: an element that stays keeps its unmapped properties, whatever happens to the
 * list around it.
 *
 * Every element of the sample gets an unmapped marker. The list is then written unchanged, in another order,
 * with one element less, and with one element changed; a marker that is missing afterwards, without its
 * element having been removed, is lost data.
 */
import { isCanonicalObject, isPlainObject } from '../canonical/object.ts'
import { applyPatch } from '../lens/apply-patch.ts'
import { type GroupListType, isGroupList } from '../lens/list-elements.ts'
import type { CanonicalValue, FieldType, NativeRecord } from '../values.ts'
import type { LawSubject, LawViolation } from './law.ts'

const mark = 'isthmusElementProbe'

/** Looks for lists in which a write loses unmapped properties, and names those properties. */
export async function checkListFrame(
  { lens, fields, nested }: LawSubject,
  native: NativeRecord,
): Promise<readonly LawViolation[]> {
  if (![...fields.values()].some(({ type }) => isGroupList(type))) return []
  const { values } = await lens.read(native)
  const violations: LawViolation[] = []
  for (const [field, { type, writable, readable, normalise }] of fields) {
    const value = values[field]
    if (!writable || !readable || !isGroupList(type) || !Array.isArray(value) || value.length === 0) continue
    const marked = markElements(native)
    const lost = new Set<string>()
    for (const elements of trialsOf(type, value)) {
      const { patch, problems } = await lens.write({ [field]: normalise(elements) }, marked.record, nested)
      if (problems.length > 0) continue
      const removed = value.length - elements.length
      for (const name of lostNames(marked, applyPatch(marked.record, patch, nested), removed)) lost.add(name)
    }
    if (lost.size === 0) continue
    const names = [...lost].sort().join(', ')
    violations.push({
      law: 'frame',
      field,
      message: `remaining elements lose unmapped properties: ${names}`,
    })
  }
  return violations
}

function trialsOf(
  type: GroupListType,
  value: readonly CanonicalValue[],
): readonly (readonly CanonicalValue[])[] {
  const [first, ...others] = value
  const edited = first === undefined ? undefined : edit(type, first)
  return [
    value,
    ...(others.length > 0 ? [[...value].reverse(), others] : []),
    ...(edited === undefined ? [] : [[edited, ...others]]),
  ]
}

/** Returns the element with one of its parts changed that is not its key. */
function edit({ of, key }: GroupListType, element: CanonicalValue): CanonicalValue | undefined {
  if (!isCanonicalObject(element)) return undefined
  for (const [name, part] of Object.entries(element).reverse()) {
    const type = Object.hasOwn(of.fields, name) ? of.fields[name] : undefined
    const changed = type === undefined || key?.includes(name) ? undefined : changedPart(type, part)
    if (changed !== undefined) return { ...element, [name]: changed }
  }
  return undefined
}

function changedPart({ kind }: FieldType, part: CanonicalValue): CanonicalValue | undefined {
  if (kind === 'boolean' && typeof part === 'boolean') return !part
  if (typeof part !== 'string') return undefined
  if (kind === 'string') return `${part}x`
  return kind === 'integer' || kind === 'decimal' ? (part === '1' ? '2' : '1') : undefined
}

/** One element of the sample. */
interface MarkedElement {
  /** Its own properties. */
  readonly names: readonly string[]
  /** Marker of the element around it, which is removed together with it. */
  readonly within: number | undefined
}

interface Marked {
  readonly record: NativeRecord
  /** By marker. */
  readonly elements: ReadonlyMap<number, MarkedElement>
}

function markElements(native: NativeRecord): Marked {
  const elements = new Map<number, MarkedElement>()
  const inside = (value: unknown, within: number | undefined, inList: boolean): unknown => {
    if (Array.isArray(value)) return value.map((element: unknown) => inside(element, within, true))
    if (!isPlainObject(value)) return value
    const own = inList ? elements.size : undefined
    if (own !== undefined) elements.set(own, { names: Object.keys(value), within })
    const copy = Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, inside(part, own ?? within, false)]),
    )
    return own === undefined ? copy : { ...copy, [mark]: own }
  }
  const record = inside(native, undefined, false)
  return { record: isPlainObject(record) ? record : native, elements }
}

/**
 * Names of properties that elements had and that no element of the written list has any more; empty when
 * nothing is lost.
 */
function lostNames({ elements }: Marked, after: NativeRecord, removed: number): readonly string[] {
  const kept = new Set<unknown>()
  const written = new Set<string>()
  walk(after, (element) => {
    if (Object.hasOwn(element, mark)) kept.add(element[mark])
    else for (const name of Object.keys(element)) written.add(name)
  })
  const isGone = (one: number | undefined): boolean => one !== undefined && !kept.has(one)
  const gone = [...elements].filter(([one, { within }]) => isGone(one) && !isGone(within))
  if (gone.length <= removed) return []
  return gone.flatMap(([, { names }]) => names.filter((name) => !written.has(name)))
}

function walk(
  value: unknown,
  visit: (element: { readonly [key: string]: unknown }) => void,
  inList = false,
): void {
  if (Array.isArray(value)) for (const element of value) walk(element, visit, true)
  else if (isPlainObject(value)) {
    if (inList) visit(value)
    for (const part of Object.values(value)) walk(part, visit)
  }
}
