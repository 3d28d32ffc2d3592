import { type RunReason, readRunReason, storeRunReason } from '../../../model/run-reasons.ts'
import { readOrElse } from '../../../model/unreadable-row.ts'
import type { RunComparison, RunRow, Store } from '../../contract.ts'
import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface RunColumns {
  readonly id: string
  readonly kind: 'full' | 'sync'
  readonly system: string
  readonly entity: string
  readonly started_at: number
  readonly finished_at: number | null
  readonly staged: number
  readonly seen: number
  readonly expected: number | null
  readonly complete: boolean | null
  readonly reason_code: string | null
  readonly reason_details: string | null
  readonly missing_observed: boolean
  readonly created: number | null
  readonly changed: number | null
  readonly missing: number | null
  readonly stage: string
}

/** Adds a run. */
export async function insertRun(
  session: Session,
  { id, kind, system, entity }: Parameters<Store['startRun']>[0],
  stage: string,
): Promise<void> {
  await session.rows(insert, [id, kind, system, entity, stage])
}

/** The run with this id. */
export async function readRun(session: Session, id: string): Promise<RunColumns | undefined> {
  const [row] = await session.rows<RunColumns & Record<string, unknown>>(read, [id])
  return row
}

export async function countStaged(session: Session, id: string, count: number): Promise<void> {
  await session.rows(staged, [id, count])
}

/** Ends a run with its counts. */
export async function closeRun(
  session: Session,
  end: {
    readonly id: string
    readonly seen: number
    readonly expected: number | undefined
    readonly complete: boolean
    readonly reason: RunReason | undefined
    readonly missingObserved: boolean
    readonly comparison: RunComparison
  },
): Promise<void> {
  const { discovered, changed, missing } = end.comparison
  const reason = end.reason === undefined ? undefined : storeRunReason(end.reason)
  await session.rows(close, [
    end.id,
    end.seen,
    end.expected ?? null,
    end.complete,
    reason?.code ?? null,
    reason?.details ?? null,
    end.missingObserved,
    discovered,
    changed,
    missing,
  ])
}

/** Newest first, after the given position. */
export function listRuns(
  session: Session,
  limit: number,
  after: readonly [number, string] | undefined,
): Promise<RunColumns[]> {
  return session.rows<RunColumns & Record<string, unknown>>(list, [
    limit,
    after?.[0] ?? null,
    after?.[1] ?? null,
  ])
}

/** The newest of each (system, entity). */
export function lastRuns(session: Session): Promise<RunColumns[]> {
  return session.rows<RunColumns & Record<string, unknown>>(last, [])
}

/** The newest of each (system, entity) that has ended. */
export function lastEndedRuns(session: Session): Promise<RunColumns[]> {
  return session.rows<RunColumns & Record<string, unknown>>(lastEnded, [])
}

/** When the last complete full run of each place ended. */
export function lastCompletes(
  session: Session,
): Promise<{ system: string; entity: string; at: number | null }[]> {
  return session.rows<{ system: string; entity: string; at: number | null }>(completes, [])
}

export async function baselineDone(session: Session, system: string, entity: string): Promise<boolean> {
  const [row] = await session.rows<{ done: boolean }>(baseline, [system, entity])
  return row?.done ?? false
}

/** A row as the run of the contract. */
export function toRun(row: RunColumns): RunRow {
  return {
    id: row.id,
    kind: row.kind,
    system: row.system,
    entity: row.entity,
    startedAt: row.started_at,
    seen: row.finished_at === null ? row.staged : row.seen,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.expected === null ? {} : { expected: row.expected }),
    ...(row.complete === null ? {} : { complete: row.complete }),
    ...reasonOf(row),
    ...(row.missing_observed ? { missingObserved: true } : {}),
    ...(row.created === null ? {} : { created: row.created }),
    ...(row.changed === null ? {} : { changed: row.changed }),
    ...(row.missing === null ? {} : { missing: row.missing }),
  }
}

/** One reason that can't be read must not end a list of runs, nor the status. */
function reasonOf({
  id,
  reason_code: code,
  reason_details: details,
}: RunColumns): Pick<RunRow, 'reason' | 'unreadable'> {
  if (code === null) return {}
  return readOrElse<Pick<RunRow, 'reason' | 'unreadable'>>(
    () => ({ reason: readRunReason({ code, details }, `run ${id}`) }),
    (unreadable) => ({ unreadable }),
  )
}

const insert = {
  name: 'insert-run',
  text: `
    insert into run (id, kind, system, entity, started_at, stage) values ($1, $2, $3, $4, now_ms(), $5)`,
}

const read = { name: 'read-run', text: `select * from run where id = $1` }

const staged = { name: 'count-staged', text: `update run set staged = staged + $2 where id = $1` }

const close = {
  name: 'close-run',
  text: `
    update run set finished_at = now_ms(), seen = $2, expected = $3, complete = $4, reason_code = $5, reason_details = $6,
      missing_observed = $7, created = $8, changed = $9, missing = $10
    where id = $1`,
}

const list = {
  name: 'list-runs',
  text: `
    select * from run
    where $2::bigint is null or (started_at, id) < ($2, $3)
    order by started_at desc, id desc
    limit $1`,
}

const last = {
  name: 'last-runs',
  text: `select distinct on (system, entity) * from run order by system, entity, started_at desc`,
}

const lastEnded = {
  name: 'last-ended-runs',
  text: `
    select distinct on (system, entity) * from run
    where finished_at is not null
    order by system, entity, started_at desc`,
}

const completes = {
  name: 'last-complete-runs',
  text: `
    select system, entity, max(finished_at) as at from run
    where kind = 'full' and complete
    group by system, entity`,
}

const baseline = {
  name: 'baseline-done',
  text: `
    select exists (
      select 1 from run
      where system = $1 and entity = $2 and kind = 'full' and complete and started_at >= coalesce(
        (select joined_at from lens_set where system = $1 and entity = $2 and current), 0)
    ) as done`,
}
