/** Creates whose outcome can't be determined automatically: left for review. */
import type { ErrorCode } from '../../model/error-codes.ts'
import type { Intent } from '../../model/state.ts'
import { resolveIntent } from '../pass/commit.ts'
import type { Pass } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { emit, setLane } from '../pass/pass.ts'

/**
 * Prevents a second attempt without a person's decision. The intent itself is closed, so that it delays no
 * other record's discovery: if its effect appears with a key of this record, it is matched like any other,
 * which also opens the lane.
 */
export function quarantineCreate(
  pass: Pass,
  intent: Intent,
  why: { readonly code: ErrorCode; readonly message: string },
): void {
  const { system } = intent
  resolveIntent(pass, intent, { state: 'abandoned', outcome: why.code })
  setLane(pass, system, { state: 'quarantined', reason: why.code })
  keepFailure(pass, { system, operation: 'create', ...why, replay: 'after-check' })
  emit(pass, {
    type: 'IntentResolved',
    recordId: pass.record.id,
    system,
    intentId: intent.id,
    result: 'quarantined',
  })
}
