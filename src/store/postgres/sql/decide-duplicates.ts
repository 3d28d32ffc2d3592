import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface DuplicateColumns {
  readonly id: string
  readonly entity: string
  readonly record_id: string
  readonly other_id: string
  readonly cause: 'key' | 'merge'
  readonly system: string | null
  readonly survivor_id: string | null
  readonly state: 'open' | 'same' | 'apart' | 'over'
  readonly at: number
  readonly closed_at: number | null
  readonly decided_by: string | null
  readonly before: Uint8Array | null
}

const columns =
  'id, entity, record_id, other_id, cause, system, survivor_id, state, at, closed_at, decided_by, before'

/** One duplicate by its id. */
export async function readDuplicate(session: Session, id: string): Promise<DuplicateColumns | undefined> {
  const [row] = await session.rows<DuplicateColumns & Record<string, unknown>>(byId, [id])
  return row
}

/** The duplicate of two records, if there ever was one. */
export async function readPair(
  session: Session,
  one: string,
  other: string,
): Promise<DuplicateColumns | undefined> {
  const [row] = await session.rows<DuplicateColumns & Record<string, unknown>>(byPair, [one, other])
  return row
}

/** Open or decided ones, newest first. */
export function listDuplicates(
  session: Session,
  limit: number,
  after: readonly [number, string] | undefined,
  state: 'open' | 'decided',
): Promise<DuplicateColumns[]> {
  const values = [limit, after?.[0] ?? null, after?.[1] ?? null]
  return session.rows<DuplicateColumns & Record<string, unknown>>(
    state === 'open' ? listOpen : listDecided,
    values,
  )
}

/** Stores a decision; a pair without a row gets one with it. Returns its id. */
export async function saveDecision(
  session: Session,
  decision: {
    readonly entity: string
    readonly pair: readonly [string, string]
    readonly state: 'same' | 'apart'
    readonly survivorId: string | null
    readonly actor: string
    readonly before: Uint8Array | null
  },
): Promise<string> {
  const { entity, pair, state, survivorId, actor, before } = decision
  const [row] = await session.rows<{ id: string }>(decide, [
    entity,
    pair[0],
    pair[1],
    state,
    survivorId,
    actor,
    before,
  ])
  return row?.id ?? ''
}

/** Decides the duplicates of a record with these others: they are distinct. Returns the ids of the others. */
export async function decideApart(
  session: Session,
  recordId: string,
  others: readonly string[],
  actor: string,
): Promise<readonly string[]> {
  const rows = await session.rows<{ id: string }>(decideAllApart, [recordId, others, actor])
  return rows.map(({ id }) => id)
}

/** Opens the pair again, as if there had been no decision. */
export async function reopenDuplicate(session: Session, id: string): Promise<void> {
  await session.rows(reopen, [id])
}

/** Removes the pair's decision; whether it still is a duplicate is determined again. */
export async function forgetDecision(session: Session, id: string): Promise<void> {
  await session.rows(forget, [id])
}

/** Remembers that two records are distinct. */
export async function keepApart(session: Session, one: string, other: string): Promise<void> {
  await session.rows(apart, [one, other])
}

export async function forgetApart(session: Session, one: string, other: string): Promise<void> {
  await session.rows(notApart, [one, other])
}

/** Records kept apart from the loser are kept apart from the survivor as well. */
export async function inheritApart(session: Session, loserId: string, survivorId: string): Promise<void> {
  await session.rows(inherit, [loserId, survivorId])
}

const byId = { name: 'read-duplicate', text: `select ${columns} from duplicate where id = $1` }

const byPair = {
  name: 'read-duplicate-pair',
  text: `
    select ${columns} from duplicate
    where record_id = least($1::uuid, $2::uuid) and other_id = greatest($1::uuid, $2::uuid)`,
}

const listOpen = {
  name: 'list-open-duplicates',
  text: `
    select ${columns} from duplicate
    where state = 'open' and ($2::bigint is null or (at, id) < ($2, $3::uuid))
    order by at desc, id desc
    limit $1`,
}

const listDecided = {
  name: 'list-decided-duplicates',
  text: `
    select ${columns} from duplicate
    where state in ('same', 'apart') and ($2::bigint is null or (closed_at, id) < ($2, $3::uuid))
    order by closed_at desc, id desc
    limit $1`,
}

const decide = {
  name: 'decide-duplicate',
  text: `
    insert into duplicate as d (entity, record_id, other_id, cause, survivor_id, state, at, closed_at, decided_by, before)
    values ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), 'key', $5, $4, now_ms(), now_ms(), $6, $7)
    on conflict (record_id, other_id) do update set
      state = excluded.state, survivor_id = coalesce(excluded.survivor_id, d.survivor_id),
      closed_at = excluded.closed_at, decided_by = excluded.decided_by, before = excluded.before
    returning id`,
}

const reopen = {
  name: 'reopen-duplicate',
  text: `
    update duplicate set state = 'open', at = now_ms(), closed_at = null, decided_by = null, before = null
    where id = $1`,
}

const forget = {
  name: 'forget-duplicate-decision',
  text: `update duplicate set state = 'over', closed_at = now_ms(), decided_by = null, before = null where id = $1`,
}

const apart = {
  name: 'keep-pair-apart',
  text: `
    insert into kept_apart (record_id, other_id)
    values (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid))
    on conflict do nothing`,
}

const notApart = {
  name: 'forget-apart',
  text: `
    delete from kept_apart
    where record_id = least($1::uuid, $2::uuid) and other_id = greatest($1::uuid, $2::uuid)`,
}

const inherit = {
  name: 'inherit-apart',
  text: `
    insert into kept_apart (record_id, other_id)
    select least($2::uuid, other.id), greatest($2::uuid, other.id)
    from (
      select case when record_id = $1::uuid then other_id else record_id end as id
      from kept_apart
      where record_id = $1::uuid or other_id = $1::uuid
    ) other
    where other.id <> $2::uuid
    on conflict do nothing`,
}

const decideAllApart = {
  name: 'decide-duplicates-apart',
  text: `
    update duplicate set state = 'apart', closed_at = now_ms(), decided_by = $3
    where state = 'open'
      and ((record_id = $1::uuid and other_id = any($2::uuid[])) or (other_id = $1::uuid and record_id = any($2::uuid[])))
    returning case when record_id = $1::uuid then other_id else record_id end as id`,
}
