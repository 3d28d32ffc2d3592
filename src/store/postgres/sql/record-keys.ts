import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'

/** A wrapped key of a record. */
export interface RecordKeyRow {
  readonly record_id: string
  readonly wrapped_by: number
  readonly wrapped: Uint8Array
}

/** The keys of these records, as far as they have one. */
export function readRecordKeys(session: Session, recordIds: readonly string[]): Promise<RecordKeyRow[]> {
  return session.rows<RecordKeyRow & Record<string, unknown>>(read, [recordIds])
}

/**
 * Stores the keys, except for records that have one and if the wrapping key is retiring; returns the records whose key was
 * stored.
 */
export async function insertRecordKeys(
  session: Session,
  keys: readonly RecordKeyRow[],
): Promise<Set<string>> {
  const packed = packBytes(keys.map(({ wrapped }) => wrapped))
  const rows = await session.rows<{ record_id: string }>(insert, [
    keys.map(({ record_id: id }) => id),
    keys.map(({ wrapped_by: by }) => by),
    packed.starts,
    packed.lengths,
    packed.bytes,
  ])
  return new Set(rows.map(({ record_id: id }) => id))
}

/** The next keys, by record, that another key than the given one wraps. */
export function readRecordKeysToRewrap(
  session: Session,
  wrappedBy: number,
  after: string,
  limit: number,
): Promise<RecordKeyRow[]> {
  return session.rows<RecordKeyRow & Record<string, unknown>>(readOthers, [wrappedBy, after, limit])
}

/** Replaces the wrapping of keys that still exist, unless the new wrapping key is retiring by now. */
export async function rewrapRecordKeys(session: Session, keys: readonly RecordKeyRow[]): Promise<void> {
  const packed = packBytes(keys.map(({ wrapped }) => wrapped))
  await session.rows(rewrap, [
    keys.map(({ record_id: id }) => id),
    keys.map(({ wrapped_by: by }) => by),
    packed.starts,
    packed.lengths,
    packed.bytes,
  ])
}

/** Keys of records that the key wraps, counted up to a limit. */
export async function countRecordKeys(session: Session, wrappedBy: number, limit: number): Promise<number> {
  const [row] = await session.rows<{ count: number }>(count, [wrappedBy, limit])
  return row?.count ?? 0
}

/** Waits for transactions that are storing keys, and holds new ones back until the transaction ends. */
export async function lockRecordKeys(session: Session): Promise<void> {
  await session.rows(lock, [])
}

/** A slice of the keys that was looked through. */
export interface OrphanSlice {
  readonly removed: number
  /** The last record looked at; null at the end of the table. */
  readonly last: string | null
}

/** Removes, of the next keys by record, those whose record is gone together with all that the journal says about it. */
export async function deleteOrphanKeys(session: Session, after: string, limit: number): Promise<OrphanSlice> {
  const [row] = await session.rows<OrphanSlice & Record<string, unknown>>(removeOrphans, [after, limit])
  return row ?? { removed: 0, last: null }
}

const read = {
  name: 'read-record-keys',
  text: `select record_id, wrapped_by, wrapped from record_key where record_id = any($1::uuid[])`,
}

// In the order of the ids: two batches that store keys of the same records wait for each other instead of deadlocking.
const insert = {
  name: 'insert-record-keys',
  text: `
    insert into record_key (record_id, wrapped_by, wrapped)
    select record_id, by, substring($5::bytea from start for length)
    from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[]) as u (record_id, by, start, length)
    where by in (select id from sealing_key where kind = 'wrapping' and state = 'active')
    order by record_id
    on conflict do nothing
    returning record_id`,
}

const readOthers = {
  name: 'read-record-keys-to-rewrap',
  text: `
    select record_id, wrapped_by, wrapped from record_key
    where wrapped_by <> $1 and record_id > $2
    order by record_id
    limit $3`,
}

const rewrap = {
  name: 'rewrap-record-keys',
  text: `
    update record_key k set wrapped_by = by, wrapped = substring($5::bytea from start for length)
    from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[]) as u (record_id, by, start, length)
    where k.record_id = u.record_id
      and by in (select id from sealing_key where kind = 'wrapping' and state = 'active')`,
}

const count = {
  name: 'count-record-keys',
  text: `select count(*) from (select from record_key where wrapped_by = $1 limit $2) as counted`,
}

const lock = { name: 'lock-record-keys', text: 'lock table record_key in share mode' }

const removeOrphans = {
  name: 'delete-orphan-keys',
  text: `
    with slice as materialized (
      select record_id from record_key where record_id > $1 order by record_id limit $2
    ),
    removed as (
      delete from record_key where record_id in (
        select record_id from slice s
        where not exists (select from record r where r.id = s.record_id)
          and not exists (select from journal j where j.record_id = s.record_id)
      )
      returning record_id
    )
    select (select count(*) from removed) as removed,
      case when (select count(*) from slice) = $2 then (select record_id from slice order by record_id desc limit 1) end
        as last`,
}
