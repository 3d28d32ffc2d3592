/** Builds SOQL: names are checked on input, values are escaped here. */
import { isLosslessNumber } from '../../http/json.ts'

/** A quoted text. */
export function soqlText(value: string): string {
  const escaped = value
    .replace(/[\\'"]/g, (one) => `\\${one}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return `'${escaped}'`
}

/** A point in time, whole seconds where it has no milliseconds. */
export function soqlTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

const unquoted: ReadonlySet<string> = new Set([
  'date',
  'datetime',
  'int',
  'double',
  'currency',
  'percent',
  'long',
])

/** Formats a value for a comparison with a field of this type; undefined for one that can't be compared. */
export function soqlValue(value: unknown, fieldType: string): string | undefined {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  if (isLosslessNumber(value)) return value.toString()
  if (typeof value !== 'string') return undefined
  if (!unquoted.has(fieldType)) return soqlText(value.trim())
  // Unquoted, only digits and the characters of times and numbers are allowed.
  return /^[\d.:TZ+eE-]{1,40}$/.test(value) ? value : undefined
}
