/** The values that a field accepts, and their stored form. Numbers keep their digits, so that nothing is lost. */
import { Decimal } from 'decimal.js'
import { LosslessNumber } from 'lossless-json'
import { SalesforceError } from './errors.ts'
import type { FieldSpec, ObjectType } from './objects.ts'

/** A stored value: text, true or false, null, or a number with its digits. */
export type Stored = string | boolean | null | LosslessNumber

const numeric: ReadonlySet<string> = new Set(['double', 'currency', 'percent', 'int'])

/** Converts a value from a request. @throws SalesforceError as the API refuses it */
export function storedValue(type: ObjectType, field: FieldSpec, given: unknown): Stored {
  if (given === null || given === undefined) return field.type === 'boolean' ? false : null
  if (numeric.has(field.type)) return storedNumber(field, given)
  switch (field.type) {
    case 'boolean':
      return storedBoolean(field, given)
    case 'date':
      return storedDate(field, given)
    case 'datetime':
      return storedInstant(field, given)
    default:
      return storedText(type, field, given)
  }
}

function parserError(field: FieldSpec, given: unknown): SalesforceError {
  return new SalesforceError(
    400,
    'JSON_PARSER_ERROR',
    `Cannot deserialize instance of ${field.type} from ${typeof given} value at [line:1, column:1]`,
  )
}

function storedNumber(field: FieldSpec, given: unknown): Stored {
  const text = given instanceof LosslessNumber ? given.toString() : String(given)
  if (typeof given === 'object' && !(given instanceof LosslessNumber)) throw parserError(field, given)
  if (text.trim() === '') return null
  if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw parserError(field, given)
  const scale = field.type === 'int' ? 0 : (field.scale ?? 0)
  const rounded = new Decimal(text).toDecimalPlaces(scale, Decimal.ROUND_HALF_UP)
  const integerDigits = (field.precision ?? 18) - scale
  if (rounded.abs().gte(new Decimal(10).pow(integerDigits))) {
    throw new SalesforceError(
      400,
      'NUMBER_OUTSIDE_VALID_RANGE',
      `${labelOf(field)}: value outside of valid range on numeric field: ${text}`,
      [field.name],
    )
  }
  return new LosslessNumber(rounded.toFixed())
}

function storedBoolean(field: FieldSpec, given: unknown): Stored {
  if (typeof given === 'boolean') return given
  if (given === 'true' || given === 'false') return given === 'true'
  throw parserError(field, given)
}

function storedDate(field: FieldSpec, given: unknown): Stored {
  const text = String(given)
  if (text === '') return null
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(Date.parse(text.slice(0, 10)))) {
    throw parserError(field, given)
  }
  return text.slice(0, 10)
}

function storedInstant(field: FieldSpec, given: unknown): Stored {
  const ms = Date.parse(String(given))
  if (Number.isNaN(ms)) throw parserError(field, given)
  return apiTime(Math.floor(ms / 1_000) * 1_000)
}

function storedText(type: ObjectType, field: FieldSpec, given: unknown): Stored {
  if (typeof given === 'object' && !(given instanceof LosslessNumber)) throw parserError(field, given)
  // Leading and trailing spaces are removed, and an empty text becomes null.
  const text = String(given).trim()
  if (text === '') return null
  const length = field.length ?? 255
  if (text.length > length) {
    throw new SalesforceError(
      400,
      'STRING_TOO_LONG',
      `${labelOf(field)}: data value too large: ${text.slice(0, 40)} (max length=${length})`,
      [field.name],
    )
  }
  if (field.type === 'email' && !/^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(text)) {
    throw new SalesforceError(
      400,
      'INVALID_EMAIL_ADDRESS',
      `${labelOf(field)}: invalid email address: ${text}`,
      [field.name],
    )
  }
  if (field.restricted === true && field.values?.includes(text) !== true) {
    throw new SalesforceError(
      400,
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      `${type.spec.label ?? type.spec.name}: ${labelOf(field)}: bad value for restricted picklist field: ${text}`,
      [field.name],
    )
  }
  return text
}

function labelOf(field: FieldSpec): string {
  return field.label ?? field.name
}

/** A time in the format of REST responses. */
export function apiTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000')
}
