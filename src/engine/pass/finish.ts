/**
 * How a claim ends: the only place that decides whether and when a record is due again, whether its pass ran to the end, was cut off or
 * never began.
 *
 * Steps of a pass only state needs (`addNeed`). Without any the dirty mark is cleared, unless the record was
 * marked since it was claimed (H32); otherwise the earliest need sets the time, and all needs together
 * determine what has to be read then.
 */

import { laneUntil } from '../../model/lane.ts'
import type { Member } from '../../model/state.ts'
import type { ClaimedRecord, Settlement } from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'
import { backoffMs } from '../protect/backoff.ts'
import { commitSettlement, refuseTaken } from './commit.ts'
import type { Need, Pass } from './contract.ts'
import { takenAgainAt } from './value-waits.ts'

/**
 * Needs in the past make the record due immediately, but with this minimum delay so that it never loops
 * within the same instant.
 */
const soonestMs = 10

/** What becomes of a record when its claim ends. */
type Finish = Settlement['finish']

/** Its entity was removed from the definition: the record rests until the entity is back, which marks it. */
export function finishWithoutEntity({ record }: ClaimedRecord): Finish {
  return { kind: 'clean', seq: record.dirtySeq }
}

/** The store was unavailable in the middle of its pass: the next one continues from what was committed. */
export function finishOfStray({ clock, settings }: EngineContext): Finish {
  return { kind: 'again', at: clock.now() + settings.backoffBaseMs }
}

/** One of its rows can't be read: somebody may restore it at any time. `times`: how often that was found before. */
export function finishOfUnreadable(
  { clock, random, settings }: EngineContext,
  times: number,
): Extract<Finish, { kind: 'again' }> {
  const bounds = { baseMs: settings.backoffBaseMs, maxMs: settings.backoffMaxMs }
  return { kind: 'again', at: Math.ceil(clock.now() + backoffMs(random, times + 1, bounds)) }
}

/** Returns the end of the pass that follows from its needs. */
export function finishOf(pass: Pass): Finish {
  const needs = [...pass.needs, ...standingNeeds(pass)]
  const [first, ...others] = needs
  if (first === undefined) return { kind: 'clean', seq: pass.claim.record.dirtySeq }
  const earliest = others.reduce((at, need) => Math.min(at, need.at), first.at)
  return {
    kind: 'again',
    at: Math.ceil(Math.max(earliest, pass.context.clock.now() + soonestMs)),
    toRead: [...new Set(needs.flatMap((need) => need.toRead ?? []))],
  }
}

/** Needs that follow from the state itself, whatever caused it: writes to verify, and intents in doubt. */
function standingNeeds(pass: Pass): readonly Need[] {
  const { clock, settings } = pass.context
  const now = clock.now()
  const needs: Need[] = []
  for (const member of pass.members.values()) {
    if (member.lane.state === 'quarantined') continue
    const verifyAt = verificationAt(pass, member, now)
    if (verifyAt !== undefined) needs.push({ at: verifyAt, why: 'verify' })
    if (pass.intents.has(member.system)) {
      needs.push({ at: Math.max(laneUntil(member.lane) ?? 0, now + settings.backoffBaseMs), why: 'in-doubt' })
    }
    const takenAt = takenAgainAt(member, now)
    if (takenAt !== undefined) needs.push({ at: takenAt, why: 'value-taken' })
    // A lane that backs off is neither read nor written to meanwhile: outstanding work is found once it
    // opens.
    if (member.lane.state === 'backoff' && member.lane.until > now) {
      needs.push({ at: member.lane.until, why: 'backoff' })
    }
  }
  return needs
}

/**
 * When a member has to be read to verify a write; undefined when there is nothing to verify, or nothing that
 * can be read.
 *
 * With read-your-writes a verification is due by the time its pass ends. It is scheduled all the same: left
 * to the next change of the record, it would find that change and not the write. It is not scheduled
 * immediately, because a read that has just failed must not be repeated in a tight loop.
 */
function verificationAt(pass: Pass, member: Member, now: number): number | undefined {
  const { settleAt, system, lane } = member
  if (settleAt === undefined || member.nativeId === undefined) return undefined
  // The deletion schedules the reads of a suspect: one that waits for a person, or is held, must not be read
  // for the write as well.
  if (member.state === 'gone' || member.state === 'suspect') return undefined
  if (!pass.entity.systems.has(system)) return undefined
  const soonest = settleAt > now ? settleAt : now + pass.context.settings.backoffBaseMs
  const laneOpensAt = lane.state === 'backoff' ? lane.until : 0
  const systemOpensAt = pass.context.gates.get(system)?.closedUntil() ?? 0
  return Math.max(soonest, laneOpensAt, systemOpensAt)
}

/**
 * Commits the rest of the pass and releases the record. Returns false when the record no longer belonged to
 * this pass.
 */
export async function finishPass(pass: Pass): Promise<boolean> {
  // A native id can be taken at most once per system, so this terminates.
  for (let attempt = 0; attempt <= pass.members.size; attempt += 1) {
    const finish = finishOf(pass)
    const result = await commitSettlement(pass, finish)
    if (result.kind === 'ok') {
      emitSettled(pass, finish.kind === 'clean')
      return true
    }
    if (result.kind === 'fenced') break
    refuseTaken(pass, result)
  }
  return false
}

function emitSettled(pass: Pass, clean: boolean): void {
  const { emit, clock } = pass.context
  emit({
    type: 'RecordSettled',
    recordId: pass.record.id,
    entity: pass.entity.name,
    clean,
    latencyMs: clock.now() - pass.startedAt,
  })
}
