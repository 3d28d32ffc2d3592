/**
 * Canonical values as expressions see them, and back.
 *
 * Expressions calculate with JavaScript numbers; a decimal or integer becomes one only where the conversion
 * is reversible. Otherwise it stays text, and an expression that calculates with it fails instead of rounding
 * silently.
 */
import type { CanonicalDocument, CanonicalValue, FieldType } from '../values.ts'
import { parseCanonical } from './canonical.ts'
import { exactDigits, isExactDouble } from './exact-number.ts'
import { limits } from './limits.ts'
import { canonicalDigits } from './number.ts'
import { isCanonicalList, isCanonicalObject, isPlainObject } from './object.ts'
import type { Spelling } from './spelling.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

/** One canonical value for an expression; `undefined` is absent on both sides. */
export function toExpressionInput(type: FieldType, value: CanonicalValue | undefined): unknown {
  if (typeof value === 'string') {
    return type.kind === 'decimal' || type.kind === 'integer' ? numberOrText(value) : value
  }
  if (isCanonicalList(value)) {
    const of = type.kind === 'set' || type.kind === 'list' ? type.of : undefined
    return value.map((element) => (of === undefined ? element : toExpressionInput(of, element)))
  }
  if (!isCanonicalObject(value)) return value
  return mapProperties(value, (part, name) => partInput(type, name, part))
}

/** A whole canonical document for an expression. Fields without a known type are passed unchanged. */
export function toExpressionDocument(
  document: CanonicalDocument,
  typeOf: (field: string) => FieldType | undefined,
): { readonly [field: string]: unknown } {
  return mapProperties(document, (value, field) => {
    const type = typeOf(field)
    return type === undefined ? value : toExpressionInput(type, value)
  })
}

/**
 * A native record for an expression: lossless numbers become numbers where nothing is lost, otherwise text.
 */
export function toExpressionNative(native: unknown, depth = 0): unknown {
  if (typeof native !== 'object' || native === null) return native
  const digits = exactDigits(native)
  if (digits !== undefined) return numberOrText(digits)
  // Deeper than any mapping reads; the HTTP layer bounds the input, this bounds the recursion.
  if (depth >= limits.depthMax) return undefined
  if (Array.isArray(native)) return native.map((element) => toExpressionNative(element, depth + 1))
  return mapProperties(native, (value) => toExpressionNative(value, depth + 1))
}

/**
 * Converts the result of an expression to the type of its field. `undefined` is absent. JSONata returns a
 * list of one element as that element: for sets and lists it becomes a list again.
 */
export function fromExpressionResult(
  type: FieldType,
  result: unknown,
  spelling?: Spelling,
): ValueResult<CanonicalValue | undefined> {
  const plain = plainResult(result, 0)
  if (!plain.ok) return plain
  if (plain.value === undefined) return accept(undefined)
  const wrap = (type.kind === 'set' || type.kind === 'list') && spelling?.separator === undefined
  const value = wrap && plain.value !== null && !Array.isArray(plain.value) ? [plain.value] : plain.value
  return parseCanonical(type, value, spelling)
}

/**
 * The input of an expression: null becomes missing, since `null & "x"` is `"nullx"` in JSONata and
 * `$uppercase(null)` fails.
 */
export function withoutNulls(value: unknown): { readonly [key: string]: unknown } {
  const cleaned = dropNulls(value)
  return isPlainObject(cleaned) ? cleaned : {}
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls)
  if (!isPlainObject(value)) return value
  const parts = Object.entries(value).filter(([, part]) => part !== null)
  return nullPrototype(parts.map(([key, part]) => [key, dropNulls(part)]))
}

/** Copies a result without the properties that JSONata adds to its lists; functions are no data. */
export function plainResult(result: unknown, depth = 0): ValueResult<unknown> {
  if (typeof result === 'function') return refuse('VALUE_TYPE', 'the expression returned a function')
  if (typeof result !== 'object' || result === null || exactDigits(result) !== undefined)
    return accept(result)
  if (depth >= limits.depthMax) return refuse('VALUE_TOO_LARGE', 'the result is nested too deep')
  if ('_jsonata_lambda' in result || '_jsonata_function' in result) {
    return refuse('VALUE_TYPE', `the expression returned ${describeKind(() => result)}`)
  }
  return Array.isArray(result) ? plainList(result, depth) : plainObject(result, depth)
}

function plainList(list: readonly unknown[], depth: number): ValueResult<unknown> {
  const elements: unknown[] = []
  for (const element of list) {
    const plain = plainResult(element, depth + 1)
    if (!plain.ok) return plain
    elements.push(plain.value)
  }
  return accept(elements)
}

function plainObject(object: object, depth: number): ValueResult<unknown> {
  const pairs: [string, unknown][] = []
  for (const [name, value] of Object.entries(object)) {
    const plain = plainResult(value, depth + 1)
    if (!plain.ok) return plain
    pairs.push([name, plain.value])
  }
  return accept(nullPrototype(pairs))
}

function partInput(type: FieldType, name: string, part: CanonicalValue): unknown {
  if (type.kind === 'money' && name === 'amount' && typeof part === 'string') return numberOrText(part)
  const partType = type.kind === 'group' && Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
  return partType === undefined ? part : toExpressionInput(partType, part)
}

function numberOrText(digits: string): number | string {
  const canonical = canonicalDigits(digits)
  if (!canonical.ok) return digits
  const double = Number(canonical.value)
  return isExactDouble(canonical.value, double) ? double : digits
}

function mapProperties<T>(
  object: { readonly [key: string]: T } | object,
  map: (value: T, key: string) => unknown,
): { readonly [key: string]: unknown } {
  return nullPrototype(
    Object.entries<T>(object as { readonly [key: string]: T }).map(([key, value]) => [key, map(value, key)]),
  )
}

/** Without a prototype there is nothing to reach or to pollute. */
function nullPrototype(pairs: readonly (readonly [string, unknown])[]): { readonly [key: string]: unknown } {
  const target: { [key: string]: unknown } = Object.create(null)
  for (const [key, value] of pairs) target[key] = value
  return target
}
