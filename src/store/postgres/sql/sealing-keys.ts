import type { Session } from '../database.ts'

export type KeyKind = 'wrapping' | 'shared' | 'day' | 'hash'

/** A stored key as its row. */
export interface SealingKeyRow {
  readonly id: number
  readonly kind: KeyKind
  readonly day: number | null
  readonly state: 'active' | 'retiring'
  readonly wrapped: Uint8Array
  readonly master: string | null
  readonly wrapped_by: number | null
  readonly created_at: number
}

/** Columns of a new key. */
export interface NewSealingKey {
  readonly kind: KeyKind
  readonly day?: number
  readonly wrapped: Uint8Array
  readonly master?: string
  readonly wrappedBy?: number
}

/** Whether documents are sealed, and whether the schema has held documents before. */
export interface SealingState {
  readonly sealed: boolean
  readonly reads_clear: boolean
  readonly used: boolean
}

export async function readSealingState(session: Session): Promise<SealingState> {
  const [row] = await session.rows<SealingState & Record<string, unknown>>(state, [])
  return row ?? { sealed: false, reads_clear: false, used: false }
}

/** False before the schema is upgraded to a version that can seal. */
export async function canBeSealed(session: Session): Promise<boolean> {
  const [row] = await session.rows<{ exists: boolean }>(table, [])
  return row?.exists === true
}

/** Serialises the changes of stored keys; released when the transaction ends. */
export async function lockSealing(session: Session): Promise<void> {
  await session.rows(lock, [])
}

export async function startSealing(session: Session, readsClear: boolean): Promise<void> {
  await session.rows(start, [readsClear])
}

export function readSealingKeys(session: Session): Promise<SealingKeyRow[]> {
  return session.rows<SealingKeyRow & Record<string, unknown>>(read, [])
}

/** Returns the id; undefined if there is an active key of this kind already. */
export async function insertSealingKey(session: Session, key: NewSealingKey): Promise<number | undefined> {
  const { kind, day, wrapped, master, wrappedBy } = key
  const values = [kind, day ?? null, wrapped, master ?? null, wrappedBy ?? null]
  const [row] = await session.rows<{ id: number }>(insert, values)
  return row?.id
}

/** From now on no key is wrapped with it. */
export async function retireActiveKey(session: Session, kind: KeyKind): Promise<void> {
  await session.rows(retire, [kind])
}

/** When the sealing began; undefined in a schema that is not sealed. */
export async function readSealedAt(session: Session): Promise<number | undefined> {
  const [row] = await session.rows<{ sealed_at: number }>(sealedAt, [])
  return row?.sealed_at
}

/** Replaces the wrapping of a stored key. The caller holds {@link lockSealing}. */
export async function rewrapSealingKey(
  session: Session,
  id: number,
  to: Pick<NewSealingKey, 'wrapped' | 'master' | 'wrappedBy'>,
): Promise<void> {
  await session.rows(rewrap, [id, to.wrapped, to.master ?? null, to.wrappedBy ?? null])
}

/** Removes retiring wrapping keys that wrap nothing; returns their ids. The caller holds {@link lockRecordKeys}. */
export async function deleteUnusedWrappingKeys(session: Session): Promise<readonly number[]> {
  const rows = await session.rows<{ id: number }>(removeUnused, [])
  return rows.map(({ id }) => id)
}

/** Removes keys of days of which no delivery is left. */
export async function deleteDayKeys(session: Session, beforeDay: number): Promise<number> {
  return (await session.rows(removeDays, [beforeDay])).length
}

const table = { name: 'can-be-sealed', text: `select to_regclass('sealing') is not null as exists` }

const state = {
  name: 'read-sealing-state',
  text: `
    select exists (select from sealing) as sealed,
      coalesce((select reads_clear from sealing), false) as reads_clear,
      exists (select from integration) or exists (select from token) or exists (select from record) as used`,
}

const sealedAt = { name: 'read-sealed-at', text: 'select sealed_at from sealing' }

const lock = { name: 'lock-sealing', text: 'lock table sealing in share row exclusive mode' }

const start = { name: 'start-sealing', text: 'insert into sealing (reads_clear) values ($1)' }

const read = {
  name: 'read-sealing-keys',
  text: `select id, kind, day, state, wrapped, master, wrapped_by, created_at from sealing_key order by id`,
}

const insert = {
  name: 'insert-sealing-key',
  text: `
    insert into sealing_key (kind, day, wrapped, master, wrapped_by) values ($1, $2, $3, $4, $5)
    on conflict do nothing
    returning id`,
}

const retire = {
  name: 'retire-active-key',
  text: `update sealing_key set state = 'retiring' where kind = $1 and state = 'active'`,
}

const rewrap = {
  name: 'rewrap-sealing-key',
  text: `update sealing_key set wrapped = $2, master = $3, wrapped_by = $4 where id = $1`,
}

const removeUnused = {
  name: 'delete-unused-wrapping-keys',
  text: `
    delete from sealing_key k
    where kind = 'wrapping' and state = 'retiring'
      and not exists (select from record_key r where r.wrapped_by = k.id)
      and not exists (select from sealing_key o where o.wrapped_by = k.id)
    returning id`,
}

const removeDays = {
  name: 'delete-day-keys',
  text: `
    delete from sealing_key k
    where kind = 'day' and day < $1
      and not exists (select from delivery d where d.received_at < (k.day + 2) * 86400000::bigint)
    returning id`,
}
