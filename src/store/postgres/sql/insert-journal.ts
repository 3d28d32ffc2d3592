import type { Chain } from '../../audit-contract.ts'
import type { JournalLine } from '../../journal-chain.ts'
import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'
import { toText } from '../text.ts'

/** In the order of the chain: a stream's sequence numbers grow as its positions do. Each entry of a line takes one, and the line has the last. */
export async function insertLines(
  session: Session,
  chain: Chain,
  lines: readonly JournalLine[],
): Promise<void> {
  if (lines.length === 0) return
  const bodies = packBytes(lines.map(({ body }) => body))
  await session.rows(chain === 'journal' ? journal : audit, [
    lines.map(({ stream }) => stream),
    lines.map(({ position }) => position),
    lines.map(({ at }) => at),
    lines.map(({ kind }) => kind),
    lines.map(({ recordId }) => recordId ?? null),
    lines.map(({ actor }) => toText(actor)),
    bodies.starts,
    lines.map(({ previousHash }) => previousHash),
    lines.map(({ hash }) => hash),
    bodies.bytes,
    bodies.lengths,
  ])
}

const journal = {
  name: 'insert-journal',
  text: `
    insert into journal (seq, stream, position, at, kind, record_id, actor, body, previous_hash, hash)
    overriding system value
    select (select max(nextval('journal_seq_seq')) from generate_series(1, array_length(string_to_array(kind, ','), 1))),
      stream, position, at, kind, record_id, actor, substring($10::bytea from start for length), previous_hash, hash
    from (select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::integer[],
      $8::bytea[], $9::bytea[], $11::integer[]) with ordinality
      as u (stream, position, at, kind, record_id, actor, start, previous_hash, hash, length, n)
    order by n) ordered`,
}

/** A line of the audit trail has one entry; the role of the service needs no more than insert. */
const audit = {
  name: 'insert-audit',
  text: `
    insert into audit (stream, position, at, kind, record_id, actor, body, previous_hash, hash)
    select stream, position, at, kind, record_id, actor, substring($10::bytea from start for length), previous_hash, hash
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::integer[],
      $8::bytea[], $9::bytea[], $11::integer[]) with ordinality
      as u (stream, position, at, kind, record_id, actor, start, previous_hash, hash, length, n)
    order by n`,
}
