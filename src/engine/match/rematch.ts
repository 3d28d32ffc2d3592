/**
 * Continuous matching: a create was refused because another record with the same key is in that system already. Either the two are one
 * thing and are joined, or a person has to say that they are not; a second one is never created in silence.
 */
import { agreedValues } from '../../model/matching/match-keys.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { note, setLane } from '../pass/pass.ts'
import { attachTo, awaitCandidate, awaitOther, findMatch, proposeReview } from './matching.ts'

/** Lane reason of a create that would make a duplicate. */
const DUPLICATE = 'duplicate'

/** Settles what this record and the one that was found are to each other. `go-on`: no create there in this pass. */
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
      // The other one is on its way out, or finds this record by itself.
      awaitOther(pass, 'deletion', 'key-taken')
      return 'go-on'
  }
}

/** Both are linked in several systems: joining them would have to choose between counterparts, which nobody but a person can. */
function holdDuplicate(pass: Pass, system: string, other: string): StepResult {
  setLane(pass, system, 'held', { reason: DUPLICATE })
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
