import { parseDecimal } from './number.ts'
import { isPlainObject, ownValue } from './object.ts'
import type { Spelling } from './spelling.ts'
import { accept, describeKind, type Parsed, refuse } from './value-result.ts'

/** Reads amount and currency as one value: neither has a meaning alone. */
export function parseMoney(native: unknown, spelling: Spelling): Parsed {
  if (!isPlainObject(native)) {
    return refuse('VALUE_TYPE', `an amount with its currency was expected, found ${describeKind(native)}`)
  }
  const amount = parseDecimal(ownValue(native, 'amount'), spelling)
  if (!amount.ok)
    return { ok: false, problem: { ...amount.problem, message: `amount: ${amount.problem.message}` } }
  const currency = ownValue(native, 'currency')
  const code = typeof currency === 'string' ? currency.trim().toUpperCase() : ''
  if (!/^[A-Z]{3}$/.test(code)) {
    return refuse(
      'VALUE_TYPE',
      `currency: a code of three letters was expected, found ${describeKind(currency)}`,
    )
  }
  return accept({ amount: amount.value, currency: code })
}
