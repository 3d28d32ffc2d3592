/**
 * Amounts: Stripe counts in the smallest unit of a currency, people in its unit.
 *
 * The number of digits between the two follows Stripe's own table, not ISO 4217: the króna and the Ugandan
 * shilling no longer have fractions but are still counted in hundredths (https://docs.stripe.com/currencies,
 * "special cases").
 */
import { isLosslessNumber } from '../../http/json.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'

const withoutDigits: ReadonlySet<string> = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '),
)
const withThreeDigits: ReadonlySet<string> = new Set('bhd jod kwd omr tnd'.split(' '))

/**
 * Returns the number of digits after the decimal point that Stripe counts for a currency; the case of the
 * code does not matter.
 */
export function digitsOf(currency: string): 0 | 2 | 3 {
  const code = currency.toLowerCase()
  if (withoutDigits.has(code)) return 0
  return withThreeDigits.has(code) ? 3 : 2
}

/** `1099` and `eur` → `10.99`. All digits of the currency are written. */
export function decimalOf(minor: bigint, currency: string): string {
  const digits = digitsOf(currency)
  const sign = minor < 0n ? '-' : ''
  const text = String(minor < 0n ? -minor : minor).padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/**
 * `10.99` and `eur` → `1099`. @throws IsthmusError VALUE_INEXACT for more digits than the currency has,
 * VALUE_TYPE for text that is not a number
 */
export function minorOf(decimal: string, currency: string): bigint {
  const match = /^([+-]?)(\d{1,30})(?:\.(\d{0,30}))?$/.exec(decimal)
  if (match === null) throw new IsthmusError('VALUE_TYPE', 'an amount has to be a decimal number')
  const [, sign, whole = '0', fraction = ''] = match
  const digits = digitsOf(currency)
  const kept = fraction.slice(0, digits).padEnd(digits, '0')
  if (/[1-9]/.test(fraction.slice(digits))) {
    throw new IsthmusError(
      'VALUE_INEXACT',
      `an amount has more decimals than Stripe counts for its currency (${digits})`,
    )
  }
  const minor = BigInt(whole + kept)
  return sign === '-' ? -minor : minor
}

/** Returns a record of Stripe with its amounts as decimals. A record without currency keeps its amounts. */
export function withDecimalAmounts(native: NativeRecord, names: readonly string[]): NativeRecord {
  const { currency } = native
  if (typeof currency !== 'string') return native
  const converted = names.flatMap((name) => {
    const minor = wholeNumber(native[name])
    return minor === undefined ? [] : [[name, decimalOf(minor, currency)]]
  })
  return { ...native, ...Object.fromEntries(converted) }
}

/**
 * Returns a body or patch with its decimal amounts in Stripe's units.
 *
 * @throws IsthmusError MAPPING_FAILED when no currency is known · VALUE_INEXACT, VALUE_TYPE for an amount
 *   that can't be converted
 */
export function withMinorAmounts(
  body: NativeRecord,
  names: readonly string[],
  base: NativeRecord | undefined,
): NativeRecord {
  const present = names.filter((name) => Object.hasOwn(body, name) && body[name] !== null)
  if (present.length === 0) return body
  const currency = body.currency ?? base?.currency
  if (typeof currency !== 'string') {
    throw new IsthmusError('MAPPING_FAILED', `${present[0]} needs a currency: map the record's currency too`)
  }
  const converted = present.map((name) => [name, minorOf(decimalText(body[name]), currency)])
  return { ...body, ...Object.fromEntries(converted) }
}

function wholeNumber(value: unknown): bigint | undefined {
  const text = decimalText(value)
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined
}

/** Numbers are numbers or, with many digits, kept as their original text. */
function decimalText(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' || isLosslessNumber(value) ? value.toString() : ''
}
