/**
 * Failures as the engine stores them: a stable code, a message without values, and a signature that groups
 * equal ones.
 */
import type { ErrorCode } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { FailureDraft, HoldDraft } from '../../store/contract.ts'
import type { Pass } from './contract.ts'
import { addRows, emit } from './pass.ts'

/**
 * Returns the parts of a thrown error that are safe to store: messages of foreign errors may contain record
 * values, so only the kind is kept.
 */
export function describeThrown(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  if (isIsthmusError(error)) return { code: error.code, message: error.message }
  const kind = error instanceof Error ? error.name : typeof error
  return { code: 'ENGINE_CALL_FAILED', message: `The call failed in an unexpected way (${kind}).` }
}

/**
 * The message of a failure, with the message returned by the system. For calls that send no record, since a
 * system's message may quote the request.
 */
export function withWords(message: string, said: unknown): string {
  if (typeof said !== 'string') return message
  return `${message} The system says: ${said}${/[.!?]$/.test(said) ? '' : '.'}`
}

/** The facts of a stored failure; never a record value. */
export interface FailureFacts {
  readonly system: string
  readonly operation: FailureDraft['operation']
  readonly code: ErrorCode
  readonly message: string
  readonly replay: FailureDraft['replay']
  /** A field or another constant string that distinguishes equal codes. */
  readonly about?: string
}

/**
 * Stores a failure of this record in one system, for review.
 *
 * A lane has one failure, the latest: a retry opens the lane as a whole, and a list of everything that ever
 * went wrong would hide what has to be done. Callers that know of a more severe failure don't store theirs;
 * the journal has all of them.
 */
export function keepFailure(pass: Pass, facts: FailureFacts): void {
  const { system, operation, code, message, replay, about } = facts
  // A lane has one failure: this one replaces a resolution that the pass has drafted.
  const { rows } = pass.draft
  rows.clearedFailures = rows.clearedFailures.filter((cleared) => cleared.system !== system)
  const signature = [pass.entity.name, system, operation, code, ...(about === undefined ? [] : [about])].join(
    ':',
  )
  addRows(pass, {
    failures: [
      {
        recordId: pass.record.id,
        entity: pass.entity.name,
        system,
        operation,
        code,
        message,
        signature,
        replay,
        passId: pass.id,
      },
    ],
  })
  const { id: recordId } = pass.record
  pass.draft.events = pass.draft.events.filter(
    (event) => event.type !== 'FailureCleared' || event.system !== system,
  )
  emit(pass, { type: 'FailureKept', recordId, entity: pass.entity.name, system, operation, code, message })
}

/** Resolves the failure of this lane; with a `code` only if it has that one. */
export function clearFailure(pass: Pass, system: string, code?: ErrorCode): void {
  const { id: recordId } = pass.record
  addRows(pass, { clearedFailures: [{ recordId, system, ...(code === undefined ? {} : { code }) }] })
  emit(pass, { type: 'FailureCleared', recordId, system, ...(code === undefined ? {} : { code }) })
}

/** The record has been deleted or merged: none of its failures matters any more. */
export function clearAllOf(pass: Pass): void {
  const recordId = pass.record.id
  for (const system of pass.members.keys()) clearFailure(pass, system)
  addRows(pass, {
    clearedHolds: holdKinds().map((kind) => ({ recordId, kind })),
  })
}

/** Every kind has to be listed: one that is left out would stay open permanently. */
const kinds: Readonly<Record<HoldDraft['kind'], true>> = {
  guard: true,
  rule: true,
  oscillation: true,
  'update-delete': true,
  'delete-guard': true,
  'delete-waits': true,
}

function holdKinds(): readonly HoldDraft['kind'][] {
  // The keys are exactly the kinds, which the type of `Object.keys` does not express.
  return Object.keys(kinds) as HoldDraft['kind'][]
}
