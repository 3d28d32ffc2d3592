/** A run's own table of listed records; its name is derived from a hash, never from external text. */
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams'
import type { Cause } from '../../../model/cause.ts'
import type { Session } from '../database.ts'
import type { RunColumns } from './runs.ts'

export async function makeStage(session: Session, stage: string): Promise<void> {
  await dropStage(session, stage)
  await run(session, `create unlogged table ${stage} (rid text not null, mac bytea not null)`)
}

/** A stream that fills the table with rows in the binary form of COPY. */
export function copyIntoStage(stage: string): CopyStreamQuery {
  return copyFrom(`copy ${stage} (rid, mac) from stdin with (format binary)`)
}

export async function dropStage(session: Session, stage: string): Promise<void> {
  await run(session, `drop table if exists ${stage}, ${stage}_verdict, ${stage}_range`)
}

async function run(session: Session, text: string): Promise<void> {
  await session.rows({ name: '', text }, [])
}

/** Limits the statements of this transaction, which compare many records, by a time of their own. */
export async function allowComparing(session: Session, limitMs: number): Promise<void> {
  await session.rows({ name: '', text: `select set_config('statement_timeout', $1, true)` }, [`${limitMs}`])
}

/**
 * Divides the comparison into ranges of native ids, of about `rows` staged records each, unless that was done before. The ranges are unlogged like the
 * stage, so that a crash of the server loses both or neither.
 */
export async function planRanges(
  session: Session,
  { stage, staged }: RunColumns,
  rows: number,
): Promise<void> {
  const [known] = await session.rows<{ is_planned: boolean }>(
    { name: '', text: `select to_regclass($1) is not null as is_planned` },
    [`${stage}_range`],
  )
  if (known?.is_planned === true) return
  const ranges = Math.max(1, Math.ceil(staged / rows))
  // A single range is compared by hash joins, which need no index.
  if (ranges > 1) await run(session, `create index on ${stage} (rid)`)
  await run(session, `analyze ${stage}`)
  await run(
    session,
    `create unlogged table ${stage}_verdict
     (n bigint generated always as identity (minvalue 0 start 0) primary key, kind text not null,
      record_id uuid, rid text)`,
  )
  await run(
    session,
    `create unlogged table ${stage}_range
     (n integer primary key, lower text, upper text, is_compared boolean not null default false,
      staged bigint, listed bigint, changed bigint, discovered bigint, missing bigint)`,
  )
  await session.rows({ name: '', text: rangeInsert(stage) }, [ranges])
}

// Bounds at equal distances among the staged ids; the first range has no lower bound and the last one no upper bound.
function rangeInsert(stage: string): string {
  return `
    with numbered as (
      select rid, row_number() over (order by rid) as n, count(*) over () as total
      from (select distinct rid from ${stage} where $1::int > 1) ids
    ),
    bounds as (
      select rid from numbered
      where n > 1 and ((n - 1) * $1) / total > ((n - 2) * $1) / total
    ),
    edges as (select null as rid union all select rid from bounds)
    insert into ${stage}_range (n, lower, upper)
    select row_number() over (order by rid nulls first), rid, lead(rid) over (order by rid nulls first)
    from edges`
}

/** A range of native ids that is compared at a time. */
export interface ComparedRange {
  readonly n: number
  readonly lower: string | null
  readonly upper: string | null
}

/** The ranges that are still to be compared. */
export function openRanges(session: Session, stage: string): Promise<ComparedRange[]> {
  const text = `select n, lower, upper from ${stage}_range where not is_compared order by n`
  return session.rows<ComparedRange & Record<string, unknown>>({ name: '', text }, [])
}

/**
 * Writes the verdicts of a range: `changed` (values differ from the shadow, were read through an outdated lens set, or the member was observed gone),
 * `discovered`, `missing` (linked before the run began, not listed). Three joins, whatever the number of records.
 */
export async function judgeRange(
  session: Session,
  { stage, system, entity, started_at: startedAt }: RunColumns,
  { n, lower, upper }: ComparedRange,
): Promise<void> {
  const values = [system, entity, startedAt, lower, upper, n]
  await session.rows({ name: '', text: verdictInsert(stage) }, values)
}

