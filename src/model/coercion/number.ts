import { canonicalDigits, fractionLength } from '../canonical/number.ts'
import { isWithinPlace } from '../normalisers/number.ts'

/**
 * True when a system kept fewer decimal places of a number, rounded or truncated in any direction: a
 * difference of less than one unit of the last place it kept.
 */
export function isNumberCoercion(sent: string, stored: string): boolean {
  // A value from before the field became a number may still be stored.
  if (!canonicalDigits(sent).ok || !canonicalDigits(stored).ok) return false
  const kept = fractionLength(stored)
  return kept < fractionLength(sent) && isWithinPlace(sent, stored, kept)
}
