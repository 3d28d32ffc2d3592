import type { Session } from '../database.ts'

/**
 * Allocates a new worker number, locked for as long as the connection lives; rows of dead workers are
 * removed.
 */
export async function lockWorker(session: Session, lockClass: number, process: string): Promise<number> {
  const [row] = await session.rows<{ id: number }>(next, [])
  const id = row?.id ?? 0
  await session.rows(lock, [lockClass, id])
  await session.rows(insert, [id, process])
  await session.rows(sweep, [lockClass])
  return id
}

const next = { name: 'next-worker', text: `select nextval('worker_id')::integer as id` }

const lock = { name: 'lock-worker', text: `select pg_advisory_lock($1::integer, $2::integer)` }

const insert = {
  name: 'insert-worker',
  text: `insert into worker (id, process, started_at) values ($1, $2, now_ms())`,
}

const sweep = {
  name: 'sweep-workers',
  text: `
    delete from worker
    where id not in (
      select objid::bigint
      from pg_locks
      where locktype = 'advisory' and classid = $1::bigint and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database())
    )`,
}
