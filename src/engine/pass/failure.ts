/** Failures as the engine keeps them: a stable code, a sentence without values, and a signature that groups equal ones. */
import type { ErrorCode } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { FailureDraft, HoldDraft } from '../../store/contract.ts'
import type { Pass } from './contract.ts'
import { addRows, emit } from './pass.ts'

/** What is safe to keep of something thrown: messages of foreign errors may hold record values, so only their kind is kept. */
export function describeThrown(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  if (isIsthmusError(error)) return { code: error.code, message: error.message }
  const kind = error instanceof Error ? error.name : typeof error
  return { code: 'ENGINE_CALL_FAILED', message: `The call failed in an unexpected way (${kind}).` }
}

/** The sentence of a failure with what the system said about it. For calls that send no record: what a system says may quote what it got. */
export function withWords(message: string, said: unknown): string {
  if (typeof said !== 'string') return message
  return `${message} The system says: ${said}${/[.!?]$/.test(said) ? '' : '.'}`
}

/** What a kept failure is about; never a record value. */
export interface FailureFacts {
  readonly system: string
  readonly operation: FailureDraft['operation']
  readonly code: ErrorCode
  readonly message: string
  readonly replay: FailureDraft['replay']
  /** Field or other constant word that tells equal codes apart. */
  readonly about?: string
}

/**
 * Keeps a failure of this record in one system, for a person to see.
 *
 * A lane has one failure, the last: it is a lane that a person opens again, whatever closed it, and a list of everything that ever went wrong
 * with it would hide what there is to do. Parts that know of something weightier don't keep theirs; the journal has all of them.
 */
export function keepFailure(pass: Pass, facts: FailureFacts): void {
  const { system, operation, code, message, replay, about } = facts
  // A lane has one failure: what this pass took for over is not, or not any more.
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
      },
    ],
  })
  const { id: recordId } = pass.record
  pass.draft.events = pass.draft.events.filter(
    (event) => event.type !== 'FailureCleared' || event.system !== system,
  )
  emit(pass, { type: 'FailureKept', recordId, entity: pass.entity.name, system, operation, code, message })
}

/** The failure of this lane is over; with a `code` only if it is that one. */
export function clearFailure(pass: Pass, system: string, code?: ErrorCode): void {
  const { id: recordId } = pass.record
  addRows(pass, { clearedFailures: [{ recordId, system, ...(code === undefined ? {} : { code }) }] })
  emit(pass, { type: 'FailureCleared', recordId, system, ...(code === undefined ? {} : { code }) })
}

/** The record has come to its end: whatever was wrong with it is no longer of interest to anybody. */
export function clearAllOf(pass: Pass): void {
  const recordId = pass.record.id
  for (const system of pass.members.keys()) clearFailure(pass, system)
  addRows(pass, {
    clearedHolds: holdKinds().map((kind) => ({ recordId, kind })),
  })
}

/** Every kind has to be named: one that is left out would stay open for ever. */
const kinds: Readonly<Record<HoldDraft['kind'], true>> = {
  guard: true,
  rule: true,
  oscillation: true,
  'update-delete': true,
  'delete-guard': true,
  'delete-waits': true,
}

function holdKinds(): readonly HoldDraft['kind'][] {
  // The keys are exactly the kinds, which the type of `Object.keys` does not say.
  return Object.keys(kinds) as HoldDraft['kind'][]
}
