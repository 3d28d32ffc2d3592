/**
 * Staged records in the binary form of COPY: nothing is escaped, and a digest takes its own bytes instead of
 * twice as many digits. Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
 */
import type { StagedRecord } from '../contract.ts'
import { toText } from './text.ts'

/** Signature, no flags, no header extension. */
const header = Buffer.from(
  'PGCOPY\n\u00ff\r\n\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000',
  'latin1',
)
const trailer = Buffer.from([0xff, 0xff])
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const bytesPerUnit = 3
/** The number of fields of a row, and the length of each of its two fields. */
const fixedBytes = 2 + 4 + 4

export function encodeCopy(records: readonly StagedRecord[]): Buffer {
  const rows = records.map(({ nativeId, digest }) => ({ text: toText(nativeId), digest }))
  const most = rows.reduce(
    (sum, { text, digest }) => sum + fixedBytes + text.length * bytesPerUnit + digest.length,
    header.length + trailer.length,
  )
  const bytes = Buffer.allocUnsafe(most)
  let at = header.copy(bytes)
  for (const { text, digest } of rows) {
    at = bytes.writeInt16BE(2, at)
    const length = bytes.write(text, at + 4)
    bytes.writeInt32BE(length, at)
    at = bytes.writeInt32BE(digest.length, at + 4 + length)
    bytes.set(digest, at)
    at += digest.length
  }
  at += trailer.copy(bytes, at)
  return bytes.subarray(0, at)
}
