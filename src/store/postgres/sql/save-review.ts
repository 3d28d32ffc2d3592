import type { Session } from '../database.ts'

/** The record waits for a person; its possible counterparts are kept beside it. */
export async function saveReview(session: Session, recordId: string, candidates: Uint8Array): Promise<void> {
  await session.rows(review, [recordId])
  await session.rows(save, [recordId, candidates])
}

const review = { name: 'begin-review', text: `update record set state = 'review' where id = $1` }

const save = {
  name: 'save-review',
  text: `
    insert into review (record_id, at, candidates) values ($1, now_ms(), $2)
    on conflict (record_id) do update set at = excluded.at, candidates = excluded.candidates`,
}
