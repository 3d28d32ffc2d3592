/** The writing half of a round: which of the planned writes may go now, and what a refused commit means. */
import type { PlannedWrite } from '../model/merge/contract.ts'
import { backoffMs, spreadAfter } from './backoff.ts'
import { carryOut } from './carry-out.ts'
import { commitDecision } from './commit.ts'
import { compose } from './compose.ts'
import type { OutgoingWrite, Pass, Verdict } from './context.ts'
import { followGone } from './gone.ts'
import { closedForWritesUntil, waitForSystem } from './lanes.ts'
import { checkpoint, lookAgain, note, setLane, updateMember } from './pass.ts'

/** Lane reason of a create that would make a duplicate. */
const DUPLICATE = 'duplicate'

/** A create that has to wait for the first load, or for an older candidate, is tried again within these bounds. */
const createWait = { baseMs: 1_000, maxMs: 30_000 }

/** Composes, commits and sends the writes. `again`: a system had moved on, look and decide once more. */
export async function writeAll(pass: Pass, planned: readonly PlannedWrite[]): Promise<Verdict | 'again'> {
  const takeBack = checkpoint(pass)
  const outgoing: OutgoingWrite[] = []
  for (const write of planned) {
    if (!(await mayGoNow(pass, write))) continue
    const composed = await compose(pass, write)
    if (composed !== undefined) outgoing.push(composed)
  }
  if (outgoing.length === 0) return keepKeys(pass)
  const result = await carryOut(pass, outgoing)
  if (result.kind === 'fenced') return 'over'
  if (result.kind === 'sent') {
    const verdict = await followGone(pass)
    return verdict === 'go-on' ? (result.again ? 'again' : 'finish') : verdict
  }
  // Nothing was committed: the same decision once more, without the create that has to wait.
  takeBack()
  const wanted = outgoing.find((write) => write.intent.system === result.system)
  const others = planned.filter((write) => write.system !== result.system)
  if (result.kind === 'rematch') {
    const verdict = await pass.context.parts.handleRematch(pass, result.system, result.recordId)
    return verdict === 'go-on' ? writeAll(pass, others) : verdict
  }
  if (result.kind === 'duplicate') {
    waitForDecision(pass, result.system, result.recordId)
    return writeAll(pass, others)
  }
  if (wanted?.wantedAt !== undefined) {
    updateMember(pass, { system: result.system, createWantedAt: wanted.wantedAt })
  }
  waitWithCreate(pass, result.system, 'candidate')
  return writeAll(pass, others)
}

/** Match keys belong to a decision: without writes they still need one. */
async function keepKeys(pass: Pass): Promise<Verdict> {
  if (pass.draft.matchKeys === undefined) return 'finish'
  return (await commitDecision(pass, [])).kind === 'fenced' ? 'over' : 'finish'
}

async function mayGoNow(pass: Pass, write: PlannedWrite): Promise<boolean> {
  const { clock, random, gates, parts, baselineDone } = pass.context
  if (gates.get(write.system)?.closedUntil() !== undefined) {
    waitForSystem(pass, write.system, { reason: 'system-paused' })
    return false
  }
  const until = closedForWritesUntil(pass, write.system)
  if (until !== undefined) {
    lookAgain(pass, { at: spreadAfter(random, clock.now(), until), why: 'lane-closed' })
    return false
  }
  if (write.operation === 'create') {
    // A record that may be deleted is not spread further; the second look at the suspect brings this pass back.
    if ([...pass.members.values()].some((member) => member.state === 'suspect')) return false
    if (!(await baselineDone(write.system, pass.entity.name))) {
      waitWithCreate(pass, write.system, 'first-load')
      return false
    }
    if (pass.members.get(write.system)?.lane === 'waiting')
      setLane(pass, write.system, 'open', { attempts: 0 })
  }
  return parts.allowChange(pass, { system: write.system, operation: write.operation })
}

/**
 * The record may be the same thing as another one: nothing is created for it until that is decided, which makes it due. What both hold is
 * kept in agreement meanwhile.
 */
function waitForDecision(pass: Pass, system: string, other: string): void {
  if (pass.members.get(system)?.laneReason !== DUPLICATE) {
    note(pass, { kind: 'match', body: { duplicate: { system, of: other } } })
  }
  setLane(pass, system, 'waiting', { reason: DUPLICATE })
}

function waitWithCreate(pass: Pass, system: string, reason: string): void {
  const { clock, random } = pass.context
  const attempts = (pass.members.get(system)?.laneAttempts ?? 0) + 1
  setLane(pass, system, 'waiting', { reason, attempts })
  lookAgain(pass, { at: clock.now() + backoffMs(random, attempts, createWait), why: reason })
}
