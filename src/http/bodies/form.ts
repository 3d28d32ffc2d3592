/** Form bodies (`application/x-www-form-urlencoded`), nested with brackets where an API supports it. */
import { UsageError } from '../../model/errors.ts'

/**
 * A value of a form. `null` is sent as an empty value, which many APIs interpret as "clear it"; `undefined`
 * is omitted.
 */
export type FormValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | FormFields
  | readonly FormValue[]

/** Fields of a form by name. */
export interface FormFields {
  readonly [name: string]: FormValue
}

/** Deeper than any API requires; also ends cycles. */
const maxDepth = 16
const maxFields = 100_000

/**
 * Encodes fields in the format of Stripe and others: `{ items: [{ price: 'p' }] }` becomes
 * `items[0][price]=p`. The order is kept.
 *
 * @throws UsageError HTTP_REQUEST_INVALID for a number that is not finite, nesting beyond 16 levels or more
 *   than 100,000 fields
 */
export function encodeForm(fields: FormFields): string {
  const encoded = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) append(encoded, name, value, 1)
  return encoded.toString()
}

function append(encoded: URLSearchParams, name: string, value: FormValue, depth: number): void {
  if (value === undefined) return
  if (depth > maxDepth) throw refused(name, `is nested deeper than ${maxDepth} levels`)
  if (encoded.size >= maxFields) throw refused(name, `comes after ${maxFields} others`)
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) append(encoded, `${name}[${key}]`, inner, depth + 1)
    return
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw refused(name, 'is not a finite number')
  encoded.append(name, value === null ? '' : String(value))
}

function refused(name: string, reason: string): UsageError {
  return new UsageError('HTTP_REQUEST_INVALID', `The form's field "${name.slice(0, 100)}" ${reason}.`)
}
