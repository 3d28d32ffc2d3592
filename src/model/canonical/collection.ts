import type { CanonicalValue, FieldType } from '../values.ts'
import { canonicalJson } from './equality.ts'
import { exactDigits } from './exact-number.ts'
import { limits } from './limits.ts'
import type { Spelling } from './spelling.ts'
import { accept, describeKind, type Parsed, refuse, type ValueResult } from './value-result.ts'

/** Converts one element; passed by the dispatcher, so that elements may be of any type. */
export type ParseElement = (type: FieldType, native: unknown) => Parsed

/** Reads a list in its order. */
export function parseList(
  of: FieldType,
  native: unknown,
  spelling: Spelling,
  parse: ParseElement,
): ValueResult<readonly CanonicalValue[]> {
  const elements = splitElements(native, spelling.separator)
  if (elements === undefined)
    return refuse('VALUE_TYPE', `a list was expected, found ${describeKind(native)}`)
  if (elements.length > limits.elementsMax) {
    return refuse(
      'VALUE_TOO_LARGE',
      `the list has ${elements.length} elements, more than the limit of ${limits.elementsMax}`,
    )
  }
  const values: CanonicalValue[] = []
  for (const [index, element] of elements.entries()) {
    const parsed = parse(of, element)
    if (!parsed.ok) return refuse(parsed.problem.code, `element ${index + 1}: ${parsed.problem.message}`)
    values.push(parsed.value)
  }
  return accept(values)
}

/** Reads a set: sorted, each element once, so that equal sets are equal lists. */
export function parseSet(
  of: FieldType,
  native: unknown,
  spelling: Spelling,
  parse: ParseElement,
): ValueResult<readonly CanonicalValue[]> {
  const list = parseList(of, native, spelling, parse)
  return list.ok ? accept(sortSet(list.value)) : list
}

/** The canonical order of a set: by UTF-16 units, never by a locale. */
export function sortSet(values: readonly CanonicalValue[]): readonly CanonicalValue[] {
  const byKey = new Map(values.map((value) => [canonicalJson(value), value]))
  return [...byKey.keys()].sort(compareUnits).map((key) => byKey.get(key) ?? null)
}

/**
 * Joins texts where a system stores a list in one text; an element that contains the separator would be read
 * back as two.
 */
export function joinElements(natives: readonly unknown[], separator: string): ValueResult<string> {
  const texts = natives.map((native) => {
    if (typeof native !== 'object' || native === null) return String(native)
    return exactDigits(native)
  })
  const bad = texts.findIndex((text) => text === undefined || text === '' || text.includes(separator))
  if (bad >= 0)
    return refuse('VALUE_TYPE', `element ${bad + 1} can't be part of a text joined by the separator`)
  return accept(texts.join(separator))
}

function compareUnits(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

function splitElements(native: unknown, separator: string | undefined): readonly unknown[] | undefined {
  if (Array.isArray(native)) return native
  if (separator === undefined || typeof native !== 'string') return undefined
  return native
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
