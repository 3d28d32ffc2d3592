/**
 * Carries out a confirmed deletion in the other systems. The record is `deleting` until it is removed from
 * each of them, and `tombstoned` afterwards.
 *
 * Each system is read right before its removal: the values found are stored in the intent so that the removal
 * can be undone, the version is sent as a precondition where the system supports one, and an edit that no
 * decision has absorbed stops the removal for review.
 */

import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import { openLane } from '../../model/lane.ts'
import type { Intent, Member } from '../../model/state.ts'
import { observeMember } from '../observe/observe.ts'
import type { Observation, Pass, StepResult } from '../pass/contract.ts'
import { clearAllOf, clearFailure } from '../pass/failure.ts'
import { closedForWritesUntil, holdLane, RELEASED } from '../pass/lane.ts'
import { addNeed, note, setLane, updateMember, updateRecord } from '../pass/pass.ts'
import { type Place, placeOf } from '../place.ts'
import type { OutgoingWrite, SendOutcome } from '../ports.ts'
import { sendWindow } from '../write/compose.ts'
import { dispatch } from '../write/dispatch.ts'
import { closeDeletionHolds, isResolvedByDeletion, revive } from './suspect-holds.ts'
import { isEdited } from './unabsorbed-edit.ts'
import { isRemovalProven, isUnproven, judgeUnproven, notRemoved } from './verify-removal.ts'

/** Wait before an unsuccessful removal is evaluated again. */
const RETRY_MS = 2_000

/**
 * Lane reason (the lane is open) of a member that was archived by a deletion and is still readable: its
 * native record can be restored.
 */
export const ARCHIVED = 'archived'
/** The same, for a member that reads as gone while it is archived. */
export const ARCHIVED_AWAY = 'archived-away'

/** Sends the removals that can be sent now. Returns `finish`, or `over` when the claim was lost. */
export async function carryDeletion(pass: Pass): Promise<StepResult> {
  const writes: OutgoingWrite[] = []
  for (const member of [...pass.members.values()]) {
    if (member.state !== 'linked' && member.state !== 'suspect') continue
    const write = await planRemoval(pass, member)
    if (write !== undefined) writes.push(write)
  }
  if (writes.length > 0) {
    const result = await dispatch(pass, writes)
    if (result.kind === 'fenced') return 'over'
    if (result.kind === 'sent') {
      for (const write of writes) await noteResponse(pass, write, result.outcomes.get(write.intent.system))
    } else {
      addNeed(pass, { at: pass.context.clock.now() + RETRY_MS, why: 'removal-refused' })
    }
  }
  if (!isStillSomewhere(pass)) bury(pass)
  return 'finish'
}

/**
 * Returns the next removal in one system, or undefined when there is none now. Anything that delays it is
 * recorded in the pass.
 */
async function planRemoval(pass: Pass, member: Member): Promise<OutgoingWrite | undefined> {
  const { system, lane } = member
  const place = placeOf(pass.context, system, pass.entity.name)
  const { removal } = pass.record
  const mode = removalMode(
    place,
    removal === 'archive' || removal === 'delete' ? removal : pass.entity.delete.action,
  )
  if (mode === undefined) {
    updateMember(pass, { system, state: 'out-of-scope' })
    note(pass, {
      kind: 'delete',
      body: { system, step: 'unlinked', why: 'it is not allowed to remove records' },
    })
    return undefined
  }
  if (isResolvedByDeletion(member)) return planAnswered(pass, { place, member, mode })
  // Only a person can open these lanes; until then the record stays `deleting`.
  if (lane.state === 'held' || lane.state === 'quarantined' || pass.intents.has(system)) return undefined
  if (lane.state === 'rejected' && lane.reason === notRemoved) return undefined
  const closedUntil = closedForWritesUntil(pass, system)
  if (closedUntil !== undefined) {
    addNeed(pass, { at: closedUntil, why: 'lane-closed', toRead: [system] })
    return undefined
  }
  const observation = pass.observations.get(system) ?? (await observeMember(pass, system))
  return judgeRemoval(pass, place, member, { observation, mode })
}

interface Planned {
  readonly place: Place
  readonly member: Member
  readonly mode: 'archive' | 'delete'
}

/**
 * Plans the removal of a record that had been lost in this system and was waiting for a person's decision.
 * Only its current state counts now.
 */
async function planAnswered(
  pass: Pass,
  { place, member, mode }: Planned,
): Promise<OutgoingWrite | undefined> {
  const { system } = member
  const observation = pass.observations.get(system) ?? (await observeMember(pass, system))
  if (observation.kind === 'gone') {
    closeDeletionHolds(pass, system)
    noteRemoval(pass, system, 'gone')
    return undefined
  }
  if (observation.kind === 'unknown' || !observation.admissible) return undefined
  revive(pass, member)
  return judgeRemoval(pass, place, pass.members.get(system) ?? member, { observation, mode })
}

