/**
 * Compares ids as keys of the database, which compares values, not texts: `citext` folds case, `char(n)`
 * ignores trailing blanks, `numeric` treats 1.50 as 1.5. A statement by key returns the row's own format.
 */
import { sameIgnoringCase, sameNumber } from '../kit/responses/same-id.ts'

/** Compares single keys and keys of several columns, part by part. */
export function isSameKey(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [partsOf(one), partsOf(other)]
  return first.length === second.length && first.every((part, index) => isSamePart(part, second[index] ?? ''))
}

function partsOf(nativeId: string): readonly string[] {
  if (!nativeId.startsWith('[')) return [nativeId]
  try {
    const parts: unknown = JSON.parse(nativeId)
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [nativeId]
  } catch {
    return [nativeId]
  }
}

function isSamePart(one: string, other: string): boolean {
  return (
    sameIgnoringCase(one.trimEnd(), other.trimEnd()) || sameNumber(one, other) || isSameDecimal(one, other)
  )
}

function isSameDecimal(one: string, other: string): boolean {
  const [first, second] = [plainDecimal(one), plainDecimal(other)]
  return first !== undefined && first === second
}

/** Removes insignificant zeros; undefined for text that is not a decimal number. */
function plainDecimal(text: string): string | undefined {
  const match = /^(-?)0*(\d+)\.(\d*?)0*$/.exec(text.trim())
  return match === null ? undefined : `${match[1] ?? ''}${match[2] ?? ''}.${match[3] ?? ''}`
}
