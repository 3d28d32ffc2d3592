/** The source of a resource's records: one file that contains them all, or a sequence of change files. */
import type { ChangesResult, ListedRecord, ReadResult } from '../kit/contract.ts'

/**
 * All methods throw file system errors, and FILE_NOT_READY, FILE_FOLDER_MISSING, FILE_OUTSIDE, FILE_DAMAGED.
 */
export interface RecordSource {
  /** In the requested order. */
  read(nativeIds: readonly string[]): Promise<readonly ReadResult[]>
  /** Pages of all records; `onDoubt` is called with the reason why they may be incomplete. */
  list(onDoubt: (reason: string) => void): AsyncGenerator<readonly ListedRecord[]>
  changes?(cursor: string | undefined): Promise<ChangesResult>
  /** Columns, named as in the mapping; empty for JSON lines. */
  names(): Promise<readonly string[]>
}
