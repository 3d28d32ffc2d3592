/** Removes expired data, a bounded number of rows of each kind at a time. Oldest first, so that repeated calls terminate. */
import type { PruneRequest } from '../../contract.ts'
import type { Session } from '../database.ts'
import type { RunColumns } from './runs.ts'

async function removed(
  session: Session,
  statement: { readonly name: string; readonly text: string },
  before: number,
  limit: number,
): Promise<number> {
  const [row] = await session.rows<{ removed: number }>(statement, [before, limit])
  return row?.removed ?? 0
}

/** Removes lines from the beginning, up to the first that is still kept: the rest of each chain stays valid, and its beginning is remembered. */
export function pruneJournal(session: Session, { historyBefore, limit }: PruneRequest): Promise<number> {
  return removed(session, journal, historyBefore, limit)
}

const journal = {
  name: 'prune-journal',
  text: `
    with oldest as (select seq, at from journal order by seq limit $2),
    kept as (select coalesce(min(seq), 9223372036854775807) as seq from oldest where at >= $1),
    gone as (
      delete from journal j
      using oldest o, kept k
      where j.seq = o.seq and o.seq < k.seq
      returning j.stream, j.position, j.hash
    ),
    started as (
      insert into journal_start (stream, position, hash)
      select distinct on (stream) stream, position, hash from gone order by stream, position desc
      on conflict (stream) do update set position = excluded.position, hash = excluded.hash
    )
    select count(*) as removed from gone`,
}

/** Ids of intents grow with time, so the oldest are at the beginning of the primary key. Open ones are never removed. */
export function pruneIntents(session: Session, { historyBefore, limit }: PruneRequest): Promise<number> {
  return removed(session, intents, historyBefore, limit)
}

const intents = {
  name: 'prune-intents',
  text: `
    with oldest as (select id, state, not_after from intent order by id limit $2),
    gone as (
      delete from intent i
      using oldest o
      where i.id = o.id and i.state <> 'open' and o.state <> 'open' and o.not_after < $1
      returning 1
    )
    select count(*) as removed from gone`,
}

/** Removes decided conflicts whose retention has ended. */
export function pruneConflicts(session: Session, { historyBefore, limit }: PruneRequest): Promise<number> {
  return removed(session, conflicts, historyBefore, limit)
}

const conflicts = {
  name: 'prune-conflicts',
  text: `
    with gone as (
      delete from conflict
      where id in (select id from conflict where state = 'decided' and at < $1 order by at limit $2)
      returning 1
    )
    select count(*) as removed from gone`,
}

/** Removes closed holds whose retention has ended. */
export function pruneHolds(session: Session, { historyBefore, limit }: PruneRequest): Promise<number> {
  return removed(session, holds, historyBefore, limit)
}

const holds = {
  name: 'prune-holds',
  text: `
    with gone as (
      delete from hold
      where id in (select id from hold where closed_at < $1 order by closed_at limit $2)
      returning 1
    )
    select count(*) as removed from gone`,
}

/** Removes resolved failures whose retention has ended. */
export function pruneFailures(session: Session, { deadLettersBefore, limit }: PruneRequest): Promise<number> {
  return removed(session, failures, deadLettersBefore, limit)
}

const failures = {
  name: 'prune-failures',
  text: `
    with gone as (
      delete from failure
      where (record_id, system) in (
        select record_id, system from failure where closed_at < $1 order by closed_at limit $2
      )
      and closed_at < $1
      returning 1
    )
    select count(*) as removed from gone`,
}

/** Removes webhook deliveries whose retention has ended. */
export function pruneDeliveries(
  session: Session,
  { deliveriesBefore, limit }: PruneRequest,
): Promise<number> {
  return removed(session, deliveries, deliveriesBefore, limit)
}

const deliveries = {
  name: 'prune-deliveries',
  text: `
    with gone as (
      delete from delivery
      where (system, delivery_id) in (
        select system, delivery_id from delivery where received_at < $1 order by received_at limit $2
      )
      returning 1
    )
    select count(*) as removed from gone`,
}

/** The last run of each place is displayed in its status, and its last complete one is the proof of its first load: both stay. */
export function pruneRuns(session: Session, { historyBefore, limit }: PruneRequest): Promise<number> {
  return removed(session, runs, historyBefore, limit)
}

const runs = {
  name: 'prune-runs',
  text: `
    with old as (
      select r.id
      from run r
      where r.started_at < $1 and r.finished_at < $1
        and exists (
          select 1 from run n
          where n.system = r.system and n.entity = r.entity and n.started_at > r.started_at
        )
        and (
          r.complete is not true
          or r.kind <> 'full'
          or exists (
            select 1 from run n
            where n.system = r.system and n.entity = r.entity and n.kind = 'full' and n.complete
              and n.started_at > r.started_at
          )
        )
      order by r.started_at
      limit $2
    ),
    gone as (delete from run where id in (select id from old) returning 1)
    select count(*) as removed from gone`,
}

/** Removes counts of hours that no bound uses any more. */
export function pruneGuardCounts(session: Session, before: number, limit: number): Promise<number> {
  return removed(session, guardCounts, before, limit)
}

const guardCounts = {
  name: 'prune-guard-counts',
  text: `
    with gone as (
      delete from guard_count
      where (system, entity, operation, hour) in (
        select system, entity, operation, hour from guard_count where hour * 3600000 < $1 limit $2
      )
      returning 1
    )
    select count(*) as removed from gone`,
}

/** Runs whose process must have died: begun that long ago, and never finished. */
export function findDeadRuns(session: Session, { runsDeadBefore }: PruneRequest): Promise<RunColumns[]> {
  return session.rows<RunColumns & Record<string, unknown>>(deadRuns, [runsDeadBefore])
}

const deadRuns = {
  name: 'find-dead-runs',
  text: `select * from run where finished_at is null and started_at < $1 order by started_at limit 100`,
}
