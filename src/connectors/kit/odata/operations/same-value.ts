/**
 * Compares differently formatted values: services return `12.5000` for 12.5, and the key `100` when asked for
 * `0000000100`.
 */
import type { EdmProperty, EntitySet } from '../metadata/model.ts'
import { keyOf } from '../protocol/literals.ts'
import { positionAsStands } from './positions.ts'

const numbers: ReadonlySet<string> = new Set([
  'Edm.Byte',
  'Edm.SByte',
  'Edm.Int16',
  'Edm.Int32',
  'Edm.Int64',
  'Edm.Decimal',
  'Edm.Double',
  'Edm.Single',
])

/**
 * Compares two texts of one property: numbers by value, times by moment, texts ignoring case and trailing
 * blanks.
 */
export function isSameValue({ type }: Pick<EdmProperty, 'type'>, one: string, other: string): boolean {
  return comparable(type, one) === comparable(type, other)
}

function comparable(type: string, text: string): string {
  if (numbers.has(type)) return plainNumber(text)
  if (type === 'Edm.DateTime' || type === 'Edm.DateTimeOffset') return String(positionAsStands(text) ?? text)
  return text.trimEnd().toLowerCase()
}

/** Removes insignificant zeros; text that is not a plain number stays as it is. */
function plainNumber(text: string): string {
  const match = /^\+?(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text.trim())
  if (match === null) return text.trim().toLowerCase()
  const [, sign = '', whole = '', fraction = ''] = match
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * Returns whether two ids address the same record. Keys of digits may have leading zeros or not, whatever
 * their type.
 */
export function isSameId({ type }: EntitySet, one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [keyOf(type, one), keyOf(type, other)]
  if (first === undefined || second === undefined) return false
  return type.key.every((name) => {
    const property = type.properties.get(name) ?? { type: 'Edm.String' }
    const [a, b] = [first[name] ?? '', second[name] ?? '']
    return isSameValue(property, a, b) || plainNumber(a) === plainNumber(b)
  })
}
