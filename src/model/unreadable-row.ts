/**
 * Stored rows that can't be read: changed from outside, written with another key or by an unknown version.
 * Such a row must cost only its own record, so whoever reads several rows reads each by itself and keeps what
 * is wrong with it.
 */
import type { ErrorCode } from './error-codes.ts'
import { type IsthmusError, isIsthmusError } from './errors.ts'

/** What is wrong with a row, without values of the record. */
export interface UnreadableRow {
  readonly code: UnreadableCode
  /** Names the row. */
  readonly message: string
  /** The system whose row it is; undefined: the row of the record itself. */
  readonly system?: string
}

/** Codes of errors that are caused by what a row holds, and end only when that is changed. */
export const unreadableCodes = [
  'STORE_ROW_INVALID',
  'STORE_DOCUMENT_UNREADABLE',
] as const satisfies readonly ErrorCode[]
/** One of {@link unreadableCodes}. */
export type UnreadableCode = (typeof unreadableCodes)[number]

/** Thrown when a row can't be read. */
export type UnreadableError = IsthmusError & { readonly code: UnreadableCode }

export function isUnreadable(error: unknown): error is UnreadableError {
  return isIsthmusError(error) && unreadableCodes.some((code) => code === error.code)
}

/** Reads, or makes something else of what is wrong with a row that can't be read. Other errors are thrown. */
export function readOrElse<Out>(read: () => Out, otherwise: (problem: string) => Out): Out {
  try {
    return read()
  } catch (error) {
    if (isUnreadable(error)) return otherwise(error.message)
    throw error
  }
}
