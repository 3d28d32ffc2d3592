/** One record as Salesforce sends it, and its metadata. */
import type { ListedRecord } from '../kit/contract.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { timeAt } from '../kit/times.ts'
import { unusable } from '../kit/unusable.ts'

/** Id and time of a row; `attributes`, which only repeats the object's name and the address, is left out. */
export function listedRecord(row: unknown): ListedRecord {
  if (!isNativeRecord(row)) throw unusable('a record is not an object')
  const nativeId = textAt(row, ['Id'])
  if (nativeId === undefined) throw unusable('a record has no Id')
  const { attributes: _attributes, ...native } = row
  const changedAt = modstampOf(row)
  return { nativeId, native, ...(changedAt === undefined ? {} : { changedAt }) }
}

/** When the record was last changed, by a person or by the system: epoch ms, whole seconds. */
export function modstampOf(row: unknown): number | undefined {
  return timeAt(row, ['SystemModstamp'], { format: 'iso' })
}

/** A row of a query that includes deleted records. */
export function isDeleted(row: unknown): boolean {
  return isNativeRecord(row) && row.IsDeleted === true
}

/**
 * 15 characters are case-sensitive; 18 encode the case in a suffix. A text of any other form is not an id.
 */
export function isRecordId(nativeId: string): boolean {
  return /^(?:[a-zA-Z0-9]{15}|[a-zA-Z0-9]{18})$/.test(nativeId)
}

/**
 * Returns whether two ids identify the same record. The form with 15 characters is case-sensitive; the one
 * with 18 encodes the case in its suffix, so the case may be lost in transit without harm.
 */
export function isSameRecordId(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [wholeId(one), wholeId(other)]
  if (first === undefined || second === undefined) return false
  return first.toUpperCase() === second.toUpperCase()
}

const suffixes = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'

/**
 * Returns the id with 18 characters, as every response of the API has it; undefined for an invalid id.
 * Notices may carry the short form, which would look like another record: it lacks three characters, each of
 * which encodes the capitals among five others.
 */
export function wholeId(nativeId: string): string | undefined {
  if (!isRecordId(nativeId)) return undefined
  if (nativeId.length === 18) return nativeId
  const suffix = [0, 5, 10].map((start) => {
    const capitals = [...nativeId.slice(start, start + 5)].map((one, place) =>
      /[A-Z]/.test(one) ? 1 << place : 0,
    )
    return suffixes.charAt(capitals.reduce((sum, bit) => sum + bit, 0))
  })
  return nativeId + suffix.join('')
}
