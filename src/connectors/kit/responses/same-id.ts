/**
 * Comparisons of ids: whether two texts name the same record in a system.
 *
 * A system may format an id differently from the request: UUIDs in the other case, numbers with leading
 * zeros. Every resource declares the comparison that its system itself makes, so that such a response is
 * distinguished from a response about another record.
 */

import type { SameId } from '../contract.ts'

const uuid = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i

/** The same text. UUIDs are equal in either case and with or without braces, as in RFC 9562. */
export const sameText: SameId = (one, other) => {
  if (one === other) return true
  return uuid.test(one) && uuid.test(other) && bare(one) === bare(other)
}

function bare(id: string): string {
  return id.replaceAll(/[{}]/g, '').toLowerCase()
}

/** For systems that ignore the case of their ids. */
export const sameIgnoringCase: SameId = (one, other) =>
  sameText(one, other) || one.toLowerCase() === other.toLowerCase()

/** For ids that are whole numbers: leading zeros and a fraction of zero make no difference. */
export const sameNumber: SameId = (one, other) => {
  if (sameText(one, other)) return true
  const [first, second] = [plainNumber(one), plainNumber(other)]
  return first !== undefined && first === second
}

/** Returns the significant digits, or undefined for anything that is not a whole number. */
function plainNumber(id: string): string | undefined {
  const match = /^([+-]?)0*(\d+?)(?:\.0*)?$/.exec(id.trim())
  return match === null ? undefined : `${match[1] === '-' ? '-' : ''}${match[2] ?? ''}`
}

/** The comparisons that a manifest can name. */
export const idComparisons = {
  text: sameText,
  ignoreCase: sameIgnoringCase,
  number: sameNumber,
} as const satisfies Record<string, SameId>
