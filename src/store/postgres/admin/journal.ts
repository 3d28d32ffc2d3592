/** Reading and verifying the journal. */
import type { AdminStore, JournalRow } from '../../admin-contract.ts'
import { chainProblem, entriesIn, type JournalHead, newStream, readEntries } from '../../journal-chain.ts'
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
      lines += entriesIn(line)
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
