/**
 * Decides which of the planned writes may go now: none to a system that accepts no calls, in a closed lane,
 * or beyond the mass-change guard, and no create without evidence that it makes no duplicate. A write that
 * has to wait records the reason in the pass.
 */

import type { Entity } from '../../model/integration.ts'
import { openLane } from '../../model/lane.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'
import type { CreateEvidence, IntentOperation } from '../../model/state.ts'
import type { GuardedChange } from '../../store/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { closedForWritesUntil, holdLane, RELEASED, waitForSystem } from '../pass/lane.ts'
import { addNeed, note, setLane, updateMember } from '../pass/pass.ts'
import { isFirstLoad } from '../pass/priority.ts'
import type { OutgoingWrite } from '../ports.ts'
import { backoffMs, spreadAfter } from '../protect/backoff.ts'
import { gatherEvidence } from './create-evidence.ts'

/** Lane reason of a create that would make a duplicate. */
const DUPLICATE = 'duplicate'

/** How long a create waits before it is retried, by the reason of its lane. */
const createWaits = {
  'first-load': { baseMs: 1_000, maxMs: 30_000 },
  /** Candidates are read within moments, and evidence is valid for a minute. */
  candidate: { baseMs: 300, maxMs: 10_000 },
  evidence: { baseMs: 300, maxMs: 10_000 },
  'no-evidence': { baseMs: 1_000, maxMs: 60_000 },
} as const

/** What a write that may be sent now carries along. */
export type Permit = Pick<OutgoingWrite, 'check' | 'evidence' | 'guarded'>

/**
 * Returns what the write needs to go now; undefined when it has to wait, and then the pass contains the
 * reason.
 */
export async function mayGoNow(pass: Pass, write: PlannedWrite): Promise<Permit | undefined> {
  const { clock, random, gates } = pass.context
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
  const guarded = await countedChange(pass, system, operation)
  return { ...permit, ...(guarded === undefined ? {} : { guarded }) }
}

/**
 * The record may be the same as another one: nothing is created for it until that is decided, which makes it
 * due. Existing counterparts of both are kept in agreement meanwhile.
 */
export function waitForDecision(pass: Pass, system: string, other: string): void {
  if (pass.members.get(system)?.lane.reason !== DUPLICATE) {
    note(pass, { kind: 'match', body: { duplicate: { system, of: other } } })
  }
  setLane(pass, system, { state: 'waiting', reason: DUPLICATE })
}

async function mayCreateNow(pass: Pass, write: PlannedWrite): Promise<Permit | undefined> {
  const { system } = write
  // A record that may be deleted is not created elsewhere; the second read of the suspect makes this pass due
  // again.
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
  if (pass.members.get(system)?.lane.state === 'waiting') setLane(pass, system, openLane, { attempts: 0 })
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

export function waitWithCreate(pass: Pass, system: string, { reason, evidence, at, why }: CreateWait): void {
  const { clock, random } = pass.context
  const member = pass.members.get(system)
  const attempts = (member?.laneAttempts ?? 0) + 1
  if (evidence !== undefined) updateMember(pass, { system, evidence })
  if (why !== undefined && member?.lane.reason !== reason)
    note(pass, { kind: 'match', body: { waits: system, reason, why } })
  // What a person released stays released until it was sent.
  if (member?.lane.reason === RELEASED) updateMember(pass, { system, laneAttempts: attempts })
  else setLane(pass, system, { state: 'waiting', reason }, { attempts })
  const soonest = clock.now() + backoffMs(random, attempts, createWaits[reason])
  addNeed(pass, { at: Math.max(soonest, at ?? 0), why: reason })
}

/**
 * What the mass-change guard counts of this write; undefined where it doesn't count: a lane that a person
 * released passes once, and the first load is not counted. Deletions are counted when they are suspected.
 */
async function countedChange(
  pass: Pass,
  system: string,
  operation: IntentOperation,
): Promise<GuardedChange | undefined> {
  if (operation === 'archive' || operation === 'delete') return undefined
  const { entity, context } = pass
  if (pass.members.get(system)?.lane.reason === RELEASED) {
    setLane(pass, system, openLane)
    return undefined
  }
  if (isFirstLoad(pass, system, await context.firstLoads.listedAt(entity))) return undefined
  return guardedChange(entity, system, operation)
}

/** The commit refused the change because of the mass-change guard: it is held for a person. */
export function holdGuarded(pass: Pass, system: string, operation: GuardedChange['operation']): void {
  const reason = `More ${operation}s than the guard of ${pass.entity.name} allows in ${system} within 24 hours.`
  holdLane(pass, system, { kind: 'guard', reason, operation })
}

/**
 * What the mass-change guard counts of a write. Per system, entity and day only so many creates, updates and
 * deletions happen without approval. Changes beyond the limit are held for a person, record by record, while
 * everything below the limit and every other place continues.
 *
 * A create or update is counted by the commit that opens its intent, and no longer counted once it is known
 * to have had no effect: a process that is killed in between neither counts a change twice nor loses one.
 * Deletions are counted when they are first suspected: see `detect.ts`.
 *
 * Changes of the first load are not counted: it is planned and approved as a whole. These are the changes to
 * a record that existed when the load had listed all systems, in a system in which the record was never in
 * agreement before.
 */
function guardedChange(
  { guard }: Entity,
  system: string,
  operation: GuardedChange['operation'],
): GuardedChange {
  return { system, operation, ...guard[operation] }
}
