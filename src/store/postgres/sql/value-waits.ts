import { cycleMax, type ValueWait } from '../../value-wait-contract.ts'
import type { Session } from '../database.ts'
import type { DirtyMark } from './mark-dirty.ts'

export interface ValueWaitRow {
  readonly recordId: string
  readonly system: string
  readonly entity: string
  readonly field: string
  readonly wanted: Uint8Array
  readonly holds: Uint8Array | undefined
}

/** Writes what records wait for, in place of what they waited for in the same field before. */
export async function saveValueWaits(session: Session, rows: readonly ValueWaitRow[]): Promise<void> {
  if (rows.length === 0) return
  await session.rows(save, [
    rows.map(({ recordId }) => recordId),
    rows.map(({ system }) => system),
    rows.map(({ entity }) => entity),
    rows.map(({ field }) => field),
    rows.map(({ wanted }) => wanted),
    rows.map(({ holds }) => holds ?? null),
  ])
}

/** Ends waits without making anything due. */
export async function clearValueWaits(
  session: Session,
  rows: readonly { readonly recordId: string; readonly system: string; readonly field: string }[],
): Promise<void> {
  if (rows.length === 0) return
  await session.rows(clear, [
    rows.map(({ recordId }) => recordId),
    rows.map(({ system }) => system),
    rows.map(({ field }) => field),
  ])
}

/** Ends the waits for these values; answers what is to be marked. */
export async function releaseValueWaits(
  session: Session,
  values: readonly Uint8Array[],
): Promise<readonly DirtyMark[]> {
  if (values.length === 0) return []
  const rows = await session.rows<{ record_id: string; system: string }>(release, [values])
  return rows.map(({ record_id: recordId, system }) => ({ recordId, system, cause: 'record' }))
}

/** Ends all waits of a place; answers what is to be marked. */
export async function endValueWaits(
  session: Session,
  system: string,
  entity: string,
): Promise<readonly DirtyMark[]> {
  const rows = await session.rows<{ record_id: string }>(end, [system, entity])
  return rows.map(({ record_id: recordId }) => ({ recordId, system, cause: 'record' }))
}

export async function readValueWaits(session: Session, recordId: string): Promise<readonly ValueWait[]> {
  const rows = await session.rows<{ system: string; field: string; cyclic: boolean; first: string }>(read, [
    recordId,
    cycleMax,
  ])
  return rows.map(({ system, field, cyclic, first }) => ({
    system,
    field,
    ...(cyclic ? { cycle: { first } } : {}),
  }))
}

const save = {
  name: 'save-value-waits',
  text: `
    insert into value_wait (record_id, system, entity, field, wanted, holds)
    select * from (
      select distinct on (record_id, system, field) record_id, system, entity, field, wanted, holds
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[]) with ordinality
        as u (record_id, system, entity, field, wanted, holds, at)
      order by record_id, system, field, at desc
    ) as newest
    on conflict (record_id, system, field) do update set wanted = excluded.wanted, holds = excluded.holds`,
}

const clear = {
  name: 'clear-value-waits',
  text: `
    delete from value_wait
    where (record_id, system, field) in (select * from unnest($1::uuid[], $2::text[], $3::text[]))`,
}

const release = {
  name: 'release-value-waits',
  text: `delete from value_wait where wanted = any($1::bytea[]) returning record_id, system`,
}

const end = {
  name: 'end-value-waits',
  text: `delete from value_wait where system = $1 and entity = $2 returning record_id`,
}

/**
 * Values are unique, so that from each wait one leads on at most: to the record that holds what this one
 * wants, if it waits as well.
 */
const read = {
  name: 'read-value-waits',
  text: `
    with recursive chain as (
      select w.system, w.field, w.record_id as start, w.record_id, w.wanted, 0 as depth
      from value_wait w
      where w.record_id = $1
      union all
      select c.system, c.field, c.start, n.record_id, n.wanted, c.depth + 1
      from chain c
      join value_wait n on n.holds = c.wanted
      where c.depth < $2 and (c.depth = 0 or c.record_id <> c.start)
    )
    select system, field,
      bool_or(depth > 0 and record_id = start) as cyclic,
      min(record_id::text) as first
    from chain
    group by system, field`,
}
