/**
 * Handles a system's merge of one native record into another one.
 *
 * The record becomes part of the survivor's record, or a duplicate of it where both have a counterpart
 * elsewhere; nothing is deleted anywhere. The read has already followed further merges, so the survivor is
 * alive. If there is no living survivor, the record is gone as after a deletion, but only once the deletion
 * of the survivor is confirmed: until then the survivor may have been read too early, or may continue under
 * another id.
 */
import type { Member } from '../../model/state.ts'
import { forgetDraft } from '../match/matching.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { clearAllOf } from '../pass/failure.ts'
import { RELEASED } from '../pass/lane.ts'
import { addNeed, addRows, emitNow, updateMember } from '../pass/pass.ts'
import { isCreateInDoubt } from './carry.ts'
import { holdWaiting } from './deletion-waits.ts'

/** A write whose outcome is unknown is resolved within about this time. */
const IN_DOUBT_RETRY_MS = 30_000
/** A create that only a person can find is rechecked rarely: resolving it marks the record. */
const UNCLEAR_RETRY_MS = 600_000
/** A survivor that is not known yet is usually discovered within seconds. */
const RETRY_MS = 2_000
const RETRY_MS_MAX = 600_000
/** Only a wait that lasts longer than this is reported. */
const TOLD_AFTER_MS = 60_000

const AWAITED = 'merge-survivor'
const IN_DOUBT = 'merge-writes-in-doubt'

/** Returns how the pass continues; `deleted` when a person decided that this is a deletion. */
export async function followMerge(
  pass: Pass,
  member: Member,
  survivorNativeId: string,
): Promise<StepResult | 'deleted'> {
  const { clock } = pass.context
  const { system } = member
  // Already requested in this pass.
  if (member.state === 'suspect' && member.lane.reason === RELEASED) return 'deleted'
  if (pass.needs.some(({ why }) => why === AWAITED || why === IN_DOUBT)) return 'go-on'
  const waitMs = writesWait(pass)
  if (waitMs !== undefined) {
    suspect(pass, member)
    addNeed(pass, { at: clock.now() + waitMs, why: IN_DOUBT, toRead: [system] })
    return 'go-on'
  }
  const followed = await joinSurvivor(pass, member, survivorNativeId)
  if (followed !== 'unknown') return followed
  awaitSurvivor(pass, member, {
    nativeId: survivorNativeId,
    reason: `${system} merged it into ${survivorNativeId}, which is not synced so far`,
  })
  return 'go-on'
}

/**
 * The record was merged into one that is gone as well. Returns `confirm` when nothing of the survivor is
 * left, or when it was never known. While the survivor's own deletion is unconfirmed, this one is too.
 */
export async function awaitGoneSurvivor(
  pass: Pass,
  member: Member,
  survivorNativeId: string,
): Promise<StepResult | 'confirm'> {
  const { context, entity, record } = pass
  const { system } = member
  const found = await context.store.resolveReference({
    system,
    entity: entity.name,
    nativeId: survivorNativeId,
  })
  if (found === undefined || found.recordId === record.id) return 'confirm'
  const survivor = await context.store.direct.admin.record({ recordId: found.recordId })
  const native = survivor?.members.find((one) => one.system === system)
  const isThere = native?.state === 'linked' || native?.state === 'suspect'
  if (survivor?.record.state !== 'active' || !isThere) return 'confirm'
  if (native.nativeId !== undefined && native.nativeId !== survivorNativeId) {
    // It continues under another id.
    const followed = await followMerge(pass, member, native.nativeId)
    return followed === 'deleted' ? 'confirm' : followed
  }
  awaitSurvivor(pass, member, {
    nativeId: survivorNativeId,
    reason: `${system} merged it into ${survivorNativeId}, which is gone as well, and the deletion of record ${found.recordId} is not decided yet`,
  })
  return 'go-on'
}

/**
 * How long the merge waits for open writes: their results move with the record, above all a counterpart that
 * a create made.
 */
function writesWait(pass: Pass): number | undefined {
  if ([...pass.members.values()].some(isCreateInDoubt)) return UNCLEAR_RETRY_MS
  if (pass.intents.size > 0) return IN_DOUBT_RETRY_MS
  // Resolved, but not committed yet.
  return pass.draft.resolved.length > 0 ? 0 : undefined
}

/** Joins the two records; `unknown` while the survivor belongs to no record. */
async function joinSurvivor(
  pass: Pass,
  member: Member,
  survivorNativeId: string,
): Promise<StepResult | 'unknown'> {
  const { context, claim, entity } = pass
  const { system, nativeId } = member
  const survivor = await context.store.resolveReference({
    system,
    entity: entity.name,
    nativeId: survivorNativeId,
  })
  const recordId = pass.record.id
  const body = {
    merged: { system, from: nativeId ?? null, into: survivorNativeId, record: survivor?.recordId ?? null },
  }
  const ids = new Set([recordId, survivor?.recordId ?? recordId])
  const result = await context.store.direct.aliasMember({
    lease: claim.lease,
    system,
    survivorNativeId,
    journal: [...ids].map((id) => ({ kind: 'match', recordId: id, actor: 'engine', body })),
  })
  if (result === 'fenced') return 'over'
  if (result === 'unknown-survivor') return 'unknown'
  if (result === 'creating') {
    suspect(pass, member)
    addNeed(pass, { at: context.clock.now() + IN_DOUBT_RETRY_MS, why: IN_DOUBT, toRead: [system] })
    return 'go-on'
  }
  emitNow(pass, { type: 'MembersMerged', recordId, survivorId: survivor?.recordId ?? '', system })
  forgetDraft(pass)
  if (result === 'ok') {
    clearAllOf(pass)
    pass.record = { ...pass.record, state: 'tombstoned' }
  }
  return 'finish'
}

/** Marks the survivor for reading. Until it is identified, nothing is written to the lost member. */
function awaitSurvivor(
  pass: Pass,
  member: Member,
  { nativeId, reason }: { readonly nativeId: string; readonly reason: string },
): void {
  const { system } = member
  const now = pass.context.clock.now()
  const since = member.state === 'suspect' ? (member.goneSince ?? now) : now
  suspect(pass, member)
  addRows(pass, { marks: [{ system, entity: pass.entity.name, nativeId, force: true }] })
  if (now - since > TOLD_AFTER_MS) holdWaiting(pass, member, [reason])
  const waitMs = Math.min(RETRY_MS_MAX, Math.max(RETRY_MS, (now - since) / 2))
  addNeed(pass, { at: now + waitMs, why: AWAITED, toRead: [system] })
}

function suspect(pass: Pass, { system, state }: Member): void {
  if (state !== 'suspect')
    updateMember(pass, { system, state: 'suspect', goneSince: pass.context.clock.now() })
}
