/** What happens to the numbers of payment cards in values that are read from a system. */
import { isCanonicalList, isCanonicalObject } from '../canonical/object.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { findCardNumbers } from './find-card-numbers.ts'

/** Values of `cardNumbers`. */
export const cardNumberPolicies = ['allow', 'block', 'mask', 'drop'] as const

/**
 * - `allow`: kept as they are
 * - `block`: the field is not read, which is a failure of the record; nothing of the value is stored
 * - `mask`: all digits but the first six and the last four are replaced, as PCI DSS 4.0.1, 3.4.1 permits
 * - `drop`: the number is removed from the text
 */
export type CardNumberPolicy = (typeof cardNumberPolicies)[number]

const shownFirst = 6
const shownLast = 4

/** A policy, applied to the values of one field. */
export interface CardNumberStep {
  readonly policy: CardNumberPolicy
  /** True if the value must not be read. @default every value may be */
  readonly isRefused?: (value: CanonicalValue) => boolean
  /** Returns the value without its card numbers. @default unchanged */
  readonly replace?: (value: CanonicalValue) => CanonicalValue
}

/** A number can't be masked and stay a number, so that fields of numbers are blocked by `mask` and `drop` as well. */
export function cardNumberStep(policy: CardNumberPolicy, { kind }: FieldType): CardNumberStep {
  if (policy === 'allow') return { policy }
  if (policy === 'block' || kind === 'integer' || kind === 'decimal')
    return { policy, isRefused: hasCardNumber }
  return { policy, replace: (value) => withoutCardNumbers(value, policy) }
}

/** True if a text anywhere in the value has a card number. */
function hasCardNumber(value: CanonicalValue): boolean {
  if (typeof value === 'string') return findCardNumbers(value).length > 0
  if (isCanonicalList(value)) return value.some(hasCardNumber)
  return isCanonicalObject(value) && Object.values(value).some(hasCardNumber)
}

/** Returns the value without its card numbers: masked, or dropped. */
function withoutCardNumbers(value: CanonicalValue, policy: 'mask' | 'drop'): CanonicalValue {
  if (typeof value === 'string') return replaceCardNumbers(value, policy)
  if (isCanonicalList(value)) return value.map((item) => withoutCardNumbers(item, policy))
  if (!isCanonicalObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withoutCardNumbers(part, policy)]),
  )
}

/** Replaces the card numbers of a text, which may be a message. */
export function replaceCardNumbers(text: string, policy: 'mask' | 'drop'): string {
  let result = ''
  let at = 0
  for (const { start, end, digits } of findCardNumbers(text)) {
    result += text.slice(at, start) + (policy === 'drop' ? '' : masked(digits))
    at = end
  }
  return at === 0 ? text : result + text.slice(at)
}

function masked(digits: string): string {
  const hidden = '*'.repeat(digits.length - shownFirst - shownLast)
  return digits.slice(0, shownFirst) + hidden + digits.slice(-shownLast)
}
