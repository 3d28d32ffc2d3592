import type { AgreedFields } from '../../../model/state.ts'
import type { RecordUpdate, Settlement } from '../../contract.ts'
import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'

export interface RecordChange {
  readonly id: string
  readonly update: Omit<RecordUpdate, 'fields'>
  /** Encoded {@link AgreedFields}; undefined leaves them unchanged. */
  readonly fields: Uint8Array | undefined
  readonly finish: Settlement['finish']
}

/**
 * New values and the end of the pass in one statement. Compare-and-clear uses the locked row: a mark made
 * after the claim keeps the record dirty and due. Marks known to the claim are removed at a clean end and
 * kept otherwise.
 */
export async function updateRecords(session: Session, changes: readonly RecordChange[]): Promise<void> {
  if (changes.length === 0) return
  const clean = changes.map(({ finish }) => (finish.kind === 'clean' ? finish.seq : null))
  const again = changes.map(({ finish }) => (finish.kind === 'again' ? finish.at : null))
  const toRead = changes.map(({ finish }) =>
    finish.kind === 'again' && finish.toRead !== undefined ? finish.toRead.join(',') : null,
  )
  const documents = packBytes(changes.map(({ fields }) => fields))
  await session.rows(statement, [
    changes.map(({ id }) => id),
    changes.map(({ update }) => update.state ?? null),
    changes.map(({ update }) => update.rev ?? null),
    documents.starts,
    changes.map(({ update }) => update.tombstoneRev ?? null),
    changes.map(({ update }) => update.releasedRev ?? null),
    clean,
    again,
    toRead,
    documents.bytes,
    documents.lengths,
    changes.map(({ update }) => update.merging?.join(',') ?? null),
  ])
}

const statement = {
  name: 'update-records',
  text: `
    update record r set
      state = coalesce(u.state, r.state),
      rev = coalesce(u.rev, r.rev),
      fields = coalesce(substring($10::bytea from u.start for u.length), r.fields),
      tombstone_rev = coalesce(u.tombstone_rev, r.tombstone_rev),
      released_rev = coalesce(u.released_rev, r.released_rev),
      merging = coalesce(string_to_array(u.merging, ',')::uuid[], r.merging),
      lease_owner = case when u.clean is null and u.again is null then r.lease_owner end,
      clean_seq = case when r.dirty_seq = u.clean then u.clean else r.clean_seq end,
      dirty_since = case
        when u.clean is null then r.dirty_since
        when r.dirty_seq > u.clean then now_ms()
      end,
      attempts = case when u.clean is null and u.again is null then r.attempts else 0 end,
      next_at = case
        when u.clean is null and u.again is null then r.next_at
        when u.clean is not null or r.dirty_seq > r.claimed_seq then now_ms()
        else u.again
      end,
      look = case
        when u.again is not null then
          union_text(r.look, case when u.look is null then r.claimed_look else string_to_array(u.look, ',') end)
        else r.look
      end,
      claimed_look = case when u.clean is null and u.again is null then r.claimed_look else '{}' end,
      causes = case when u.again is null then r.causes else add_causes(r.claimed_causes, r.causes) end,
      claimed_causes = case when u.clean is null and u.again is null then r.claimed_causes else '{}' end
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::bigint[],
      $7::bigint[], $8::bigint[], $9::text[], $11::integer[], $12::text[])
      as u (id, state, rev, start, tombstone_rev, released_rev, clean, again, look, length, merging)
    where r.id = u.id`,
}
