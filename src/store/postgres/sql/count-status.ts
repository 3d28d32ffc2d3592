import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface StatusColumns {
  readonly now: number
  readonly due: number
  readonly waiting: number
  readonly running: number
  readonly queued: number
  readonly oldest_due_at: number | null
  readonly conflicts: number
  readonly failures: number
  readonly matches: number
  readonly holds: number
  readonly intents: number
  readonly workers: number
}

/** Rows of one kind that are counted at most: counting all of a long queue would cost as much as some of its work. */
export const countedMax = 10_000

/** Counts of open rows, each up to {@link countedMax}, all from partial indexes. `queued`: an estimate of all dirty records. */
export async function countOpen(session: Session, lockClass: number): Promise<StatusColumns | undefined> {
  const [row] = await session.rows<StatusColumns & Record<string, unknown>>(open, [lockClass])
  return row
}

/** Number of records by state. */
export function countStates(session: Session): Promise<{ state: string; count: number }[]> {
  return session.rows<{ state: string; count: number }>(states, [])
}

/** Columns that the statement returns. */
export interface LaneColumns {
  readonly system: string
  readonly entity: string
  readonly lane: string
  readonly count: number
  readonly linked: number
}

/** Number of members by lane. */
export function countLanes(session: Session): Promise<LaneColumns[]> {
  return session.rows<LaneColumns & Record<string, unknown>>(lanes, [])
}

/** Columns that the statement returns. */
export interface BacklogColumns {
  readonly system: string
  readonly entity: string
  readonly count: number
  readonly since: number | null
  readonly identified_since: number | null
}

/** Records with pending work, by the places they have a member in. */
export function countBacklog(session: Session): Promise<BacklogColumns[]> {
  return session.rows<BacklogColumns & Record<string, unknown>>(backlog, [])
}

/** Columns that the statement returns. */
export interface DelayColumns {
  readonly system: string
  readonly entity: string
  readonly lane: string
  readonly reason: string | null
  readonly count: number
  readonly since: number | null
}

/** What blocks records; the reasons are codes and constant strings, so there are few groups. */
export function countDelays(session: Session): Promise<DelayColumns[]> {
  return session.rows<DelayColumns & Record<string, unknown>>(delays, [])
}

/** When each change feed was last read to its end. */
export function cursorTimes(session: Session): Promise<{ system: string; entity: string; at: number }[]> {
  return session.rows<{ system: string; entity: string; at: number }>(cursors, [])
}

const dirty = 'lease_owner is null and dirty_seq > clean_seq'

const open = {
  name: 'count-open',
  text: `
    select now_ms() as now,
      (
        select count(*) from (select 1 from record where ${dirty} and next_at <= t.now limit ${countedMax}) c
      ) as due,
      (
        select count(*) from (select 1 from record where ${dirty} and next_at > t.now limit ${countedMax}) c
      ) as waiting,
      (select min(next_at) from record where ${dirty} and next_at <= t.now) as oldest_due_at,
      -- As of the last vacuum, which follows each fiftieth of changes.
      (
        select greatest(reltuples, 0)::bigint from pg_class where oid = 'record_due'::regclass
      ) as queued,
      (select count(*) from record where lease_owner is not null) as running,
      (select count(*) from (select 1 from conflict where state = 'open' limit ${countedMax}) c) as conflicts,
      (select count(*) from (select 1 from failure where closed_at is null limit ${countedMax}) c) as failures,
      (select count(*) from (select 1 from review limit ${countedMax}) c)
        + (
          select count(*) from (
            select 1 from duplicate d
            where d.state = 'open'
              and not exists (select 1 from review v where v.record_id in (d.record_id, d.other_id))
            limit ${countedMax}
          ) c
        ) as matches,
      (select count(*) from (select 1 from hold where closed_at is null limit ${countedMax}) c) as holds,
      (select count(*) from (select 1 from intent where state = 'open' limit ${countedMax}) c) as intents,
      (
        select count(*) from pg_locks
        where locktype = 'advisory' and classid = $1::bigint and objsubid = 2 and granted
          and objid between 1 and 2147483647
          and database = (select oid from pg_database where datname = current_database())
      ) as workers
    from (select now_ms() as now) t`,
}

const kept = `(select * from kept_count union all select * from count_change) c`

const states = {
  name: 'count-states',
  text: `
    select value as state, sum(count)::bigint as count
    from ${kept}
    where subject = 'record'
    group by value
    having sum(count) <> 0`,
}

const lanes = {
  name: 'count-lanes',
  text: `
    select system, entity, value as lane, sum(count)::bigint as count, sum(linked)::bigint as linked
    from ${kept}
    where subject = 'member'
    group by system, entity, value
    having sum(count) <> 0
    order by system, entity, value`,
}

/** Dirty records whose members are looked at: enough for the age of the oldest, and for whether there are any. */
export const backlogMax = 1_000

// A deletion that waits for its confirmation is not delayed, and neither is a record that was never identified.
const backlog = {
  name: 'count-backlog',
  text: `
    select m.system, m.entity, count(*) as count, min(r.dirty_since) as since,
      min(r.dirty_since) filter (
        where r.state <> 'candidate' and not exists (
          select 1 from member s where s.record_id = r.id and s.state = 'suspect'
        )
      ) as identified_since
    from (
      (
        select id, state, dirty_since from record
        where ${dirty}
        order by next_at
        limit ${backlogMax}
      )
      union all
      (
        select id, state, dirty_since from record
        where lease_owner is not null and dirty_seq > clean_seq
        limit ${backlogMax}
      )
    ) r
    join member m on m.record_id = r.id
    group by m.system, m.entity`,
}

const delays = {
  name: 'count-delays',
  text: `
    select m.system, m.entity, m.lane, m.lane_reason as reason, count(*) as count,
      min(case when r.dirty_seq > r.clean_seq then r.dirty_since end) as since
    from (
      select record_id, system, entity, lane, lane_reason from member
      where lane <> 'open' or lane_attempts > 0
      limit ${countedMax}
    ) m
    join record r on r.id = m.record_id
    where (m.lane <> 'open' or r.dirty_seq > r.clean_seq) and r.state not in ('tombstoned', 'ignored')
    group by m.system, m.entity, m.lane, m.lane_reason
    order by count(*) desc
    limit 100`,
}

const cursors = { name: 'cursor-times', text: `select system, entity, at from cursor` }
