/** Claims due records with everything a pass needs: three statements for the whole batch. */
import type { ClaimResult, Store } from '../contract.ts'
import { type ClaimedRows, separateUnreadable } from '../record-rows.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { byRecord, readRecord } from './read-rows.ts'
import { claimRecords } from './sql/claim-records.ts'
import { readOpenIntents } from './sql/read-intents.ts'
import { readMembers } from './sql/read-members.ts'
import { readQueue } from './sql/read-queue.ts'

/** Beyond this a claim would hold records that the worker can't process soon. */
const claimRecordsMax = 1000

/** Implements `Store.claim`. */
export async function claimDue(
  context: PostgresContext,
  { worker, limit, leaseMs, binding }: Parameters<Store['claim']>[0],
): Promise<ClaimResult> {
  const session = context.database.session('claiming records')
  const claimed = await claimRecords(session, {
    worker,
    limit: Math.min(limit, claimRecordsMax),
    leaseMs,
    binding,
  })
  const first = claimed[0]
  if (first === undefined) return nothingClaimed(context, { session, worker, leaseMs, binding })
  context.formats.note(first.format)
  const ids = claimed.map(({ id }) => id)
  // Read after the claim is committed: from there on only this worker writes these rows.
  const [members, intents] = await context.database.reading('reading claimed records', (one) =>
    Promise.all([readMembers(one, ids), readOpenIntents(one, ids)]),
  )
  const codec = await context.codecs.forRecords(ids)
  const membersOf = byRecord(members)
  const intentsOf = byRecord(intents)
  const rows = claimed.map((row): ClaimedRows => {
    const own = membersOf.get(row.id) ?? []
    return {
      lease: { recordId: row.id, worker, epoch: row.epoch, ...(binding === undefined ? {} : { binding }) },
      entity: row.entity,
      systems: own.map(({ system }) => system),
      read: readRecord(codec, row, own, intentsOf.get(row.id) ?? []),
      times: row.unreadable ?? undefined,
    }
  })
  return { now: first.now, leaseMs, ...separateUnreadable(rows) }
}

async function nothingClaimed(
  { lockClass }: PostgresContext,
  request: {
    readonly session: Session
    readonly worker: number
    readonly leaseMs: number
    readonly binding: number | undefined
  },
): Promise<ClaimResult> {
  const { session, worker, leaseMs, binding } = request
  const { now, epoch, next_at: nextAt, others } = await readQueue(session, lockClass, worker)
  const superseded = binding !== undefined && epoch !== binding
  const rest = { alone: !others, ...(nextAt === null ? {} : { nextAt }) }
  return { now, leaseMs, records: [], rest, ...(superseded ? { superseded } : {}) }
}
