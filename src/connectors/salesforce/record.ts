/** One record as Salesforce sends it, and what it says about itself. */
import type { ListedRecord } from '../kit/contract.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { timeAt } from '../kit/times.ts'
import { unusable } from '../kit/unusable.ts'

/** Id and time of a row; `attributes`, which only repeats both the object's name and the address, is left out. */
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

/** A row of a query that finds deleted records too. */
export function isDeleted(row: unknown): boolean {
  return isNativeRecord(row) && row.IsDeleted === true
}

/** 15 characters tell case apart, 18 carry that in a suffix. Whatever has another form is the id of nothing. */
export function isRecordId(nativeId: string): boolean {
  return /^(?:[a-zA-Z0-9]{15}|[a-zA-Z0-9]{18})$/.test(nativeId)
}

/**
 * Whether two ids name one record. The form with 15 characters tells case apart; the one with 18 carries that in its suffix, so that its case
 * may be lost on the way without harm.
 */
export function isSameRecordId(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [wholeId(one), wholeId(other)]
  if (first === undefined || second === undefined) return false
  return first.toUpperCase() === second.toUpperCase()
}

const suffixes = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'

/**
 * The id with its 18 characters, as every response of the API has it; undefined for the id of nothing. Notices may carry the short form, which
 * would look like another record: three characters are missing that say of five each which are capitals.
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
