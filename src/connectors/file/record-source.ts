/** Where the records of a resource come from: one file that holds them all, or change files one after the other. */
import type { ChangesResult, ListedRecord, ReadResult } from '../kit/contract.ts'

/** All of it throws what the file system throws, and FILE_NOT_READY, FILE_FOLDER_MISSING, FILE_OUTSIDE, FILE_DAMAGED. */
export interface RecordSource {
  /** Same order as asked. */
  read(nativeIds: readonly string[]): Promise<readonly ReadResult[]>
  /** Pages of everything; `onDoubt` is told why that may not be everything. */
  list(onDoubt: (reason: string) => void): AsyncGenerator<readonly ListedRecord[]>
  changes?(cursor: string | undefined): Promise<ChangesResult>
  /** Columns, in the mapping's words; empty for JSON lines. */
  names(): Promise<readonly string[]>
}
