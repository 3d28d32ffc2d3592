/**
 * Whether two ids are the same key to the database, which compares values and not texts: `citext` folds case, `char(n)` ignores blanks at the
 * end, `numeric` takes 1.50 for 1.5. A statement by key responds with the row's own spelling.
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

/** Without zeros that say nothing; undefined for what is no decimal number. */
function plainDecimal(text: string): string | undefined {
  const match = /^(-?)0*(\d+)\.(\d*?)0*$/.exec(text.trim())
  return match === null ? undefined : `${match[1] ?? ''}${match[2] ?? ''}.${match[3] ?? ''}`
}
