/** Shared by both ways of writing: a write that waits for its file, and the reporting of its failures. */
import type { ErrorCode } from '../../../model/error-codes.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import { FailedReplacement } from '../atomic-file.ts'
import { type FileOwner, fileFailure } from '../file-owner.ts'

/** Passes a write to the collector. */
export type Write = (write: FileWrite) => Promise<WriteResult>

/** One write on its way to a file. */
export type FileWrite = {
  readonly nativeId: string
  /** Monotonic ms after which it must no longer take effect. */
  readonly startBefore: number | undefined
} & (
  | { readonly kind: 'create'; readonly native: NativeRecord }
  | {
      readonly kind: 'update'
      readonly patch: NativeRecord
      readonly base: NativeRecord | undefined
      readonly ifVersion: string | undefined
    }
  | { readonly kind: 'delete'; readonly ifVersion: string | undefined }
)

/** The data can't be written as it is. */
export function refused(code: ErrorCode, message: string, fields?: readonly string[]): WriteResult {
  const failure = { code, message, scope: 'record' } as const
  return { kind: 'rejected', failure, ...(fields === undefined ? {} : { fields }) }
}

export function tooLate(): WriteResult {
  const message = 'The write was not carried out: its latest start time had passed.'
  return { kind: 'not-sent', failure: { code: 'FILE_TOO_LATE', message, scope: 'record' } }
}

export function isLate({ clock }: FileOwner, { startBefore }: Pick<FileWrite, 'startBefore'>): boolean {
  return startBefore !== undefined && clock.monotonic() >= startBefore
}

export function startBeforeOf({ startBefore }: CallContext): number | undefined {
  return startBefore
}

/** Determines the result of each write of a failed batch. */
export function failedWrite(owner: FileOwner, problem: unknown): WriteResult {
  const doing = `Writing ${owner.resource}`
  if (problem instanceof FailedReplacement) {
    const failure = fileFailure(problem.cause, doing)
    return { kind: problem.mayHaveLanded ? 'unknown' : 'not-sent', failure }
  }
  // The failure preceded the new file: nothing was written.
  return { kind: 'not-sent', failure: fileFailure(problem, doing) }
}
