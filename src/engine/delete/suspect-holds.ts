/** Resolves the holds and failures about a member that an observation had found gone. */
import { openLane } from '../../model/lane.ts'
import type { Member } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure } from '../pass/failure.ts'
import { addRows, note, setLane, updateMember } from '../pass/pass.ts'
import { WAITS } from './deletion-waits.ts'

/** Lane reason of a record that is gone in a system whose deletions are not propagated. */
export const LOST = 'lost'

/** A later read shows the record alive, so there is no deletion left to decide. */
export function revive(pass: Pass, member: Member): void {
  const { system } = member
  updateMember(pass, { system, state: 'linked', goneSince: null, goneConfirmedAt: null })
  if (member.lane.state === 'held' || member.lane.reason === WAITS) setLane(pass, system, openLane)
  closeDeletionHolds(pass, system)
  clearFailure(pass, system)
  note(pass, { kind: 'delete', body: { system, step: 'alive' } })
}

/** Closes every hold about a deletion of this member. */
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
 * True when a person was asked whether the loss of the record in this system, or an edit elsewhere, counts: a
 * deletion confirmed in another system resolves that. A hold of the guard, or a doubt about the read itself,
 * stays open, since it is about whether the record really is gone here.
 */
export function isResolvedByDeletion({ state, lane }: Member): boolean {
  return (
    state === 'suspect' && lane.state === 'held' && (lane.reason === 'update-delete' || lane.reason === LOST)
  )
}
