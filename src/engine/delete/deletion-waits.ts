/**
 * A deletion is evaluated once, when it is confirmed. It waits while something about the record is undecided:
 * a duplicate, an unmatched native record with the same key, a conflict, or a native record of the same
 * system that was discovered before the confirmation and has not been read. A record must not be deleted
 * because one of its copies was.
 *
 * All open matters are reported in one hold. A person may release it, and the deletion proceeds.
 */
import type { Member } from '../../model/state.ts'
import type { OpenMatters } from '../../store/duplicates-contract.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { addNeed, addRows, emit, note, setLane, updateMember } from '../pass/pass.ts'

/**
 * Lane reason of a deletion that waits. The lane itself is open: nothing is written to a native record that
 * is gone.
 */
export const WAITS = 'deletion-waits'

/** Native records are read within seconds of being discovered. */
const READ_WAIT_MS = 2_000
/** Only an unread record that stays unread for this long is reported. */
const UNREAD_TOLD_MS = 60_000
/**
 * Interval of rechecking. A person's decision makes the record due at once; the interval covers matters that
 * end without an event.
 */
const ASK_MS = 30_000
const ASK_MS_MAX = 3_600_000
const DAY_MS = 24 * 3_600_000
const reportedMax = 10_000

/** Returns `confirm` when nothing is open, otherwise how the pass continues. */
export async function judgeWaits(
  pass: Pass,
  member: Member,
  confirmedAt: number,
): Promise<StepResult | 'confirm'> {
  const { system } = member
  // The first confirmation sets the bound: records discovered later wait for the deletion instead.
  const since = member.goneConfirmedAt ?? confirmedAt
  if (member.goneConfirmedAt === undefined) updateMember(pass, { system, goneConfirmedAt: since })
  const matters = await pass.context.store.direct.openMatters({
    recordId: pass.record.id,
    system,
    entity: pass.entity.name,
    before: since,
  })
  if (await settleMerge(pass, system, matters)) return 'over'
  const open = describe(pass, matters)
  const waitedMs = pass.context.clock.now() - since
  if (open.length === 0 && !matters.unread) return 'confirm'
  if (open.length > 0 || waitedMs > UNREAD_TOLD_MS)
    holdWaiting(pass, member, matters.unread ? [...open, unread(system)] : open)
  reportAge(pass, system, waitedMs)
  const waitMs = open.length === 0 ? READ_WAIT_MS : ASK_MS
  const at = pass.context.clock.now() + Math.min(ASK_MS_MAX, Math.max(waitMs, waitedMs / 4))
  addNeed(pass, { at, why: WAITS, toRead: [system] })
  return 'go-on'
}

/** Describes the open matters and how to resolve each of them. */
function describe(pass: Pass, { duplicates, matches }: OpenMatters): readonly string[] {
  const named = new Set(duplicates.map(({ recordId }) => recordId))
  const conflicts = Object.entries(pass.record.fields).flatMap(([name, { heldBy }]) =>
    heldBy === undefined ? [] : [name],
  )
  return [
    ...[...named].map((id) => `record ${id} may be the same (isthmus matches list)`),
    ...matches
      .filter((id) => !named.has(id))
      .map((id) => `unmatched record ${id} has the same key (isthmus matches list)`),
    ...conflicts.map((name) => `there is an open conflict on ${name} (isthmus conflicts list)`),
  ]
}

function unread(system: string): string {
  return `a record that was discovered in ${system} before could not be read so far`
}

/** Reports in a hold what the deletion waits for. Reporting again updates the text. */
export function holdWaiting(pass: Pass, { system, lane }: Member, open: readonly string[]): void {
  const { context, record, entity } = pass
  const reason = `The record was deleted in ${system}. Its deletion is on hold: ${open.join('; ')}.`
  const kind = 'delete-waits' as const
  addRows(pass, {
    holds: [{ id: context.random.uuid(), recordId: record.id, entity: entity.name, system, kind, reason }],
  })
  if (lane.reason === WAITS) return
  setLane(pass, system, { state: 'open', reason: WAITS })
  note(pass, { kind: 'hold', body: { system, kind, reason } })
  emit(pass, { type: 'ChangeHeld', recordId: record.id, entity: entity.name, system, kind })
}

function reportAge(pass: Pass, system: string, waitedMs: number): void {
  const reported = pass.context.memory.waitsReported
  const now = pass.context.clock.now()
  const key = `${pass.record.id}/${system}`
  if (waitedMs < DAY_MS || now - (reported.get(key) ?? 0) < DAY_MS) return
  reported.set(key, now)
  for (const oldest of reported.keys()) {
    if (reported.size <= reportedMax) break
    reported.delete(oldest)
  }
  const hours = Math.floor(waitedMs / 3_600_000)
  emit(pass, { type: 'DeletionWaits', recordId: pass.record.id, entity: pass.entity.name, system, hours })
}

/**
 * Settles a duplicate that a merge in one system left open: one system merged the two records, and here a
 * counterpart of either of them is gone. Returns true when this settled it; the pass ends then.
 */
async function settleMerge(pass: Pass, system: string, { duplicates }: OpenMatters): Promise<boolean> {
  const { admin } = pass.context.store.direct
  for (const { recordId: otherId, cause, survivorId } of duplicates) {
    if (cause !== 'merge' || survivorId === undefined) continue
    const other = await admin.record({ recordId: otherId })
    const isLive = (name: string) =>
      other?.members.some((member) => member.system === name && member.state === 'linked') === true
    const others = [...pass.members.values()].filter((member) => member.system !== system)
    // Where both records still have a counterpart, a person has to choose.
    const both = others.some((member) => member.state === 'linked' && isLive(member.system))
    if (!isLive(system) || both) continue
    const drop = survivorId === otherId ? pass.record.id : otherId
    const response = await admin.mergeRecords(
      { keep: survivorId, drop, survivors: {}, others: 'keep' },
      'engine',
    )
    if (response.kind === 'ok') return true
  }
  return false
}
