/**
 * Attaches a candidate to the record whose counterpart it is: its native record moves there and the candidate
 * is removed.
 */
import type { AttachRequest, AttachResult, Unstorable } from '../contract.ts'
import { inParts, isolatingFaults } from './batches.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { refreshDuplicates } from './duplicates.ts'
import type { JournalAppend } from './journal-streams.ts'
import { closeHolds } from './sql/close-holds.ts'
import { deleteRecords } from './sql/delete-records.ts'
import { linkMembers, type NewLink } from './sql/link-members.ts'
import { type LockedRecord, lockRecords } from './sql/lock-records.ts'
import { markDirty } from './sql/mark-dirty.ts'
import { readOpenIntents } from './sql/read-intents.ts'
import { type MemberColumns, readMembers } from './sql/read-members.ts'
import { releaseDependencies } from './sql/release-dependencies.ts'

export interface AttachWish {
  readonly candidateId: string
  readonly targetId: string
  readonly system: string
}

export interface AttachState {
  readonly records: ReadonlyMap<string, LockedRecord>
  readonly members: readonly MemberColumns[]
  /** `record/system` of open intents. */
  readonly busyLanes: ReadonlySet<string>
}

/** Implements `Store.attach`. */
export function attachBatch(
  context: PostgresContext,
  batch: readonly AttachRequest[],
): Promise<readonly (AttachResult | Unstorable)[]> {
  return inParts(
    batch,
    ({ targetRecordId }) => targetRecordId,
    (part) =>
      isolatingFaults(part, (items) =>
        context.journal.borrow((append) =>
          context.database.transaction('attaching', (session) => attach(session, append, items)),
        ),
      ),
  )
}

async function attach(
  session: Session,
  append: JournalAppend,
  items: readonly AttachRequest[],
): Promise<readonly AttachResult[]> {
  const wishes = items.map(({ lease, targetRecordId, system }) => ({
    candidateId: lease.recordId,
    targetId: targetRecordId,
    system,
  }))
  const state = await loadAttachState(session, wishes)
  const results = items.map((item): AttachResult => {
    const { lease, system } = item
    const candidate = state.records.get(lease.recordId)
    if (candidate?.owner !== lease.worker || candidate.epoch !== lease.epoch) return { kind: 'fenced' }
    const target = state.records.get(item.targetRecordId)
    if (target !== undefined && target.owner !== null) return { kind: 'refused', reason: 'busy' }
    const wish = { candidateId: candidate.id, targetId: item.targetRecordId, system }
    const reason = refuseAttach(state, wish)
    return reason === undefined ? { kind: 'ok' } : { kind: 'refused', reason }
  })
  const accepted = items.filter((_item, index) => results[index]?.kind === 'ok')
  await moveMembers(
    session,
    state,
    wishes.filter((_wish, index) => results[index]?.kind === 'ok'),
  )
  const entries = accepted.flatMap(({ journal }) => journal)
  const now = [...state.records.values()][0]?.now
  if (entries.length > 0 && now !== undefined) await append(session, entries, now)
  return results
}

/** Locks both sides of every request. */
export async function loadAttachState(session: Session, wishes: readonly AttachWish[]): Promise<AttachState> {
  const ids = [...new Set(wishes.flatMap(({ candidateId, targetId }) => [candidateId, targetId]))]
  const records = await lockRecords(session, ids)
  const members = await readMembers(session, ids)
  const intents = await readOpenIntents(session, ids)
  return {
    records: new Map(records.map((record) => [record.id, record])),
    members,
    busyLanes: new Set(intents.map(({ record_id: id, system }) => `${id}/${system}`)),
  }
}

/** Returns the reason of a refusal; undefined = it can be attached. */
export function refuseAttach(
  state: AttachState,
  { candidateId, targetId, system }: AttachWish,
): string | undefined {
  const target = state.records.get(targetId)
  if (target?.state !== 'active' || state.records.get(candidateId)?.entity !== target.entity) return 'gone'
  const memberOf = (id: string) =>
    state.members.find((member) => member.record_id === id && member.system === system)
  if ((memberOf(candidateId)?.rid ?? null) === null) return 'gone'
  if ((memberOf(targetId)?.rid ?? null) !== null) return 'linked'
  return state.busyLanes.has(`${targetId}/${system}`) ? 'creating' : undefined
}

/** The candidates are removed first: a native id has one holder at any time. */
export async function moveMembers(
  session: Session,
  state: AttachState,
  wishes: readonly AttachWish[],
): Promise<void> {
  if (wishes.length === 0) return
  const links = wishes.flatMap(({ candidateId, targetId, system }): NewLink[] => {
    const member = state.members.find((row) => row.record_id === candidateId && row.system === system)
    const rid = member?.rid ?? null
    return member === undefined || rid === null
      ? []
      : [{ recordId: targetId, system, entity: member.entity, storedNativeId: rid }]
  })
  await deleteRecords(
    session,
    wishes.map(({ candidateId }) => candidateId),
  )
  await linkMembers(session, links)
  // The hold was about creating a counterpart, which exists now.
  await closeHolds(
    session,
    links.map(({ recordId, system }) => ({ recordId, system, kind: 'guard' })),
  )
  const targets = wishes.map(({ targetId }) => targetId)
  await refreshDuplicates(session, targets)
  const released = await releaseDependencies(session, { waiting: [], targets })
  await markDirty(session, [
    ...targets.map((recordId) => ({ recordId, system: '*', cause: 'record' as const })),
    ...released,
  ])
}
