/**
 * The write step of a round, from the planned writes of the merge to their outcomes:
 *
 * 1. **select** which of them may go now (`select.ts`, for creates `create-evidence.ts`)
 * 2. **compose** the exact request of each, as an intent (`compose.ts`)
 * 3. **dispatch** them: the decision and its intents in one commit, then the calls (`dispatch.ts`), several
 *    records per call where the system supports it (`batch.ts`)
 * 4. take in the **outcome** of each (`outcome.ts`); an unknown outcome is resolved by a later pass
 *    (`in-doubt.ts`)
 *
 * It also handles a rejected commit: a create found a reason to wait at the last moment.
 */
import type { PlannedWrite } from '../../model/merge/contract.ts'
import { commitDecision } from '../pass/commit.ts'
import type { Pass } from '../pass/contract.ts'
import { checkpoint, updateMember } from '../pass/pass.ts'
import type { OutgoingWrite } from '../ports.ts'
import { compose } from './compose.ts'
import { keysOf, noteWish } from './create-evidence.ts'
import { dispatch } from './dispatch.ts'
import { holdGuarded, mayGoNow, waitForDecision, waitWithCreate } from './select.ts'

/**
 * Evidence that the commit rejects was gathered for other keys, or is too old; it is gathered again this many
 * times in a pass.
 */
const retakesMax = 1

/** How a round of writing ended. */
export type Written =
  /**
   * Everything that may go now was sent. `again`: a system's version had changed, so read and decide again.
   */
  | { readonly kind: 'sent'; readonly again: boolean }
  /** There was nothing to send. */
  | { readonly kind: 'nothing' }
  /** The record does not belong to this pass any more. */
  | { readonly kind: 'over' }
  /**
   * A create would have made a second record with a key that `recordId` has there. `rest`: the other planned
   * writes.
   */
  | {
      readonly kind: 'key-taken'
      readonly system: string
      readonly recordId: string
      readonly rest: readonly PlannedWrite[]
    }

/** Selects, composes, commits and sends the writes. */
export async function writeAll(pass: Pass, planned: readonly PlannedWrite[], retakes = 0): Promise<Written> {
  for (const write of planned) if (write.operation === 'create') noteWish(pass, write.system)
  const takeBack = checkpoint(pass)
  const outgoing: OutgoingWrite[] = []
  for (const write of planned) {
    const permit = await mayGoNow(pass, write)
    if (permit === undefined) continue
    const composed = await compose(pass, write)
    if (composed !== undefined) outgoing.push({ ...composed, ...permit })
  }
  if (outgoing.length === 0) return keepKeys(pass)
  const result = await dispatch(pass, outgoing)
  if (result.kind === 'fenced') return { kind: 'over' }
  if (result.kind === 'sent') return result
  // Nothing was committed: repeat the decision without the create that has to wait.
  takeBack()
  const { system } = result
  const rest = planned.filter((write) => write.system !== system)
  switch (result.kind) {
    case 'rematch':
      return { kind: 'key-taken', system, recordId: result.recordId, rest }
    case 'duplicate':
      waitForDecision(pass, system, result.recordId)
      return writeAll(pass, rest)
    case 'guarded':
      holdGuarded(pass, system, result.operation)
      return writeAll(pass, rest)
    case 'no-evidence':
      updateMember(pass, { system, evidence: null })
      // A record that was registered by other rules than those of the current definition is registered again.
      pass.draft.matchKeys = keysOf(pass)
      if (retakes < retakesMax) return writeAll(pass, planned, retakes + 1)
      waitWithCreate(pass, system, { reason: 'evidence' })
      return writeAll(pass, rest)
    default: {
      const evidence = outgoing.find((write) => write.intent.system === system)?.evidence
      waitWithCreate(pass, system, { reason: 'candidate', ...(evidence === undefined ? {} : { evidence }) })
      return writeAll(pass, rest)
    }
  }
}

/** Match keys belong to a decision: without writes they still need one. */
async function keepKeys(pass: Pass): Promise<Written> {
  if (pass.draft.matchKeys === undefined) return { kind: 'nothing' }
  return { kind: (await commitDecision(pass, [])).kind === 'fenced' ? 'over' : 'nothing' }
}
