/**
 * Reads native values into canonical ones and back, by the type of the field. One file per family of types
 * implements it.
 */
import type { CanonicalValue, FieldType } from '../values.ts'
import { booleanToNative, parseBoolean } from './boolean.ts'
import { joinElements, parseList, parseSet } from './collection.ts'
import { dateToNative, parseDate } from './date.ts'
import { groupToNative, parseGroup } from './group.ts'
import { instantToNative, parseInstant } from './instant.ts'
import { parseLocalDateTime } from './local-date-time.ts'
import { parseMoney } from './money.ts'
import { numberToNative, parseDecimal, parseInteger } from './number.ts'
import { isCanonicalList, isCanonicalObject } from './object.ts'
import { parseReference, referenceToNative } from './reference.ts'
import { plainSpelling, type Spelling } from './spelling.ts'
import { checkText, isSameText, parseText } from './text.ts'
import { accept, describeKind, type Parsed, refuse, type ValueResult } from './value-result.ts'

/**
 * Reads one native value. `null` stays null; other representations of *nothing* in a system (an empty text, a
 * missing property) are handled by the lens, so every type but text refuses an empty text here.
 *
 * Reading a canonical value with the default format returns the same value (references apart, which gain
 * their `ref:`).
 */
export function parseCanonical(type: FieldType, native: unknown, spelling: Spelling = plainSpelling): Parsed {
  if (native === null) return accept(null)
  switch (type.kind) {
    case 'string':
      return parseText(native)
    case 'decimal':
      return parseDecimal(native, spelling)
    case 'integer':
      return parseInteger(native, spelling)
    case 'boolean':
      return parseBoolean(native, spelling)
    case 'instant':
      return parseInstant(native, spelling)
    case 'date':
      return parseDate(native, spelling)
    case 'localDateTime':
      return parseLocalDateTime(native)
    case 'enum':
      return parseEnum(type.values, native)
    case 'money':
      return parseMoney(native, spelling)
    case 'group':
      return parseGroup(type.fields, native, parseCanonical)
    case 'ref':
      return parseReference(native)
    case 'set':
      return parseSet(type.of, native, spelling, elementParser(spelling))
    case 'list':
      return parseList(type.of, native, spelling, elementParser(spelling))
    case 'blob':
      return parseBlob(native)
  }
}

/** Writes one canonical value in a system's format. */
export function toNative(
  type: FieldType,
  value: CanonicalValue,
  spelling: Spelling = plainSpelling,
): ValueResult<unknown> {
  if (value === null) return accept(null)
  if (typeof value === 'boolean') {
    return type.kind === 'boolean' ? accept(booleanToNative(value, spelling)) : mismatch(type, value)
  }
  if (isCanonicalList(value)) {
    return type.kind === 'set' || type.kind === 'list'
      ? elementsToNative(type.of, value, spelling)
      : mismatch(type, value)
  }
  if (isCanonicalObject(value)) return objectToNative(type, value, spelling)
  return textToNative(type, value, spelling)
}

function textToNative(type: FieldType, value: string, spelling: Spelling): ValueResult<unknown> {
  switch (type.kind) {
    case 'string':
    case 'enum':
    case 'blob':
      return accept(value)
    case 'decimal':
    case 'integer':
      return accept(numberToNative(value, spelling))
    case 'instant':
      return instantToNative(value, spelling)
    case 'date':
      return accept(dateToNative(value, spelling))
    case 'ref':
      return accept(referenceToNative(value, spelling))
    default:
      return mismatch(type, value)
  }
}

function objectToNative(
  type: FieldType,
  value: { readonly [key: string]: CanonicalValue },
  spelling: Spelling,
): ValueResult<unknown> {
  if (type.kind === 'group') return groupToNative(type.fields, value, toNative)
  if (type.kind === 'localDateTime') return accept({ ...value })
  if (type.kind !== 'money' || typeof value.amount !== 'string') return mismatch(type, value)
  return accept({ amount: numberToNative(value.amount, spelling), currency: value.currency })
}

function elementsToNative(
  of: FieldType,
  values: readonly CanonicalValue[],
  spelling: Spelling,
): ValueResult<unknown> {
  const natives: unknown[] = []
  for (const value of values) {
    const native = toNative(of, value, spelling)
    if (!native.ok) return native
    natives.push(native.value)
  }
  return spelling.separator === undefined ? accept(natives) : joinElements(natives, spelling.separator)
}

function elementParser(spelling: Spelling): (type: FieldType, native: unknown) => Parsed {
  const { separator: _, ...element } = spelling
  return (type, native) => parseCanonical(type, native, element)
}

function parseEnum(values: readonly string[], native: unknown): ValueResult<string> {
  const text = parseText(native)
  if (!text.ok) return text
  // The declared spelling is used, whatever Unicode form the system uses.
  const known = values.find((value) => isSameText(value, text.value))
  if (known !== undefined) return accept(known)
  return refuse('VALUE_ENUM', `the value is not one of ${values.slice(0, 20).join(', ')}`)
}

function parseBlob(native: unknown): ValueResult<string> {
  if (typeof native !== 'string')
    return refuse('VALUE_TYPE', `a content hash was expected, found ${describeKind(native)}`)
  const text = checkText(native)
  if (!text.ok || /^[a-z0-9-]{1,32}:[A-Za-z0-9+/=_-]{1,256}$/.test(text.value)) return text
  return refuse('VALUE_TYPE', 'the text is not a content hash like sha256:…')
}

function mismatch(type: FieldType, value: CanonicalValue): ValueResult<unknown> {
  return refuse('VALUE_TYPE', `a canonical ${type.kind} can't be ${describeKind(value)}`)
}
