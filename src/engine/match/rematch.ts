/**
 * Continuous matching: a create was refused because another record with the same key is already in that
 * system. Either the two are the same and are joined, or a person has to declare them distinct; a second one
 * is never created silently.
 */
import { agreedValues } from '../../model/matching/match-keys.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { note, setLane } from '../pass/pass.ts'
import { attachTo, awaitCandidate, awaitOther, findMatch, proposeReview } from './matching.ts'

/** Lane reason of a create that would make a duplicate. */
const DUPLICATE = 'duplicate'

/**
 * Resolves how this record relates to the one that was found. `go-on`: nothing is created there in this pass.
 */
export async function rematch(pass: Pass, system: string, other: string): Promise<StepResult> {
  const linked = [...pass.members.values()].filter(({ nativeId }) => nativeId !== undefined)
  const [only, ...more] = linked
  if (only === undefined || more.length > 0 || pass.intents.size > 0)
    return holdDuplicate(pass, system, other)
  const outcome = await findMatch(pass, only.system, agreedValues(pass.record.fields))
  switch (outcome.kind) {
    case 'fenced':
      return 'over'
    case 'wait':
      awaitCandidate(pass, outcome.recordId)
      return 'go-on'
    case 'review':
      return proposeReview(pass, outcome.candidates)
    case 'link': {
      const attached = await attachTo(pass, {
        system: only.system,
        target: outcome.recordId,
        rule: outcome.rule,
      })
      if (attached === 'ok' || attached === 'fenced') return 'over'
      awaitOther(pass, attached === 'creating' ? 'create' : 'busy', `match-${attached}`)
      return 'go-on'
    }
    case 'deleting':
    case 'none':
      // The other record is being deleted, or will find this record by itself.
      awaitOther(pass, 'deletion', 'key-taken')
      return 'go-on'
  }
}

/**
 * Both records have counterparts in several systems: joining them means choosing between counterparts, which
 * only a person can do.
 */
function holdDuplicate(pass: Pass, system: string, other: string): StepResult {
  setLane(pass, system, { state: 'held', reason: DUPLICATE })
  keepFailure(pass, {
    system,
    operation: 'create',
    code: 'ENGINE_DUPLICATE',
    message: `Record ${other} has the same match key and is already in ${system}. Decide whether they are the same: isthmus matches decide ${pass.record.id} --same ${other}, or --apart.`,
    replay: 'after-check',
  })
  note(pass, { kind: 'match', body: { duplicate: { system, of: other } } })
  return 'go-on'
}