function verdictInsert(stage: string): string {
  const within = (rid: string): string =>
    `($4::text is null or ${rid} >= $4) and ($5::text is null or ${rid} < $5)`
  return `
    with counted as (
      select count(*) as staged, count(distinct rid) as listed from ${stage} where ${within('rid')}
    ),
    judged as (
      insert into ${stage}_verdict (kind, record_id, rid)
      select 'changed', m.record_id, null
      from member m
      cross join (
        select min(id) filter (where current) as current, min(id) filter (where legacy) as legacy
        from lens_set where system = $1 and entity = $2
      ) lens
      where m.system = $1 and m.entity = $2 and m.rid is not null and ${within('m.rid')} and exists (
        select 1 from ${stage} s
        where s.rid = m.rid and ${within('s.rid')} and (
          s.mac is distinct from m.shadow_mac or m.state in ('suspect', 'gone')
          or lens.current is not null and coalesce(m.lens, lens.legacy) is distinct from lens.current
        )
      )
      union all
      select 'discovered', null, s.rid
      from (select distinct rid from ${stage} where ${within('rid')}) s
      where not exists (
        select 1 from member m
        where m.system = $1 and m.entity = $2 and m.rid = s.rid and ${within('m.rid')}
      )
      union all
      select 'missing', m.record_id, null
      from member m
      join record r on r.id = m.record_id and r.state = 'active'
      where m.system = $1 and m.entity = $2 and m.rid is not null and ${within('m.rid')}
        and m.state in ('linked', 'suspect') and m.linked_at < $3
        and not exists (select 1 from ${stage} s where s.rid = m.rid and ${within('s.rid')})
      returning kind
    )
    update ${stage}_range r set
      is_compared = true,
      staged = counted.staged,
      listed = counted.listed,
      changed = (select count(*) from judged where kind = 'changed'),
      discovered = (select count(*) from judged where kind = 'discovered'),
      missing = (select count(*) from judged where kind = 'missing')
    from counted
    where r.n = $6`
}

/** The result of all ranges. */
export interface JudgedStage {
  readonly staged: number
  readonly listed: number
  readonly changed: number
  readonly discovered: number
  readonly missing: number
}

/** Adds up the ranges. */
export async function sumRanges(session: Session, stage: string): Promise<JudgedStage> {
  // Without statistics the planner scans all records for each slice of verdicts: 40,000 discoveries took 9.1 s instead of 2.5 s.
  await run(session, `analyze ${stage}_verdict`)
  const sum = (column: string): string => `coalesce(sum(${column}), 0)::bigint as ${column}`
  const columns = ['staged', 'listed', 'changed', 'discovered', 'missing'].map(sum).join(', ')
  const [row] = await session.rows<JudgedStage & Record<string, unknown>>(
    { name: '', text: `select ${columns} from ${stage}_range` },
    [],
  )
  return row ?? { staged: 0, listed: 0, changed: 0, discovered: 0, missing: 0 }
}

/** The number of the first verdict that is not applied yet, none of which is below `from`; undefined when all are applied. */
export async function firstVerdict(
  session: Session,
  stage: string,
  from: number,
): Promise<number | undefined> {
  const text = `select min(n) as n from ${stage}_verdict where n >= $1`
  const [row] = await session.rows<{ n: number | null }>({ name: '', text }, [from])
  return row?.n ?? undefined
}

/** Applies the verdicts numbered `from` up to `to`, and removes them. Missing members are marked only when the run was complete. */
export async function applySlice(
  session: Session,
  { stage, system, entity }: RunColumns,
  {
    from,
    to,
    complete,
    cause,
  }: { readonly from: number; readonly to: number; readonly complete: boolean; readonly cause: Cause },
): Promise<void> {
  await session.rows({ name: '', text: markSlice(stage) }, [from, to, system, complete, cause])
  await session.rows({ name: '', text: discoverSlice(stage) }, [from, to, system, entity, cause])
  await session.rows({ name: '', text: `delete from ${stage}_verdict where n >= $1 and n < $2` }, [from, to])
}

function markSlice(stage: string): string {
  return `
    with marked as (
      select r.id
      from record r
      where r.id in (
        select record_id from ${stage}_verdict
        where n >= $1 and n < $2 and (kind = 'changed' or kind = 'missing' and $4)
      )
      order by r.id
      for no key update
    )
    update record r set
      next_at = case when r.dirty_seq > r.clean_seq then least(r.next_at, now_ms()) else now_ms() end,
      dirty_seq = r.dirty_seq + 1,
      dirty_since = coalesce(r.dirty_since, now_ms()),
      look = union_text(r.look, array[$3::text]),
      causes = add_causes(r.causes, array[$5::text])
    from marked
    where r.id = marked.id`
}

function discoverSlice(stage: string): string {
  return `
    with wanted as materialized (
      select new_id() as id, rid, now_ms() as now
      from ${stage}_verdict
      where n >= $1 and n < $2 and kind = 'discovered'
      order by rid
    ),
    fresh as (
      insert into member (record_id, system, entity, rid, state, linked_at, discovered_at)
      select id, $3, $4, rid, 'unread', now, now from wanted
      on conflict (system, entity, rid) where rid is not null do nothing
      returning record_id
    )
    insert into record (id, entity, state, look, causes, discovered_at, next_at)
    select id, $4, 'candidate', array[$3::text], array[$5::text], now, now
    from wanted
    where id in (select record_id from fresh)`
}
