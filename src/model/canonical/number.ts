import { exactDigits, toJsonNumber } from './exact-number.ts'
import { limits } from './limits.ts'
import type { Spelling } from './spelling.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/

/** Reads a decimal into digits without exponent, superfluous zeros or negative zero. */
export function parseDecimal(native: unknown, spelling: Spelling): ValueResult<string> {
  const digits = digitsOf(native, spelling)
  if (digits === undefined)
    return refuse('VALUE_TYPE', `a number was expected, found ${describeKind(native)}`)
  if (digits === 'inexact') return inexact()
  return canonicalDigits(digits)
}

/** Reads an integer of any size; a nonzero fraction is refused. */
export function parseInteger(native: unknown, spelling: Spelling): ValueResult<string> {
  const decimal = parseDecimal(native, spelling)
  if (!decimal.ok || !decimal.value.includes('.')) return decimal
  return refuse('VALUE_TYPE', 'a whole number was expected, found one with a fraction')
}

/** Writes canonical digits in a system's number format. */
export function numberToNative(digits: string, spelling: Spelling): unknown {
  if (spelling.as !== 'text') return toJsonNumber(digits)
  const padded = padFraction(digits, spelling.fractionDigits)
  return spelling.decimalSeparator === ',' ? padded.replace('.', ',') : padded
}

/**
 * Canonical digits of a plain numeral: `-0.50e1` → `-5`.
 *
 * The exponent is expanded, within {@link limits}`.digitsMax` digits.
 */
export function canonicalDigits(numeral: string): ValueResult<string> {
  if (numeral.length > limits.digitsMax) return tooLong()
  const match = pattern.exec(numeral)
  const whole = match?.[2] ?? ''
  const fraction = match?.[3] ?? ''
  if (match === null || whole + fraction === '') return refuse('VALUE_TYPE', 'the text is not a plain number')
  const exponent = Number(match[4] ?? 0)
  // Without significant digits the exponent is irrelevant: `0e99999` is zero.
  if (/^0*$/.test(whole + fraction)) return accept('0')
  if (Math.abs(exponent) + whole.length + fraction.length > limits.digitsMax) return tooLong()
  return accept(placePoint(match[1] === '-', whole + fraction, whole.length + exponent))
}

/**
 * The normal notation of a whole JSON number: `1e3` → `1000`, `1.0` → `1`. Ids and texts that arrive as
 * numbers are compared by it, since a system may write one number in several ways. Numbers with a fraction
 * keep their digits.
 */
export function wholeDigits(numeral: string): string {
  const digits = canonicalDigits(numeral)
  return digits.ok && !digits.value.includes('.') ? digits.value : numeral
}

/** Number of decimal places of a canonical numeral. */
export function fractionLength(digits: string): number {
  const point = digits.indexOf('.')
  return point < 0 ? 0 : digits.length - point - 1
}

function placePoint(negative: boolean, digits: string, position: number): string {
  const padded = position <= 0 ? '0'.repeat(1 - position) + digits : digits.padEnd(position, '0')
  const point = Math.max(position, 1)
  const whole = padded.slice(0, point).replace(/^0+(?=\d)/, '')
  const fraction = trimEndZeros(padded.slice(point))
  return (negative ? '-' : '') + whole + (fraction === '' ? '' : `.${fraction}`)
}

function trimEndZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

/** The numeral of a native value; `inexact` when it may have lost digits before it arrived. */
function digitsOf(native: unknown, spelling: Spelling): string | 'inexact' | undefined {
  if (typeof native === 'number') {
    if (!Number.isFinite(native)) return undefined
    return Math.abs(native) > Number.MAX_SAFE_INTEGER ? 'inexact' : String(native)
  }
  if (typeof native === 'bigint') return String(native)
  if (typeof native !== 'string') return exactDigits(native)
  const text = native.trim()
  return spelling.decimalSeparator === ',' ? text.replace(',', '.') : text
}

function padFraction(digits: string, fractionDigits: number | undefined): string {
  if (fractionDigits === undefined) return digits
  const missing = Math.max(0, fractionDigits - fractionLength(digits))
  if (missing === 0) return digits
  return digits + (digits.includes('.') ? '' : '.') + '0'.repeat(missing)
}

function inexact(): ValueResult<string> {
  return refuse('VALUE_INEXACT', 'the number is beyond 2^53 and was parsed as a double: digits may be lost')
}

function tooLong(): ValueResult<string> {
  return refuse('VALUE_TOO_LARGE', `the number has more than ${limits.digitsMax} digits`)
}
