/** Whether two spellings are one value: services answer `12.5000` for 12.5, and the key `100` when asked for `0000000100`. */
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

/** Two texts of one property: numbers by their value, times by their moment, texts without case and without blanks at the end. */
export function isSameValue({ type }: Pick<EdmProperty, 'type'>, one: string, other: string): boolean {
  return comparable(type, one) === comparable(type, other)
}

function comparable(type: string, text: string): string {
  if (numbers.has(type)) return plainNumber(text)
  if (type === 'Edm.DateTime' || type === 'Edm.DateTimeOffset') return String(positionAsStands(text) ?? text)
  return text.trimEnd().toLowerCase()
}

/** Without zeros that say nothing; what is no plain number stays as it is. */
function plainNumber(text: string): string {
  const match = /^\+?(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text.trim())
  if (match === null) return text.trim().toLowerCase()
  const [, sign = '', whole = '', fraction = ''] = match
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Whether two ids lead to one record. Keys of digits may be spelt with zeros before them or without, whatever their type. */
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
