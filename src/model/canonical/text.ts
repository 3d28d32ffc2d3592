import { exactDigits } from './exact-number.ts'
import { limits } from './limits.ts'
import { accept, describeKind, type Outcome, refuse } from './outcome.ts'

/**
 * Accepts a text in NFC.
 *
 * NUL and halves of surrogate pairs are refused rather than kept: databases, search keys and most APIs can't hold them, and a value
 * that only we can hold would come back changed.
 */
export function parseText(native: unknown): Outcome<string> {
  const text = textOf(native)
  if (text === undefined) return refuse('VALUE_TYPE', `a text was expected, found ${describeKind(native)}`)
  return checkText(text)
}

/** Bounds, well-formedness and NFC for a text from anywhere. */
export function checkText(text: string): Outcome<string> {
  if (text.length > limits.textUnitsMax) {
    return refuse(
      'VALUE_TOO_LARGE',
      `the text has ${text.length} characters, at most ${limits.textUnitsMax} are kept`,
    )
  }
  if (!text.isWellFormed()) return refuse('VALUE_TEXT', 'the text holds half of a surrogate pair')
  if (text.includes('\u0000')) return refuse('VALUE_TEXT', 'the text holds the character NUL')
  return accept(text.normalize('NFC'))
}

/** Texts and bare numbers: some systems send postal codes and phone numbers as JSON numbers. */
function textOf(native: unknown): string | undefined {
  if (typeof native === 'string') return native
  if (typeof native === 'number') return Number.isSafeInteger(native) ? String(native) : undefined
  return exactDigits(native)
}

/** Code points, not UTF-16 units: what a person and most systems count. */
export function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
