import type { Session } from '../database.ts'

export interface KeyRow {
  readonly recordId: string
  readonly rule: number
  readonly kind: 'exact' | 'block'
  readonly mac: Uint8Array
}

/** Replaces all keys of the records. */
export async function replaceKeys(
  session: Session,
  recordIds: readonly string[],
  keys: readonly KeyRow[],
): Promise<void> {
  if (recordIds.length === 0) return
  await session.rows(remove, [recordIds])
  if (keys.length === 0) return
  await session.rows(insert, [
    keys.map(({ recordId }) => recordId),
    keys.map(({ mac }) => mac),
    keys.map(({ rule }) => rule),
    keys.map(({ kind }) => kind),
  ])
}

/** A key that a record is registered under. */
export type StoredKey = Pick<KeyRow, 'recordId' | 'kind' | 'mac'>

/** The keys that records are registered under. */
export async function readKeys(
  session: Session,
  recordIds: readonly string[],
): Promise<readonly StoredKey[]> {
  if (recordIds.length === 0) return []
  type Row = { record_id: string; kind: KeyRow['kind']; mac: Uint8Array }
  const rows = await session.rows<Row>(read, [recordIds])
  return rows.map(({ record_id: recordId, kind, mac }) => ({ recordId, kind, mac }))
}

const remove = {
  name: 'delete-keys',
  text: `delete from match_key where record_id = any($1::uuid[])`,
}

const insert = {
  name: 'insert-keys',
  text: `
    insert into match_key (record_id, mac, rule, kind)
    select * from unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::text[])
    on conflict do nothing`,
}

const read = {
  name: 'read-match-keys',
  text: `select record_id, kind, mac from match_key where record_id = any($1::uuid[])`,
}
