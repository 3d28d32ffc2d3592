/**
 * One pass over one record.
 *
 * Recover what is in doubt, read the systems that were marked, merge, commit the decision together with the
 * intents of its writes, send them, and settle. A system whose version changed meanwhile (412) starts another
 * round, a bounded number of times. A crash between any two steps leaves a state from which the next pass
 * continues correctly; all state is in the store.
 */

import type { PlannedWrite } from '../model/merge/contract.ts'
import { decide } from './decide/decide.ts'
import { keepScope } from './decide/keep-merge.ts'
import { continueDeletion, followGone } from './delete/detect.ts'
import { takeOverMerged } from './delete/merge-records.ts'
import { noticeRestored } from './delete/restored.ts'
import { resolveCandidate } from './match/candidate.ts'
import { rematch } from './match/rematch.ts'
import { observe, systemsToObserve } from './observe/observe.ts'
import type { Pass, StepResult } from './pass/contract.ts'
import { finishPass } from './pass/finish.ts'
import { reopenDueLanes } from './pass/lane.ts'
import { addNeed, isResting, updateMember } from './pass/pass.ts'
import { isPoisonous, quarantineAll } from './pass/poison.ts'
import { clearUnreadable } from './pass/unreadable.ts'
import { recoverIntents } from './write/in-doubt.ts'
import { waitForStanding } from './write/refused-precondition.ts'
import { writeAll } from './write/write.ts'

/**
 * Runs a pass to its end, including the finishing commit. Returns false when the record did not belong to
 * this pass any more.
 */
export async function reconcile(pass: Pass): Promise<boolean> {
  const verdict = await work(pass)
  return verdict === 'over' ? false : finishPass(pass)
}

async function work(pass: Pass): Promise<StepResult> {
  if (!(await clearUnreadable(pass))) return 'over'
  if (isPoisonous(pass)) return quarantineAll(pass)
  if (pass.record.state === 'tombstoned') await noticeRestored(pass)
  if (isResting(pass.record.state)) return 'finish'
  reopenDueLanes(pass)
  const entered = await enter(pass)
  if (entered !== 'go-on') return entered
  for (let round = 1; round <= pass.context.settings.rounds; round += 1) {
    const again = await observeDecideWrite(pass)
    if (again !== 'again') return again
  }
  waitForStanding(pass)
  // The rest of a write after each refusal is sent without the refused fields; there may be more refusals
  // than rounds.
  if (pass.stale.size === 0) addNeed(pass, { at: pass.context.clock.now(), why: 'rounds-over' })
  return 'finish'
}

/** The work that the record's state requires before anything is merged. */
async function enter(pass: Pass): Promise<StepResult> {
  const recovered = await recoverIntents(pass)
  if (recovered !== 'go-on') return recovered
  const { state } = pass.record
  if (state === 'active') {
    addMissingMembers(pass)
    await takeOverMerged(pass)
    await noticeRestored(pass)
  }
  // A candidate under review is read again when it is marked: the key that raised the question may have
  // changed.
  if (state === 'candidate' || state === 'ignored' || state === 'review') return resolveCandidate(pass)
  return state === 'deleting' ? continueDeletion(pass) : 'go-on'
}

/** A system that joined the entity after this record was created gets its lane now. */
function addMissingMembers(pass: Pass): void {
  for (const system of pass.entity.systems.keys()) {
    if (!pass.members.has(system)) updateMember(pass, { system, state: 'absent' })
  }
}

async function observeDecideWrite(pass: Pass): Promise<StepResult | 'again'> {
  await observe(pass, systemsToObserve(pass))
  // A counterpart that is in scope again is removed with the others when its record is deleted.
  keepScope(pass)
  const seen = await followGone(pass)
  if (seen !== 'go-on') return seen
  const { verdict, writes } = await decide(pass)
  return verdict === 'go-on' ? write(pass, writes) : verdict
}

async function write(pass: Pass, planned: readonly PlannedWrite[]): Promise<StepResult | 'again'> {
  const written = await writeAll(pass, planned)
  switch (written.kind) {
    case 'over':
      return 'over'
    case 'nothing':
      return 'finish'
    case 'sent': {
      // A write may have received "it does not exist".
      const verdict = await followGone(pass)
      return verdict === 'go-on' ? (written.again ? 'again' : 'finish') : verdict
    }
    case 'key-taken': {
      const verdict = await rematch(pass, written.system, written.recordId)
      return verdict === 'go-on' ? write(pass, written.rest) : verdict
    }
  }
}
