import { fractionLength } from '../canonical/number.ts'
import { isWithinPlace } from '../normalisers/number.ts'

/** Whether a system kept fewer places of a number, rounded or cut in any direction: less than one unit of the last place it kept. */
export function isNumberCoercion(sent: string, stored: string): boolean {
  const kept = fractionLength(stored)
  return kept < fractionLength(sent) && isWithinPlace(sent, stored, kept)
}
