/** The writing half of a round: which of the planned writes may go now, and what a refused commit means. */
import type { PlannedWrite } from '../../model/merge/contract.ts'
import type { CreateEvidence } from '../../model/state.ts'
import type { OutgoingWrite, Pass, StepResult } from '../context.ts'
import { followGone } from '../delete/gone.ts'
import { gatherEvidence, keysOf, noteWish } from '../match/create-evidence.ts'
import { commitDecision } from '../pass/commit.ts'
import { closedForWritesUntil, waitForSystem } from '../pass/lane.ts'
import { addNeed, checkpoint, note, setLane, updateMember } from '../pass/pass.ts'
import { backoffMs, spreadAfter } from '../protect/backoff.ts'
import { holdLane, RELEASED } from '../protect/guard.ts'
import { compose } from './compose.ts'
import { carryOut } from './dispatch.ts'

/** Lane reason of a create that would make a duplicate. */
const DUPLICATE = 'duplicate'

/** How long a create waits before it is tried again, by the reason of its lane. */
const createWaits = {
  'first-load': { baseMs: 1_000, maxMs: 30_000 },
  /** Candidates are read within moments, and evidence lives for a minute. */
  candidate: { baseMs: 300, maxMs: 10_000 },
  evidence: { baseMs: 300, maxMs: 10_000 },
  'no-evidence': { baseMs: 1_000, maxMs: 60_000 },
} as const

/** Evidence that the commit refuses was taken for other keys, or is too old; it is taken anew so many times in a pass. */
const retakesMax = 1

/** Composes, commits and sends the writes. `again`: a system had moved on, look and decide once more. */
export async function writeAll(
  pass: Pass,
  planned: readonly PlannedWrite[],
  retakes = 0,
): Promise<StepResult | 'again'> {
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
  const result = await carryOut(pass, outgoing)
  if (result.kind === 'fenced') return 'over'
  if (result.kind === 'sent') {
    const verdict = await followGone(pass)
    return verdict === 'go-on' ? (result.again ? 'again' : 'finish') : verdict
  }
  // Nothing was committed: the same decision once more, without the create that has to wait.
  takeBack()
  const others = planned.filter((write) => write.system !== result.system)
  if (result.kind === 'rematch') {
    const verdict = await pass.context.parts.handleRematch(pass, result.system, result.recordId)
    return verdict === 'go-on' ? writeAll(pass, others) : verdict
  }
  if (result.kind === 'duplicate') {
    waitForDecision(pass, result.system, result.recordId)
    return writeAll(pass, others)
  }
  if (result.kind === 'no-evidence') {
    updateMember(pass, { system: result.system, evidence: null })
    // A record that was registered by other rules than the definition has by now is registered anew.
    pass.draft.matchKeys = keysOf(pass)
    if (retakes < retakesMax) return writeAll(pass, planned, retakes + 1)
    waitWithCreate(pass, result.system, { reason: 'evidence' })
    return writeAll(pass, others)
  }
  const evidence = outgoing.find((write) => write.intent.system === result.system)?.evidence
  waitWithCreate(pass, result.system, {
    reason: 'candidate',
    ...(evidence === undefined ? {} : { evidence }),
  })
  return writeAll(pass, others)
}

/** Match keys belong to a decision: without writes they still need one. */
async function keepKeys(pass: Pass): Promise<StepResult> {
  if (pass.draft.matchKeys === undefined) return 'finish'
  return (await commitDecision(pass, [])).kind === 'fenced' ? 'over' : 'finish'
}

/** What a write carries that may go now. */
type Permit = Pick<OutgoingWrite, 'check' | 'evidence'>

async function mayGoNow(pass: Pass, write: PlannedWrite): Promise<Permit | undefined> {
  const { clock, random, gates, parts } = pass.context
  const { system, operation } = write
  if (gates.get(system)?.closedUntil() !== undefined) {
    waitForSystem(pass, system, { reason: 'system-paused' })
    return undefined
  }
  const until = closedForWritesUntil(pass, system)
  if (until !== undefined) {
    addNeed(pass, { at: spreadAfter(random, clock.now(), until), why: 'lane-closed' })
    return undefined
  }
  const permit = operation === 'create' ? await mayCreateNow(pass, write) : {}
  if (permit === undefined) return undefined
  return (await parts.allowChange(pass, { system, operation })) ? permit : undefined
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

async function mayCreateNow(pass: Pass, write: PlannedWrite): Promise<Permit | undefined> {
  const { system } = write
  // A record that may be deleted is not spread further; the second look at the suspect brings this pass back.
  if ([...pass.members.values()].some((member) => member.state === 'suspect')) return undefined
  if (!(await pass.context.baselineDone(system, pass.entity.name))) {
    waitWithCreate(pass, system, { reason: 'first-load' })
    return undefined
  }
  const gathered = await gatherEvidence(pass, write)
  if (gathered.kind === 'hold') {
    holdLane(pass, system, { kind: 'guard', reason: gathered.why, laneReason: gathered.reason })
    return undefined
  }
  if (gathered.kind === 'wait') {
    waitWithCreate(pass, system, gathered)
    return undefined
  }
  if (pass.members.get(system)?.lane === 'waiting') setLane(pass, system, 'open', { attempts: 0 })
  const { check, evidence } = gathered
  return { check, ...(evidence === undefined ? {} : { evidence }) }
}

interface CreateWait {
  readonly reason: keyof typeof createWaits
  readonly evidence?: CreateEvidence
  /** Not before (epoch ms). */
  readonly at?: number
  /** For the journal, when the lane closes for it. */
  readonly why?: string
}

function waitWithCreate(pass: Pass, system: string, { reason, evidence, at, why }: CreateWait): void {
  const { clock, random } = pass.context
  const member = pass.members.get(system)
  const attempts = (member?.laneAttempts ?? 0) + 1
  if (evidence !== undefined) updateMember(pass, { system, evidence })
  if (why !== undefined && member?.laneReason !== reason)
    note(pass, { kind: 'match', body: { waits: system, reason, why } })
  // What a person released stays released until it was sent.
  if (member?.laneReason === RELEASED) updateMember(pass, { system, laneAttempts: attempts })
  else setLane(pass, system, 'waiting', { reason, attempts })
  const soonest = clock.now() + backoffMs(random, attempts, createWaits[reason])
  addNeed(pass, { at: Math.max(soonest, at ?? 0), why: reason })
}