function judgeRemoval(
  pass: Pass,
  place: Place,
  member: Member,
  observed: { readonly observation: Observation; readonly mode: 'archive' | 'delete' },
): OutgoingWrite | undefined {
  const { observation, mode } = observed
  const { system } = place
  // A read without information has already scheduled the next one.
  if (observation.kind === 'unknown' || (observation.kind === 'live' && !observation.admissible))
    return undefined
  if (observation.kind === 'gone') {
    noteRemoval(pass, system, 'gone')
    return undefined
  }
  if (!observation.inScope) {
    updateMember(pass, { system, state: 'out-of-scope' })
    return undefined
  }
  if (isUnproven(member)) {
    judgeUnproven(pass, system, observation)
    return undefined
  }
  if (member.lane.reason !== RELEASED && isEdited(pass, member, observation.observed)) {
    holdLane(pass, system, {
      kind: 'update-delete',
      reason: `The record was changed in ${system} while its deletion was under way.`,
    })
    return undefined
  }
  return { intent: removalIntent(pass, place, observation, mode), base: observation.native }
}

/**
 * Determines what "delete" means in a system. A configured archive never becomes a deletion: where the system
 * can't archive, the record is only unlinked. Undefined when the record can't, or must not, be removed there.
 */
function removalMode(
  place: Place,
  action: 'archive' | 'delete' | 'unlink',
): 'archive' | 'delete' | undefined {
  const { operations } = place.part
  const { capabilities } = place.resource
  if (action === 'unlink' || !operations.delete || place.resource.remove === undefined) return undefined
  if (action === 'archive') return canRemove(capabilities, 'archive') ? 'archive' : undefined
  if (canRemove(capabilities, 'delete')) return 'delete'
  return canRemove(capabilities, 'archive') ? 'archive' : undefined
}

function canRemove({ remove }: RemoteCapabilities, mode: 'archive' | 'delete'): boolean {
  return remove === mode || remove === 'both'
}

function removalIntent(
  pass: Pass,
  place: Place,
  observation: Extract<Observation, { readonly kind: 'live' }>,
  operation: 'archive' | 'delete',
): Intent {
  const { version } = observation.observed
  const guarded = place.resource.capabilities.conditionalWrites && version !== undefined
  return {
    id: pass.context.random.uuid(),
    recordId: pass.record.id,
    system: place.system,
    entity: pass.entity.name,
    operation,
    revs: {},
    request: {
      resource: place.part.resource,
      nativeId: observation.nativeId,
      body: {},
      values: {},
      preImage: observation.native,
      ...(guarded ? { ifVersion: version } : {}),
    },
    state: 'open',
    ...sendWindow(pass, place.system),
  }
}

async function noteResponse(
  pass: Pass,
  write: OutgoingWrite,
  outcome: SendOutcome | undefined,
): Promise<void> {
  const { system } = write.intent
  if (outcome === undefined) return
  if (!(await isRemovalProven(pass, write, outcome))) return
  noteRemoval(pass, system, outcome.kind)
  if (write.intent.operation !== 'archive' || outcome.kind !== 'ok') return
  const seen = await observeMember(pass, system)
  pass.observations.delete(system)
  setLane(pass, system, { state: 'open', reason: seen.kind === 'gone' ? ARCHIVED_AWAY : ARCHIVED })
}

/** Records the outcome of a removal. One that has neither succeeded nor closed its lane is retried soon. */
function noteRemoval(pass: Pass, system: string, outcome: string): void {
  if (outcome === 'ok' || outcome === 'gone') {
    updateMember(pass, { system, state: 'gone', goneSince: pass.context.clock.now(), settleAt: null })
    if (pass.members.get(system)?.lane.state !== 'open') {
      setLane(pass, system, openLane)
      clearFailure(pass, system)
    }
    note(pass, { kind: 'delete', body: { system, step: 'removed', outcome } })
    return
  }
  if (pass.members.get(system)?.lane.state === 'open') {
    addNeed(pass, { at: pass.context.clock.now() + RETRY_MS, why: 'removal', toRead: [system] })
  }
}

/** True while some system still has, or may have, the record and it is to be removed there. */
function isStillSomewhere(pass: Pass): boolean {
  return [...pass.members.values()].some(
    (member) =>
      member.state === 'linked' ||
      member.state === 'suspect' ||
      pass.intents.has(member.system) ||
      isCreateInDoubt(member),
  )
}

/**
 * True for a create whose outcome only a person can determine: the native record may exist without its id
 * being known.
 */
export function isCreateInDoubt(member: Member): boolean {
  return member.state === 'absent' && member.lane.state === 'quarantined'
}

/** Marks the record as deleted. The tombstone is kept so that late events can't recreate the record. */
export function bury(pass: Pass): void {
  const { rev } = pass.record
  updateRecord(pass, { state: 'tombstoned', tombstoneRev: rev })
  clearAllOf(pass)
  note(pass, { kind: 'tombstone', body: { rev } })
}
