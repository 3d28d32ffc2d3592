import type { PlaceHealth, SystemHealth } from '../../../model/health/contract.ts'
import type { PlaceNote, SystemNote } from '../../health-contract.ts'
import type { Session } from '../database.ts'
import { fromText, toText } from '../text.ts'

/** Stores an observation of one place. */
export async function notePlace(session: Session, note: PlaceNote): Promise<void> {
  const { declared, read, failure, nextAt } = note
  await session.rows(place, [
    note.system,
    note.entity,
    declared?.paging ?? null,
    declared?.feed ?? null,
    read?.ms ?? null,
    read?.compared ?? false,
    failure?.way ?? null,
    toText(failure?.code),
    toText(failure?.message),
    failure?.cause ?? null,
    nextAt ?? null,
  ])
}

export async function noteSystem(session: Session, note: SystemNote): Promise<void> {
  const { system } = note
  if ('heard' in note) await session.rows(heard, [system])
  else await session.rows(paused, [system, note.paused?.until ?? null, toText(note.paused?.code)])
}

export async function readPlaces(session: Session): Promise<PlaceHealth[]> {
  const rows = await session.rows<PlaceColumns & Record<string, unknown>>(places, [])
  return rows.map(toPlace)
}

export async function readSystems(session: Session): Promise<SystemHealth[]> {
  const rows = await session.rows<SystemColumns & Record<string, unknown>>(systems, [])
  return rows.map((row) => ({
    system: row.system,
    ...(row.heard_at === null ? {} : { heardAt: row.heard_at }),
    ...(row.paused_until === null
      ? {}
      : {
          paused: {
            since: row.paused_since ?? row.paused_until,
            until: row.paused_until,
            code: fromText(row.paused_code ?? ''),
          },
        }),
  }))
}

interface PlaceColumns {
  readonly system: string
  readonly entity: string
  readonly paging: 'none' | 'offset' | 'keyset' | null
  readonly feed: boolean | null
  readonly read_at: number | null
  readonly read_ms: number | null
  readonly compared_at: number | null
  readonly failures: number
  readonly failing_since: number | null
  readonly failed_at: number | null
  readonly failed_way: 'feed' | 'list' | null
  readonly failed_code: string | null
  readonly failed_message: string | null
  readonly failed_cause: string | null
  readonly next_at: number | null
}

interface SystemColumns {
  readonly system: string
  readonly heard_at: number | null
  readonly paused_since: number | null
  readonly paused_until: number | null
  readonly paused_code: string | null
}

function toPlace(row: PlaceColumns): PlaceHealth {
  const { system, entity, failures } = row
  return {
    system,
    entity,
    failures,
    ...(row.paging === null ? {} : { paging: row.paging }),
    ...(row.feed === null ? {} : { feed: row.feed }),
    ...(row.read_at === null ? {} : { readAt: row.read_at }),
    ...(row.read_ms === null ? {} : { readMs: row.read_ms }),
    ...(row.compared_at === null ? {} : { comparedAt: row.compared_at }),
    ...(row.next_at === null ? {} : { nextAt: row.next_at }),
    ...(failures === 0 || row.failing_since === null
      ? {}
      : {
          failing: {
            way: row.failed_way ?? 'list',
            code: fromText(row.failed_code ?? ''),
            message: fromText(row.failed_message ?? ''),
            ...(row.failed_cause === null ? {} : { cause: row.failed_cause }),
            since: row.failing_since,
            at: row.failed_at ?? row.failing_since,
          },
        }),
  }
}

const place = {
  name: 'note-place',
  text: `
    insert into place_health as p (system, entity, paging, feed, read_at, read_ms, compared_at, failures,
      failing_since, failed_at, failed_way, failed_code, failed_message, failed_cause, next_at)
    select $1, $2, $3, $4,
      case when $5::bigint is not null then clock.now end, $5::bigint, case when $6::boolean then clock.now end,
      case when $7::text is null then 0 else 1 end, case when $7::text is not null then clock.now end,
      case when $7::text is not null then clock.now end, $7::text, $8, $9, $10, $11::bigint
    from (select now_ms() as now) clock
    on conflict (system, entity) do update set
      paging = coalesce(excluded.paging, p.paging),
      feed = coalesce(excluded.feed, p.feed),
      read_at = coalesce(excluded.read_at, p.read_at),
      read_ms = coalesce(excluded.read_ms, p.read_ms),
      compared_at = coalesce(excluded.compared_at, p.compared_at),
      failures = case
        when excluded.failed_way is not null then p.failures + 1
        when excluded.read_at is not null then 0
        else p.failures
      end,
      failing_since = case
        when excluded.failed_way is not null then coalesce(p.failing_since, excluded.failing_since)
        when excluded.read_at is not null then null
        else p.failing_since
      end,
      failed_at = coalesce(excluded.failed_at, p.failed_at),
      failed_way = coalesce(excluded.failed_way, p.failed_way),
      failed_code = coalesce(excluded.failed_code, p.failed_code),
      failed_message = coalesce(excluded.failed_message, p.failed_message),
      failed_cause = case when excluded.failed_way is null then p.failed_cause else excluded.failed_cause end,
      next_at = coalesce(excluded.next_at, p.next_at)`,
}

const heard = {
  name: 'note-heard',
  text: `
    insert into system_health (system, heard_at) values ($1, now_ms())
    on conflict (system) do update set heard_at = excluded.heard_at`,
}

const paused = {
  name: 'note-system-paused',
  text: `
    insert into system_health as s (system, paused_since, paused_until, paused_code)
    values ($1, case when $2::bigint is not null then now_ms() end, $2, $3)
    on conflict (system) do update set
      paused_since = case when $2::bigint is null then null else coalesce(s.paused_since, now_ms()) end,
      paused_until = excluded.paused_until,
      paused_code = excluded.paused_code`,
}

const places = { name: 'read-place-health', text: `select * from place_health order by system, entity` }

const systems = { name: 'read-system-health', text: `select * from system_health order by system` }
