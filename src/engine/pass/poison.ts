/**
 * Records that make a pass fail: with the whole process (counted by claims that never finished) or by an
 * unexpected error. Either way they are set aside, so that they neither loop nor block other records (H33).
 */
import type { ErrorCode } from '../../model/error-codes.ts'
import { type IsthmusError, isIsthmusError } from '../../model/errors.ts'
import type { Member } from '../../model/state.ts'
import { isUnreadable } from '../../model/unreadable-row.ts'
import type { Pass, StepResult } from './contract.ts'
import { describeThrown, keepFailure } from './failure.ts'
import { backOff, refusedByStore } from './lane.ts'
import { clearDraft, setLane } from './pass.ts'

/** True when so many passes over this record did not finish that the record itself must be the cause. */
export function isPoisonous(pass: Pass): boolean {
  return pass.record.attempts > pass.context.settings.crashLimit
}

/** Closes all lanes of the record until a person has reviewed it. */
export function quarantineAll(pass: Pass): StepResult {
  quarantine(pass, {
    code: 'PASS_CRASHED',
    message: `${pass.record.attempts - 1} passes over this record did not finish.`,
  })
  return 'finish'
}

/** True for a commit of this record that the database refuses because of what it holds. */
export function isRefusedByStore(error: unknown): error is IsthmusError & { code: typeof refusedByStore } {
  return isIsthmusError(error) && error.code === refusedByStore
}

/**
 * A pass that threw: its uncommitted changes are dropped, its lanes back off, and are quarantined if the
 * error persists. A stored row that can't be read (it belongs to another record) and a commit that the
 * database refuses are reported at once and never quarantine: the pass succeeds as soon as the row is
 * restored, the value changed or the constraint removed.
 */
export function setAside(pass: Pass, error: unknown): void {
  clearDraft(pass)
  pass.needs.length = 0
  if (isUnreadable(error) || isRefusedByStore(error)) {
    for (const member of pass.members.values()) reportAtOnce(pass, member, error)
    return
  }
  const attempts = Math.max(0, ...[...pass.members.values()].map((member) => member.laneAttempts))
  if (attempts >= pass.context.settings.crashLimit) {
    quarantine(pass, describeThrown(error))
    return
  }
  for (const member of pass.members.values()) {
    backOff(pass, member.system, { reason: describeThrown(error).code, read: true })
  }
}

function reportAtOnce(pass: Pass, { system, nativeId, lane }: Member, error: IsthmusError): void {
  if (lane.state === 'quarantined') return
  backOff(pass, system, { reason: error.code, read: true })
  if (nativeId !== undefined)
    keepFailure(pass, { system, operation: 'pass', ...describeThrown(error), replay: 'after-check' })
}

function quarantine(pass: Pass, why: { readonly code: ErrorCode; readonly message: string }): void {
  for (const member of pass.members.values()) {
    if (member.lane.state === 'quarantined') continue
    setLane(pass, member.system, { state: 'quarantined', reason: why.code })
    if (member.nativeId === undefined) continue
    keepFailure(pass, { system: member.system, operation: 'pass', ...why, replay: 'after-check' })
  }
}
