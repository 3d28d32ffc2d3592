/**
 * Finds the counterpart of a record and joins the two: the store holds the keys, the model decides, and
 * people resolve the remaining cases.
 */

import type { MatchOutcome } from '../../model/matching/contract.ts'
import { decideMatch } from '../../model/matching/decide-match.ts'
import { matchKeys } from '../../model/matching/match-keys.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { JournalEntry, MatchHit } from '../../store/contract.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { addNeed, dropDraft, emitNow } from '../pass/pass.ts'

/**
 * Wait times by reason. Another record's pass ends within milliseconds, its decision within seconds. An
 * unknown create may take minutes and a held deletion days, so those waits grow with the time already waited
 * to avoid constant polling by thousands of records.
 */
const waits = {
  busy: { least: 100, most: 100 },
  candidate: { least: 800, most: 800 },
  create: { least: 100, most: 5_000 },
  deletion: { least: 10_000, most: 60_000 },
} as const

/**
 * Registers the record's keys and asks the model for a match. Atomic with respect to other records with the
 * same keys.
 */
export async function findMatch(
  pass: Pass,
  system: string,
  values: CanonicalDocument,
): Promise<MatchOutcome | { readonly kind: 'fenced' | 'deleting' }> {
  const { entity, record, context, claim } = pass
  const keys = matchKeys(entity, values)
  const hits = await context.store.match({ lease: claim.lease, entity: entity.name, system, keys })
  if (hits === 'fenced') return { kind: 'fenced' }
  const outcome = decideMatch({
    entity,
    system,
    recordId: record.id,
    values,
    hits: dropRivals(hits, system),
  })
  return outcome.kind === 'none' && hits.some(isBeingDeleted) ? { kind: 'deleting' } : outcome
}

/**
 * A candidate that shares a key with a record being deleted may belong to it: treated as new now, it would
 * restore the record (H28).
 */
function isBeingDeleted(hit: MatchHit): boolean {
  return hit.state === 'deleting' && hit.kind === 'exact' && !hit.keptApart
}

/**
 * Drops hits that are unmatched candidates of other systems: several of them for the same thing are not
 * ambiguous. They join the settled record if there is one, otherwise the oldest of them goes first. Two
 * candidates of the same system are ambiguous, and stay.
 */
export function dropRivals(hits: readonly MatchHit[], system: string): readonly MatchHit[] {
  const isForeign = (hit: MatchHit): boolean => hit.state === 'candidate' && !hit.linked.includes(system)
  const foreign = hits.filter(isForeign)
  const bySystem = Map.groupBy(foreign, (hit) => hit.linked.join())
  const ambiguous = [...bySystem.values()].some((group) => new Set(group.map((hit) => hit.recordId)).size > 1)
  if (ambiguous) return hits
  const settled = hits.some((hit) => hit.state === 'active' && !hit.keptApart)
  // A candidate in progress takes precedence: it may be about to become the record that the others join.
  const speaking = foreign.some((hit) => hit.busy) ? foreign.filter((hit) => hit.busy) : foreign
  const oldest = speaking.map((hit) => hit.recordId).sort()[0]
  return hits.filter((hit) => !isForeign(hit) || (!settled && hit.recordId === oldest))
}

/**
 * `busy`: a worker is processing the other record · `linked`, `creating`, `gone`: why the two can't be joined
 */
export type AttachOutcome = 'ok' | 'fenced' | 'busy' | 'linked' | 'creating' | 'gone'

/**
 * Makes the native record of this pass the counterpart of another record. After `ok` this record no longer
 * exists.
 */
export async function attachTo(
  pass: Pass,
  link: { readonly system: string; readonly target: string; readonly rule: string },
): Promise<AttachOutcome> {
  const { system, target, rule } = link
  const result = await pass.context.store.attach({
    lease: pass.claim.lease,
    system,
    targetRecordId: target,
    rule,
    journal: [
      {
        kind: 'match',
        recordId: target,
        actor: 'engine',
        body: { attached: { system, nativeId: pass.members.get(system)?.nativeId ?? null, rule } },
      },
    ],
  })
  if (result.kind === 'fenced') return 'fenced'
  if (result.kind === 'refused') return asReason(result.reason)
  const entity = pass.entity.name
  emitNow(pass, { type: 'RecordLinked', recordId: target, entity, system, rule })
  return 'ok'
}

function asReason(reason: string): AttachOutcome {
  return reason === 'busy' || reason === 'linked' || reason === 'creating' ? reason : 'gone'
}

/** Asks for review. The record waits for the decision. */
export async function proposeReview(
  pass: Pass,
  candidates: readonly { readonly recordId: string; readonly score: number; readonly why: string }[],
): Promise<StepResult> {
  const { context, claim, record, entity } = pass
  const isNew = record.state !== 'review'
  const result = await context.store.direct.requestReview({
    lease: claim.lease,
    candidates,
    journal: isNew ? reviewLines(record.id, candidates) : [],
  })
  if (result === 'fenced') return 'over'
  if (isNew)
    emitNow(pass, {
      type: 'MatchReviewRequested',
      recordId: record.id,
      entity: entity.name,
      candidates: candidates.length,
    })
  forgetDraft(pass)
  pass.record = { ...pass.record, state: 'review' }
  return 'finish'
}

/** Journal lines for each of the records concerned. */
function reviewLines(
  recordId: string,
  candidates: readonly { readonly recordId: string; readonly score: number; readonly why: string }[],
): readonly JournalEntry[] {
  const line = { kind: 'match', actor: 'engine' } as const
  return [
    { ...line, recordId, body: { review: candidates } },
    ...candidates.map((candidate) => ({
      ...line,
      recordId: candidate.recordId,
      body: { mayBeSame: recordId, why: candidate.why },
    })),
  ]
}

/**
 * Discards the draft: the store has settled what becomes of the record, so earlier changes of this pass no
 * longer apply.
 */
export function forgetDraft(pass: Pass): void {
  pass.draft.events = []
  dropDraft(pass)
  pass.needs.length = 0
}

/**
 * Waits for another candidate with the same key. The older of the two retries much sooner than the younger:
 * at the same pace, each would keep finding the other in progress and neither would advance.
 */
export function awaitCandidate(pass: Pass, other: string): void {
  awaitOther(pass, pass.record.id < other ? 'busy' : 'candidate', 'other-candidate')
}

/** Schedules a retry. A candidate is read again then; a record that is settled otherwise need not be. */
export function awaitOther(pass: Pass, what: keyof typeof waits, why: string): void {
  const now = pass.context.clock.now()
  const { least, most } = waits[what]
  const waitMs = Math.min(most, Math.max(least, (now - pass.record.discoveredAt) / 4))
  const spread = 1 + pass.context.random.next() / 2
  addNeed(pass, { at: now + Math.ceil(waitMs * spread), why })
}
