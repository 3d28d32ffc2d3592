/**
 * Members whose reads by id fail for reasons of their own. A single failure is weather; one that goes on, or a response about another record, is
 * told to a person, and the failure closes with the first read that works.
 */
import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'

/** Failed reads in a row before a person is told. */
const attemptsMax = 3

/** After a failed read was noted in the lane (`backOff`). */
export function reportUnreadable(pass: Pass, system: string, { code, message }: CallFailure): void {
  const member = pass.members.get(system)
  if (member?.lane !== 'backoff' || pass.record.state !== 'active') return
  if (code !== 'CONNECTOR_OTHER_RECORD' && member.laneAttempts < attemptsMax) return
  keepFailure(pass, { system, operation: 'read', code, message, replay: 'safe' })
}

/** Before a read that worked resets the count of failed ones. */
export function forgetUnreadable(pass: Pass, system: string): void {
  const member = pass.members.get(system)
  if (member === undefined || member.laneAttempts === 0 || pass.record.state !== 'active') return
  // Failures of other kinds have reasons of their own, by which their parts close them.
  const hasOther = Object.values(member.fields).some(
    (field) => field.rejected !== undefined || field.unreadable !== undefined || field.awaits?.told === true,
  )
  if (member.lane === 'open' && !hasOther) clearFailure(pass, system)
}
