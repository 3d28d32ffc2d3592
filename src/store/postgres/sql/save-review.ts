import type { Session } from '../database.ts'

/** The record waits for a person; its possible counterparts are stored with it. */
export async function saveReview(session: Session, recordId: string, candidates: Uint8Array): Promise<void> {
  await session.rows(review, [recordId])
  await session.rows(save, [recordId, candidates])
}

export async function deleteReviews(session: Session, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length > 0) await session.rows(remove, [recordIds])
}

const remove = { name: 'delete-reviews', text: `delete from review where record_id = any($1::uuid[])` }

const review = { name: 'begin-review', text: `update record set state = 'review' where id = $1` }

const save = {
  name: 'save-review',
  text: `
    insert into review (record_id, at, candidates) values ($1, now_ms(), $2)
    on conflict (record_id) do update set candidates = excluded.candidates`,
}
