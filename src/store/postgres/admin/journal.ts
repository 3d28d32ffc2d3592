/** Reading and verifying the journal. */
import { readOrElse } from '../../../model/unreadable-row.ts'
import type { AdminStore, JournalRow } from '../../admin-contract.ts'
import { decodeLossless } from '../../documents.ts'
import { chainProblem, type JournalHead, journalPlace, newStream } from '../../journal-chain.ts'
import type { PostgresContext } from '../context.ts'
import { type JournalColumns, readJournal as journalRows, journalStarts } from '../sql/read-journal.ts'
import { fromText } from '../text.ts'
import { isUuid } from './ids.ts'

const verifyRows = 5000
const journalRowsMax = 10_000

/** Implements `AdminStore.journal`. */
export async function readJournal(
  { database, codecs }: PostgresContext,
  { recordId, afterSeq, limit }: Parameters<AdminStore['journal']>[0],
): Promise<readonly JournalRow[]> {
  if (recordId !== undefined && !isUuid(recordId)) return []
  const session = database.session('reading the journal')
  const rows = await journalRows(session, recordId, afterSeq, Math.min(limit, journalRowsMax))
  const codec = await codecs.forReading(rows.flatMap((row) => row.record_id ?? []))
  return rows.map((row) => ({
    seq: row.seq,
    stream: row.stream,
    at: row.at,
    kind: row.kind,
    actor: fromText(row.actor),
    ...readOrElse<Pick<JournalRow, 'body' | 'unreadable'>>(
      () => ({
        body: decodeLossless(
          codec,
          journalPlace(row.stream, row.position, row.record_id ?? undefined),
          row.body,
        ),
      }),
      (unreadable) => ({ body: undefined, unreadable }),
    ),
    ...(row.record_id === null ? {} : { recordId: row.record_id }),
  }))
}

/**
 * Sequence numbers grow with the positions of a stream, so one walk through the table follows every chain at
 * once.
 */
export async function verifyJournal({ database }: PostgresContext) {
  const session = database.session('verifying the journal')
  const heads = new Map<string, JournalHead>()
  for (const { stream, position, hash } of await journalStarts(session)) {
    heads.set(stream, { stream, position, hash })
  }
  let lines = 0
  let afterSeq = 0
  for (;;) {
    const rows = await journalRows(session, undefined, afterSeq, verifyRows)
    for (const row of rows) {
      const line = toLine(row)
      const problem = chainProblem(heads.get(line.stream) ?? newStream(line.stream), line)
      lines += 1
      if (problem !== undefined) return { lines, brokenAt: { stream: line.stream, seq: row.seq, problem } }
      heads.set(line.stream, { stream: line.stream, position: line.position, hash: line.hash })
      afterSeq = row.seq
    }
    if (rows.length < verifyRows) return { lines }
  }
}

function toLine(row: JournalColumns) {
  const { stream, position, at, kind, body, hash } = row
  return {
    stream,
    position,
    at,
    kind,
    recordId: row.record_id ?? undefined,
    actor: fromText(row.actor),
    body,
    previousHash: row.previous_hash,
    hash,
  }
}
