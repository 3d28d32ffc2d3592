/** Finding the counterpart of a record, and joining the two: the store holds the keys, the model decides, people settle what stays open. */

import type { MatchOutcome } from '../../model/matching/contract.ts'
import { decideMatch } from '../../model/matching/decide-match.ts'
import { matchKeys } from '../../model/matching/match-keys.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { JournalEntry, MatchHit } from '../../store/contract.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { addNeed, dropDraft } from '../pass/pass.ts'

/**
 * How long to wait, by what is waited for: another record's pass ends within milliseconds, its decision within seconds. An unknown create
 * may take minutes and a held deletion days, so those waits grow with the time waited, lest thousands of records ask all the time.
 */
const waits = {
  busy: { least: 100, most: 100 },
  candidate: { least: 800, most: 800 },
  create: { least: 100, most: 5_000 },
  deletion: { least: 10_000, most: 60_000 },
} as const

/** Registers the record's keys and asks the model what it is. Atomic against other records with the same keys. */
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

/** What shares a key with a record on its way out may be a part of it: taken for new now, it would bring the record back (H28). */
function isBeingDeleted(hit: MatchHit): boolean {
  return hit.state === 'deleting' && hit.kind === 'exact' && !hit.keptApart
}

/**
 * Candidates of several systems that are all the same new thing are no ambiguity: they join the settled record if there is one, else the
 * oldest of them goes first. Two of one system are one, and stay.
 */
export function dropRivals(hits: readonly MatchHit[], system: string): readonly MatchHit[] {
  const isForeign = (hit: MatchHit): boolean => hit.state === 'candidate' && !hit.linked.includes(system)
  const foreign = hits.filter(isForeign)
  const bySystem = Map.groupBy(foreign, (hit) => hit.linked.join())
  const ambiguous = [...bySystem.values()].some((group) => new Set(group.map((hit) => hit.recordId)).size > 1)
  if (ambiguous) return hits
  const settled = hits.some((hit) => hit.state === 'active' && !hit.keptApart)
  // One that is under way speaks for all: it may be about to be the record that the others join.
  const speaking = foreign.some((hit) => hit.busy) ? foreign.filter((hit) => hit.busy) : foreign
  const oldest = speaking.map((hit) => hit.recordId).sort()[0]
  return hits.filter((hit) => !isForeign(hit) || (!settled && hit.recordId === oldest))
}

/** `busy`: the other record is in a worker's hands · `linked`, `creating`, `gone`: why the two can't be joined */
export type AttachOutcome = 'ok' | 'fenced' | 'busy' | 'linked' | 'creating' | 'gone'

/** Makes the native record of this pass the counterpart of another record. After `ok` this record is no more. */
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
  pass.context.emit({ type: 'RecordLinked', recordId: target, entity, system, rule })
  return 'ok'
}

function asReason(reason: string): AttachOutcome {
  return reason === 'busy' || reason === 'linked' || reason === 'creating' ? reason : 'gone'
}

/** Asks a person. The record rests until they have decided. */
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
    context.emit({
      type: 'MatchReviewRequested',
      recordId: record.id,
      entity: entity.name,
      candidates: candidates.length,
    })
  forgetDraft(pass)
  pass.record = { ...pass.record, state: 'review' }
  return 'finish'
}

/** Each of the records concerned tells of the question. */
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

/** The store has settled what becomes of the record; older wishes of this pass no longer apply. */
export function forgetDraft(pass: Pass): void {
  pass.draft.events = []
  dropDraft(pass)
  pass.needs.length = 0
}

/**
 * Waits for another candidate with the same key. The older one of two comes back well before the younger: at the same pace they would find
 * each other under way again and again, and neither would go on.
 */
export function awaitCandidate(pass: Pass, other: string): void {
  awaitOther(pass, pass.record.id < other ? 'busy' : 'candidate', 'other-candidate')
}

/** Comes back after a while. A candidate is read again then; a record that is settled otherwise need not be. */
export function awaitOther(pass: Pass, what: keyof typeof waits, why: string): void {
  const now = pass.context.clock.now()
  const { least, most } = waits[what]
  const waitMs = Math.min(most, Math.max(least, (now - pass.record.discoveredAt) / 4))
  const spread = 1 + pass.context.random.next() / 2
  addNeed(pass, { at: now + Math.ceil(waitMs * spread), why })
}
