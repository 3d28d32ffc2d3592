import type { Session } from '../database.ts'
import { newest } from '../paging.ts'

/** Columns that the statement returns. */
export interface ReviewColumns {
  readonly record_id: string
  readonly entity: string
  readonly system: string
  readonly rid: string
  readonly at: number
  readonly candidates: Uint8Array
}

/** Newest first, after the given position. */
export function listReviews(
  session: Session,
  limit: number,
  after: readonly [number, string] | undefined,
): Promise<ReviewColumns[]> {
  const values = [limit, ...(after ?? newest)]
  return session.rows<ReviewColumns & Record<string, unknown>>(list, values)
}

/** The candidates of a review, locked. */
export async function lockReview(session: Session, recordId: string): Promise<Uint8Array | undefined> {
  const [row] = await session.rows<{ candidates: Uint8Array }>(lock, [recordId])
  return row?.candidates
}

/** Ends the review: the record is a candidate again and is distinct from these others. */
export async function endReview(
  session: Session,
  recordId: string,
  others: readonly string[],
): Promise<void> {
  await session.rows(remove, [recordId])
  await session.rows(reopen, [recordId])
  await session.rows(apart, [recordId, others])
}

const list = {
  name: 'list-reviews',
  text: `
    select v.record_id, v.at, v.candidates, m.entity, m.system, m.rid
    from review v
    join lateral (
      select entity, system, rid from member where record_id = v.record_id and rid is not null limit 1
    ) m on true
    where (v.at, v.record_id) < ($2, $3::uuid)
    order by v.at desc, v.record_id desc
    limit $1`,
}

const lock = {
  name: 'lock-review',
  text: `select candidates from review where record_id = $1 for no key update`,
}

const remove = { name: 'delete-review', text: `delete from review where record_id = $1` }

const reopen = {
  name: 'reopen-candidate',
  text: `update record set state = 'candidate' where id = $1 and state = 'review'`,
}

const apart = {
  name: 'keep-apart',
  text: `
    insert into kept_apart (record_id, other_id)
    select least($1, other), greatest($1, other) from unnest($2::uuid[]) as other where other <> $1
    on conflict do nothing`,
}
