import { exactDigits } from './exact-number.ts'
import { limits } from './limits.ts'
import { wholeDigits } from './number.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

/**
 * Accepts a text unchanged. Its Unicode form is kept, since a system may distinguish forms that look alike;
 * texts are *compared* under NFC (`sameText`).
 *
 * NUL and unpaired surrogates are refused rather than kept: databases, search keys and most APIs can't store
 * them, and a value that only we can store would be read back changed.
 */
export function parseText(native: unknown): ValueResult<string> {
  const text = textOf(native)
  if (text === undefined) return refuse('VALUE_TYPE', `a text was expected, found ${describeKind(native)}`)
  return checkText(text)
}

/** Checks the bounds and well-formedness of a text. */
export function checkText(text: string): ValueResult<string> {
  if (text.length > limits.textUnitsMax) {
    return refuse(
      'VALUE_TOO_LARGE',
      `the text has ${text.length} characters, more than the limit of ${limits.textUnitsMax}`,
    )
  }
  if (!text.isWellFormed()) return refuse('VALUE_TEXT', 'the text contains an unpaired surrogate')
  if (text.includes('\u0000')) return refuse('VALUE_TEXT', 'the text contains a NUL character')
  return accept(text)
}

/** Texts and bare numbers: some systems send postal codes and phone numbers as JSON numbers. */
function textOf(native: unknown): string | undefined {
  if (typeof native === 'string') return native
  if (typeof native === 'number') return Number.isSafeInteger(native) ? String(native) : undefined
  const digits = exactDigits(native)
  return digits === undefined ? undefined : wholeDigits(digits)
}

/** True when two texts are the same, whatever Unicode form each is in. */
export function isSameText(left: string, right: string): boolean {
  return left === right || (beyondAscii.test(left) && comparableForm(left) === comparableForm(right))
}

/** The form in which texts are compared, sorted and hashed. */
export function comparableForm(text: string): string {
  return beyondAscii.test(text) ? text.normalize('NFC') : text
}

/** Without characters beyond this range, which is the case for most texts, all forms are the same. */
const beyondAscii = /[^\u0020-\u007e\n\r\t]/

/** Code points, not UTF-16 units, as people and most systems count. */
export function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
