/**
 * Locks records for a person's decision. A worker that holds one gets a moment to finish; then it is fenced,
 * which costs at most a write whose outcome has to be determined.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { fenceRecords } from '../sql/fence-records.ts'
import { type LockedRecord, lockRecords } from '../sql/lock-records.ts'
import { readRecords } from '../sql/read-records.ts'

const waitMs = 2000
const lookEveryMs = 50

/** Waits, outside of any transaction, until no worker holds the records or the time has elapsed. */
export async function waitForWorkers(context: PostgresContext, ids: readonly string[]): Promise<void> {
  const session = context.database.session('waiting for workers')
  const until = performance.now() + waitMs
  while (performance.now() < until) {
    const held = (await readRecords(session, ids)).some(({ lease_owner: owner }) => owner !== null)
    if (!held) return
    await sleep(lookEveryMs)
  }
}

/** Returns the locked records, which no worker holds from here on. */
export async function takeBack(session: Session, ids: readonly string[]): Promise<readonly LockedRecord[]> {
  const records = await lockRecords(session, ids)
  await fenceRecords(
    session,
    records.filter(({ owner }) => owner !== null).map(({ id }) => id),
  )
  return records
}
