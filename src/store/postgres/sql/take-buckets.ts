import type { Bucket, BucketGrant } from '../../../model/bucket-store.ts'
import type { Session } from '../database.ts'

/** Creates missing buckets. */
export async function addBuckets(session: Session, keys: readonly string[]): Promise<void> {
  await session.rows(add, [keys])
}

/** The algorithm of `takeFromBuckets` as one statement; undefined when a bucket is missing. */
export async function takeBuckets(
  session: Session,
  buckets: readonly Bucket[],
  wanted: number,
): Promise<BucketGrant | undefined> {
  const [row] = await session.rows<{ taken: number | null; wait_ms: number | null; found: number }>(take, [
    buckets.map(({ key }) => key),
    buckets.map(({ intervalMs }) => intervalMs),
    buckets.map(({ toleranceMs }) => toleranceMs),
    wanted,
  ])
  if (row === undefined || row.found < buckets.length) return undefined
  return { taken: row.taken ?? 0, waitMs: Math.max(0, row.wait_ms ?? 0) }
}

export async function pauseBuckets(session: Session, keys: readonly string[], ms: number): Promise<void> {
  await session.rows(pause, [keys, ms])
}

const add = {
  name: 'add-buckets',
  text: `insert into rate_bucket (key) select unnest($1::text[]) on conflict (key) do nothing`,
}

// The time is read after the locks, otherwise a process that waited for them would use an old one. Rows are
// locked in the order of their keys, so that two processes never deadlock.
const take = {
  name: 'take-buckets',
  text: `
    with locked as (
      select b.key, a.interval_ms, a.tolerance_ms, b.due_at, b.paused_until
      from rate_bucket b
      join unnest($1::text[], $2::float8[], $3::float8[]) as a (key, interval_ms, tolerance_ms) using (key)
      order by b.key
      for update of b
    ),
    moment as materialized (
      select count(*)::integer as found, extract(epoch from clock_timestamp())::float8 * 1000 as now from locked
    ),
    room as (
      select min(
        case
          when paused_until > now or due_at - now > tolerance_ms then 0
          else floor((tolerance_ms - greatest(due_at - now, 0)) / interval_ms) + 1
        end) as slots
      from locked, moment
    ),
    granted as (select least($4::float8, slots) as taken from room),
    taking as (
      update rate_bucket b
      set due_at = greatest(l.due_at, m.now) + g.taken * l.interval_ms
      from locked l, moment m, granted g
      where b.key = l.key and g.taken > 0
    )
    select m.found, g.taken, case when g.taken < $4::float8 then (
      select max(greatest(
        case when g.taken > 0 then greatest(l.due_at, m.now) + g.taken * l.interval_ms else l.due_at end
          - l.tolerance_ms - m.now,
        l.paused_until - m.now))
      from locked l) else 0 end as wait_ms
    from moment m, granted g`,
}

const pause = {
  name: 'pause-buckets',
  text: `
    insert into rate_bucket (key, paused_until)
    select key, extract(epoch from clock_timestamp())::float8 * 1000 + $2::float8
    from unnest($1::text[]) as asked (key)
    order by key
    on conflict (key) do update set paused_until = greatest(rate_bucket.paused_until, excluded.paused_until)`,
}
