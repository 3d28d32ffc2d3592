import type { Session } from '../database.ts'

/** A key held by more records than this distinguishes none of them: it makes no duplicates. */
export const holdersMax = 5

/** Columns that the statement returns. */
export interface PairColumns {
  readonly record_id: string
  readonly other_id: string
}

/**
 * Opens a duplicate for each new pair: one of these records and another one share an exact key, both have a
 * native record in the same system, and they were not kept apart. A pair that was closed before is opened
 * again.
 */
export async function openDuplicates(session: Session, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length > 0) await session.rows(open, [recordIds, holdersMax])
}

/**
 * Closes the open duplicates of these records that no longer are any; returns the pairs. A merge by a system
 * stays open until it is decided.
 */
export async function closeDuplicates(
  session: Session,
  recordIds: readonly string[],
): Promise<readonly PairColumns[]> {
  if (recordIds.length === 0) return []
  return session.rows<PairColumns & Record<string, unknown>>(close, [recordIds, holdersMax])
}

/**
 * Returns all holders of keys of these records that exactly one record more than allowed holds: when such a
 * holder appears or disappears, all pairs of that key start or stop being duplicates.
 */
export async function findCrossing(
  session: Session,
  recordIds: readonly string[],
): Promise<readonly string[]> {
  if (recordIds.length === 0) return []
  const rows = await session.rows<{ id: string }>(crossing, [recordIds, holdersMax])
  return rows.map(({ id }) => id)
}

/**
 * Opens the duplicate that results from a merge in one system. A duplicate due to a shared key lasts as long
 * as the key; this one does not depend on it.
 */
export async function openMergeDuplicate(
  session: Session,
  pair: {
    readonly entity: string
    readonly loserId: string
    readonly survivorId: string
    readonly system: string
  },
): Promise<void> {
  await session.rows(openMerge, [pair.entity, pair.loserId, pair.survivorId, pair.system])
}

/** Both have a native record in some system; two complete records are duplicates even without. */
const overlap = `
  (
    exists (
      select 1
      from member m
      join member o on o.record_id = b.id and o.system = m.system and o.rid is not null and o.state <> 'gone'
      where m.record_id = a.id and m.rid is not null and m.state <> 'gone'
    )
    or (
      (select count(*) from member m where m.record_id = a.id and m.rid is not null and m.state <> 'gone') > 1
      and (select count(*) from member m where m.record_id = b.id and m.rid is not null and m.state <> 'gone') > 1
    )
  )`

// The holders of a key are counted only up to one more than matter, so that a key of thousands costs no more
// than one of six.
const holders = `
  cross join lateral (
    select array_agg(record_id) as ids
    from (
      select k.record_id
      from match_key k
      join record r on r.id = k.record_id and r.state in ('candidate', 'review', 'active')
      where k.mac = mine.mac and k.kind = 'exact'
      limit $2 + 1
    ) some_of_them
  ) holder`

// The clock is outside `distinct`: two readings a millisecond apart would make two rows of one pair.
const open = {
  name: 'open-duplicates',
  text: `
    insert into duplicate as d (entity, record_id, other_id, cause, state, at)
    select pair.entity, pair.record_id, pair.other_id, 'key', 'open', now_ms()
    from (
      select distinct a.entity, least(a.id, b.id) as record_id, greatest(a.id, b.id) as other_id
      from match_key mine
      ${holders}
      cross join lateral unnest(holder.ids) as other (id)
      join record a on a.id = mine.record_id and a.state in ('candidate', 'review', 'active')
      join record b on b.id = other.id and b.id <> a.id and b.state in ('candidate', 'review', 'active')
      where mine.record_id = any($1::uuid[]) and mine.kind = 'exact' and cardinality(holder.ids) between 2 and $2
        and ${overlap}
        and not exists (
          select 1 from kept_apart k where k.record_id = least(a.id, b.id) and k.other_id = greatest(a.id, b.id)
        )
    ) pair
    on conflict (record_id, other_id) do update set
      state = 'open', cause = excluded.cause, at = excluded.at, system = null, survivor_id = null,
      closed_at = null, decided_by = null, before = null
    where d.state in ('over', 'apart')`,
}

const close = {
  name: 'close-duplicates',
  text: `
    update duplicate d set state = 'over', closed_at = now_ms()
    from record a, record b
    where d.state = 'open' and (d.record_id = any($1::uuid[]) or d.other_id = any($1::uuid[]))
      and a.id = d.record_id and b.id = d.other_id
      and not (
        a.state in ('candidate', 'review', 'active') and b.state in ('candidate', 'review', 'active')
        and not exists (select 1 from kept_apart k where k.record_id = a.id and k.other_id = b.id)
        and (
          d.cause = 'merge'
          or (
            ${overlap}
            and exists (
              select 1
              from match_key mine
              ${holders}
              where mine.record_id = a.id and mine.kind = 'exact' and cardinality(holder.ids) <= $2
                and b.id = any(holder.ids)
            )
          )
        )
      )
    returning d.record_id, d.other_id`,
}

const crossing = {
  name: 'find-crossing-keys',
  text: `
    select distinct other.id
    from match_key mine
    cross join lateral (
      select array_agg(record_id) as ids
      from (
        select k.record_id
        from match_key k
        join record r on r.id = k.record_id and r.state in ('candidate', 'review', 'active')
        where k.mac = mine.mac and k.kind = 'exact'
        limit $2 + 2
      ) some_of_them
    ) holder
    cross join lateral unnest(holder.ids) as other (id)
    where mine.record_id = any($1::uuid[]) and mine.kind = 'exact' and cardinality(holder.ids) = $2 + 1`,
}

const openMerge = {
  name: 'open-merge-duplicate',
  text: `
    insert into duplicate as d (entity, record_id, other_id, cause, system, survivor_id, state, at)
    values ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), 'merge', $4, $3, 'open', now_ms())
    on conflict (record_id, other_id) do update set
      state = 'open', cause = 'merge', system = excluded.system, survivor_id = excluded.survivor_id,
      at = excluded.at, closed_at = null, decided_by = null, before = null
    where d.state <> 'open' or d.cause = 'key'`,
}
