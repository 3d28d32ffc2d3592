import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface JournalColumns {
  readonly seq: number
  readonly stream: string
  readonly position: number
  readonly at: number
  readonly kind: string
  readonly record_id: string | null
  readonly actor: string
  readonly body: Uint8Array
  readonly previous_hash: Uint8Array
  readonly hash: Uint8Array
}

/** Oldest first: the newest lines when no starting point is given, otherwise those that follow it. */
export async function readJournal(
  session: Session,
  recordId: string | undefined,
  afterSeq: number | undefined,
  limit: number,
): Promise<JournalColumns[]> {
  type Row = JournalColumns & Record<string, unknown>
  if (afterSeq !== undefined) return session.rows<Row>(after, [recordId ?? null, afterSeq, limit])
  return (await session.rows<Row>(newest, [recordId ?? null, limit])).reverse()
}

/** The beginnings of chains whose oldest lines retention has removed: the last removed line. */
export function journalStarts(
  session: Session,
): Promise<{ readonly stream: string; readonly position: number; readonly hash: Uint8Array }[]> {
  return session.rows(starts, [])
}

const starts = { name: 'journal-starts', text: `select stream, position, hash from journal_start` }

const newest = {
  name: 'newest-journal',
  text: `
    select * from journal
    where $1::uuid is null or record_id = $1
    order by seq desc
    limit $2`,
}

const after = {
  name: 'journal-after',
  text: `
    select * from journal
    where ($1::uuid is null or record_id = $1) and seq > $2
    order by seq
    limit $3`,
}

/** Lines of the audit trail: the newest when no starting point is given, otherwise those that follow it. Oldest first. */
export async function readAudit(
  session: Session,
  afterSeq: number | undefined,
  limit: number,
): Promise<JournalColumns[]> {
  type Row = JournalColumns & Record<string, unknown>
  if (afterSeq !== undefined) return session.rows<Row>(auditAfter, [afterSeq, limit])
  return (await session.rows<Row>(newestAudit, [limit])).reverse()
}

const newestAudit = { name: 'newest-audit', text: `select * from audit order by seq desc limit $1` }
const auditAfter = { name: 'audit-after', text: `select * from audit where seq > $1 order by seq limit $2` }
