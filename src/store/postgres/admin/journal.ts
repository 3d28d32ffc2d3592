/** Reading the journal. */
import type { AdminStore, JournalRow } from '../../admin-contract.ts'
import { readEntries } from '../../journal-chain.ts'
import type { PostgresContext } from '../context.ts'
import { type JournalColumns, readJournal as journalRows } from '../sql/read-journal.ts'
import { fromText } from '../text.ts'
import { isUuid } from './ids.ts'

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
  const entries = rows.flatMap((row) =>
    readEntries(codec, toLine(row)).map(({ following, ...entry }) => ({
      seq: row.seq - following,
      stream: row.stream,
      at: row.at,
      actor: fromText(row.actor),
      ...entry,
      ...(row.record_id === null ? {} : { recordId: row.record_id }),
    })),
  )
  return afterSeq === undefined
    ? entries.slice(-limit)
    : entries.filter(({ seq }) => seq > afterSeq).slice(0, limit)
}

/** A row as a line of its chain. */
export function toLine(row: JournalColumns) {
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
