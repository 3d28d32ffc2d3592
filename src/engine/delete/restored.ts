/**
 * Handles a native record that exists again under its old id after its deletion was confirmed, for example
 * because it was restored from a recycle bin or a backup.
 *
 * A late event is indistinguishable from such a restoration, so nothing happens automatically (H28), except
 * where the counterparts were only archived for the deletion (`rejoin.ts`): a read that shows the record
 * alive is reported for review. On retry the record is taken in: as a new record where the old one is
 * tombstoned, otherwise back into the record it belonged to. A later read that shows it gone again resolves
 * the failure.
 */
import { openLane } from '../../model/lane.ts'
import type { Member } from '../../model/state.ts'
import { observeMember } from '../observe/observe.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { RELEASED } from '../pass/lane.ts'
import { addNeed, addRows, note, setLane, updateMember } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import { recoverIntents } from '../write/in-doubt.ts'
import { ARCHIVED } from './carry.ts'
import { archivedWith, fresh, rejoin } from './rejoin.ts'

/** Lane reason while a person has to decide what the record is. */
const RESTORED = 'restored'

/**
 * Reads the members that were marked although their deletion is confirmed, or although their record was
 * deleted elsewhere.
 */
export async function noticeRestored(pass: Pass): Promise<void> {
  if (pass.record.state !== 'tombstoned' && pass.record.state !== 'active') return
  if (pass.record.state === 'tombstoned') await releaseInScope(pass)
  const { toRead } = pass.record
  for (const member of [...pass.members.values()]) {
    const wanted = toRead.includes('*') || toRead.includes(member.system)
    if (!wanted || member.state !== 'gone' || member.nativeId === undefined) continue
    if (member.lane.state !== 'quarantined' && pass.entity.systems.has(member.system))
      await judge(pass, member)
  }
}

/**
 * A native record that was out of scope when its record was deleted was left alone. Once it is in scope again
 * it becomes a new record: the deletion did not apply to it.
 */
async function releaseInScope(pass: Pass): Promise<void> {
  const { toRead } = pass.record
  for (const member of [...pass.members.values()]) {
    const { system, state, nativeId } = member
    const wanted = toRead.includes('*') || toRead.includes(system)
    if (!wanted || state !== 'out-of-scope' || nativeId === undefined || !pass.entity.systems.has(system))
      continue
    const observation = await observeMember(pass, system)
    pass.observations.delete(system)
    if (observation.kind !== 'live' || !observation.inScope) continue
    note(pass, { kind: 'match', body: { system, scope: 'entered' } })
    updateMember(pass, { system, state: 'absent', nativeId: null, ...fresh })
    addRows(pass, { marks: [{ system, entity: pass.entity.name, nativeId, force: true }] })
  }
}

async function judge(pass: Pass, member: Member): Promise<void> {
  const { system } = member
  const wasReported = member.reappearedAt !== undefined
  const observation = await observeMember(pass, system)
  // A gone member is not observed any further: it is neither merged nor requested in this pass.
  pass.observations.delete(system)
  if (observation.kind === 'unknown') return
  if (observation.kind === 'gone') {
    if (wasReported) forget(pass, member)
    return
  }
  const { lagMs } = placeOf(pass.context, system, pass.entity.name).resource.capabilities.read
  const settledAt = (member.goneSince ?? 0) + lagMs
  if (observation.observed.at < settledAt) {
    addNeed(pass, { at: settledAt, why: 'stale-read', toRead: [system] })
    return
  }
  // Where archiving only sets a flag, the record exists the whole time.
  if (member.lane.reason === ARCHIVED) return
  const isUndecided = !wasReported || member.lane.state === 'waiting'
  const archived = isUndecided || member.lane.reason === RELEASED ? archivedWith(pass, system) : undefined
  if (archived !== undefined) {
    const { at } = observation.observed
    if ((await recoverIntents(pass)) !== 'go-on') return
    const result = await rejoin(pass, member, { at, archived })
    if (result.kind === 'person') reportToPerson(pass, member, result.why)
  } else if (isUndecided) reportToPerson(pass, member)
  else if (member.lane.state === 'open') takeIn(pass, member)
}

function forget(pass: Pass, { system, lane }: Member): void {
  updateMember(pass, { system, reappearedAt: null })
  if (lane.state === 'held' || lane.state === 'waiting') setLane(pass, system, openLane)
  clearFailure(pass, system)
}

function reportToPerson(pass: Pass, { system }: Member, why?: string): void {
  updateMember(pass, { system, reappearedAt: pass.context.clock.now() })
  setLane(pass, system, { state: 'held', reason: RESTORED })
  keepFailure(pass, {
    system,
    operation: 'restore',
    code: 'ENGINE_RECORD_RESTORED',
    message: `The record was deleted in ${system} and exists again${why === undefined ? '' : `; ${why}`}. Retry to synchronise it again, or delete it there.`,
    replay: 'safe',
  })
  note(pass, { kind: 'delete', body: { system, step: 'there again' } })
}

function takeIn(pass: Pass, { system, nativeId }: Member): void {
  note(pass, { kind: 'delete', body: { system, step: 'taken in again' } })
  if (pass.record.state === 'active') {
    updateMember(pass, { system, state: 'linked', ...fresh })
    return
  }
  updateMember(pass, { system, state: 'absent', nativeId: null, ...fresh })
  if (nativeId !== undefined)
    addRows(pass, { marks: [{ system, entity: pass.entity.name, nativeId, force: true }] })
}
