/**
 * Members whose reads by id fail for reasons of their own. A single failure is transient; a repeated one, or a response about another record, is
 * reported, and the failure closes with the first read that works.
 */
import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'

/** Failed reads in a row before a failure is reported. */
const attemptsMax = 3

/** Called after a failed read was recorded in the lane (`backOff`). */
export function reportUnreadable(pass: Pass, system: string, { code, message }: CallFailure): void {
  const member = pass.members.get(system)
  if (member?.lane.state !== 'backoff' || pass.record.state !== 'active') return
  if (code !== 'CONNECTOR_OTHER_RECORD' && member.laneAttempts < attemptsMax) return
  keepFailure(pass, { system, operation: 'read', code, message, replay: 'safe' })
}

/** Called before a successful read resets the count of failed ones. */
export function forgetUnreadable(pass: Pass, system: string): void {
  const member = pass.members.get(system)
  if (member === undefined || member.laneAttempts === 0 || pass.record.state !== 'active') return
  // Failures of other kinds have causes of their own and are closed elsewhere.
  const hasOther = Object.values(member.fields).some(
    (field) => field.rejected !== undefined || field.unreadable !== undefined || field.awaits?.told === true,
  )
  if (member.lane.state === 'open' && !hasOther) clearFailure(pass, system)
}
