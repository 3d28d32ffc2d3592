/** Ends the questions that a person was asked about a member which a look had found gone. */
import type { Member } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure } from '../pass/failure.ts'
import { addRows, note, setLane, updateMember } from '../pass/pass.ts'
import { WAITS } from './deletion-waits.ts'

/** Lane reason of a record that is gone in a system whose deletions don't count. */
export const LOST = 'lost'

/** A later look shows the record alive: there is nothing to decide about its deletion any more. */
export function revive(pass: Pass, member: Member): void {
  const { system } = member
  updateMember(pass, { system, state: 'linked', goneSince: null, createWantedAt: null })
  if (member.lane === 'held' || member.laneReason === WAITS) setLane(pass, system, 'open')
  closeDeletionHolds(pass, system)
  clearFailure(pass, system)
  note(pass, { kind: 'delete', body: { system, step: 'alive' } })
}

export function closeDeletionHolds(pass: Pass, system: string): void {
  const recordId = pass.record.id
  addRows(pass, {
    clearedHolds: [
      { recordId, system, kind: 'delete-guard' },
      { recordId, system, kind: 'update-delete' },
      { recordId, system, kind: 'delete-waits' },
    ],
  })
}

/**
 * A person was asked whether the loss of the record in this system or an edit elsewhere counts. A deletion that was confirmed in another
 * system answers that. A guard or a doubt about the look itself stays a question: whether the record really is gone here is what it is about.
 */
export function isResolvedByDeletion({ state, lane, laneReason }: Member): boolean {
  return state === 'suspect' && lane === 'held' && (laneReason === 'update-delete' || laneReason === LOST)
}
