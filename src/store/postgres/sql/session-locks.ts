/** Locks that a connection holds until it releases them or ends, and the question whether it still lives. */
import type pg from 'pg'

/** Waits for the lock that keeps migrations of several processes apart. */
export async function lockMigrations(client: pg.ClientBase, lockClass: number): Promise<void> {
  await client.query('select pg_advisory_lock($1, $2)', [lockClass, migrationLock])
}

export async function unlockMigrations(client: pg.ClientBase, lockClass: number): Promise<void> {
  await client.query('select pg_advisory_unlock($1, $2)', [lockClass, migrationLock])
}

/** Second number of the advisory lock; entity locks are negative, workers count from 1. */
const migrationLock = 0

/** Waits at most `waitMs` for a lock by its number alone: a 64-bit integer as text. */
export async function lockNumber(client: pg.ClientBase, number: string, waitMs: number): Promise<void> {
  await client.query(`set lock_timeout = ${waitMs}`)
  await client.query('select pg_advisory_lock($1::bigint)', [number])
}

/** Rejects when the connection is gone. */
export async function ping(client: pg.ClientBase): Promise<void> {
  await client.query('select 1')
}
