/** A person releases or rejects held changes. */
import type { JournalEntry } from '../../contract.ts'
import { decodeMember, encodeMember } from '../../documents.ts'
import type { AgreedDocument } from '../../implicit-shadows.ts'
import { releasedReason, withoutHold } from '../../interventions.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { agreedOf } from '../member-documents.ts'
import { changeLanes, type LaneChange, releaseRules, undoDeletion } from '../sql/intervene.ts'
import { closeHoldsById, findHolds, type HoldColumns } from '../sql/list-holds.ts'
import { markDirty } from '../sql/mark-dirty.ts'
import { type MemberColumns, readMembers } from '../sql/read-members.ts'
import { readNow } from '../sql/read-now.ts'
import { readRecords } from '../sql/read-records.ts'
import { isUuid } from './ids.ts'
import { takeBack, waitForWorkers } from './take-back.ts'

type Decision = 'release' | 'reject'

const sliceRows = 200

/** Implements `AdminStore.releaseHolds`. */
export async function releaseHolds(
  context: PostgresContext,
  filter: { readonly id?: string; readonly kind?: string; readonly system?: string },
  decision: Decision,
  actor: string,
): Promise<number> {
  if (filter.id !== undefined && !isUuid(filter.id)) return 0
  const session = context.database.session('finding holds')
  // Holds that are opened meanwhile are not affected.
  const until = await readNow(session)
  let closed = 0
  for (;;) {
    const holds = await findHolds(session, filter, until, sliceRows)
    if (holds.length === 0) return closed
    const ids = [...new Set(holds.map(({ record_id: id }) => id))]
    await waitForWorkers(context, ids)
    closed += await context.journal.borrow((append) =>
      context.database.transaction('deciding holds', async (session) => {
        const [first] = await takeBack(session, ids)
        const open = await closeHoldsById(
          session,
          holds.map(({ id }) => id),
          decision,
        )
        const decided = holds.filter(({ id }) => open.has(id))
        await carryOut(context, session, decided, decision)
        const entries = decided.map((hold) => holdEntry(hold, decision, actor))
        if (first !== undefined && entries.length > 0) await append(session, entries, first.now)
        return decided.length
      }),
    )
  }
}

async function carryOut(
  context: PostgresContext,
  session: Session,
  holds: readonly HoldColumns[],
  decision: Decision,
): Promise<void> {
  const recordsOf = (kinds: readonly string[]) =>
    holds.filter(({ kind }) => kinds.includes(kind)).map(({ record_id: id }) => id)
  if (decision === 'release') await releaseRules(session, recordsOf(['rule']))
  else await undoDeletion(session, recordsOf(['update-delete', 'delete-guard', 'delete-waits']))
  await changeLanes(session, await laneChanges(context, session, holds, decision))
  await markDirty(
    session,
    holds.map(({ record_id: recordId, system }) => ({
      recordId,
      system: system ?? '*',
      cause: 'person:hold' as const,
    })),
  )
}

async function laneChanges(
  storeContext: PostgresContext,
  session: Session,
  holds: readonly HoldColumns[],
  decision: Decision,
): Promise<readonly LaneChange[]> {
  const ids = [...new Set(holds.map(({ record_id: id }) => id))]
  const context = await contextOf(storeContext, ids, session)
  const [members, records] = [await readMembers(session, ids), await readRecords(session, ids)]
  const agreed = agreedOf(context, records)
  const changes = new Map<string, LaneChange>()
  for (const hold of holds) {
    const key = `${hold.record_id}/${hold.system}`
    const member = members.find((row) => `${row.record_id}/${row.system}` === key)
    if (member === undefined || hold.kind === 'rule') continue
    const earlier = changes.get(key)
    const fields = earlier?.fields ?? member.fields ?? undefined
    const change = laneChange(
      context,
      { ...member, fields: fields ?? null },
      { hold, decision, agreed: agreed(hold.record_id) },
    )
    changes.set(key, {
      ...change,
      lane: change.lane ?? earlier?.lane,
      reason: change.reason ?? earlier?.reason,
    })
  }
  return [...changes.values()]
}

function laneChange(
  context: PostgresContext,
  { record_id: recordId, system, fields, lane }: MemberColumns,
  {
    hold,
    decision,
    agreed,
  }: { readonly hold: HoldColumns; readonly decision: Decision; readonly agreed: () => AgreedDocument },
): LaneChange {
  const kept = { recordId, system, lane: undefined, reason: undefined, fields: fields ?? undefined }
  if (decision === 'reject') {
    if (hold.kind === 'guard') return { ...kept, lane: 'rejected' }
    return lane === 'held' ? { ...kept, lane: 'open' } : kept
  }
  if (hold.kind !== 'oscillation') return { ...kept, lane: 'open', reason: releasedReason }
  if (fields === null) return kept
  const known = decodeMember(context.codec, recordId, system, fields, agreed)
  const released = withoutHold(known, hold.field ?? undefined)
  return { ...kept, fields: encodeMember(context, recordId, system, released) }
}

function holdEntry(hold: HoldColumns, decision: Decision, actor: string): JournalEntry {
  const { record_id: recordId, kind, system, field } = hold
  return { kind: 'person', recordId, actor, body: { hold: kind, system, field, decision } }
}
