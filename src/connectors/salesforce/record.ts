/** One record as Salesforce sends it, and what it says about itself. */
import type { NativeRecord } from '../../model/values.ts'
import type { ListedRecord } from '../kit/contract.ts'
import { isNativeRecord, textAt, timeAt } from '../kit/native.ts'
import { unusable } from './client.ts'

/** Id and time of a row; `attributes`, which only repeats both the object's name and the address, is left out. */
export function listedRecord(row: unknown): ListedRecord {
  if (!isNativeRecord(row)) throw unusable('a record is not an object')
  const rid = textAt(row, ['Id'])
  if (rid === undefined) throw unusable('a record has no Id')
  const { attributes: _attributes, ...native } = row
  const changedAt = modstampOf(row)
  return { rid, native, ...(changedAt === undefined ? {} : { changedAt }) }
}

/** When the record was last changed, by a person or by the system: epoch ms, whole seconds. */
export function modstampOf(row: NativeRecord): number | undefined {
  return timeAt(row, ['SystemModstamp'], 'iso')
}

/** 15 characters tell case apart, 18 carry that in a suffix. Whatever has another form is the id of nothing. */
export function isRecordId(rid: string): boolean {
  return /^(?:[a-zA-Z0-9]{15}|[a-zA-Z0-9]{18})$/.test(rid)
}
