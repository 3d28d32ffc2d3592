import type { Session } from '../database.ts'

export interface KeyRow {
  readonly recordId: string
  readonly rule: number
  readonly kind: 'exact' | 'block'
  readonly mac: Uint8Array
}

/** Replaces the keys of the records whole. */
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

/** The exact keys that records are registered under. */
export async function readExactKeys(
  session: Session,
  recordIds: readonly string[],
): Promise<readonly { readonly recordId: string; readonly mac: Uint8Array }[]> {
  if (recordIds.length === 0) return []
  const rows = await session.rows<{ record_id: string; mac: Uint8Array }>(read, [recordIds])
  return rows.map(({ record_id: recordId, mac }) => ({ recordId, mac }))
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
  name: 'read-exact-keys',
  text: `select record_id, mac from match_key where record_id = any($1::uuid[]) and kind = 'exact'`,
}
