/**
 * Decides what an unmatched record of one system is, from the records that share a key with it.
 *
 * The decision depends on *all* records known to share a key, not on which came first: a key that two records
 * of one system have is no evidence for either of them. The links therefore don't depend on the order of
 * arrival.
 */
import type { RecordState } from '../state.ts'
import type { MatchCandidate, MatchOutcome, MatchQuestion } from './contract.ts'
import { agreedValues } from './match-keys.ts'
import { type ScoreRule, scoreMatch } from './score-match.ts'

/** Evaluates the rules in order; the first that returns a result decides. */
export function decideMatch(question: MatchQuestion): MatchOutcome {
  const hits = question.hits.filter((hit) => !hit.keptApart && matchable.has(hit.state))
  for (const [index, rule] of question.entity.match.entries()) {
    const sharing = distinct(hits.filter((hit) => hit.rule === index))
    if (sharing.length === 0) continue
    const verdict =
      rule.kind === 'score'
        ? decideByScore(question, rule, sharing)
        : decideByKey(question, `${rule.kind} ${rule.fields.join(' + ')}`, sharing)
    if (verdict.kind !== 'none') return verdict
  }
  return { kind: 'none' }
}

/** A deleted record is no counterpart: a later record with the same key is another one. */
const matchable: ReadonlySet<RecordState> = new Set(['candidate', 'review', 'active'])

function distinct(hits: readonly MatchCandidate[]): readonly MatchCandidate[] {
  const byId = new Map(hits.map((hit) => [hit.recordId, hit]))
  return [...byId.values()].sort((a, b) => (a.recordId < b.recordId ? -1 : 1))
}

function decideByKey(
  question: MatchQuestion,
  rule: string,
  sharing: readonly MatchCandidate[],
): MatchOutcome {
  const [only, ...others] = sharing
  const ambiguous = others.length > 0 || only?.linked.includes(question.system) || only?.state === 'review'
  if (only === undefined || ambiguous) return reviewOf(sharing, `same key: ${rule}`)
  if (only.creating.includes(question.system)) return { kind: 'wait', recordId: only.recordId }
  if (only.state === 'active') return { kind: 'link', recordId: only.recordId, rule }
  // Two unmatched records found each other: the older one proceeds alone and the younger one joins it. A
  // younger one in progress may have asked before the older one could be found, and may be about to become a
  // record of its own.
  const goesOn = question.recordId < only.recordId && !only.busy
  return goesOn ? { kind: 'none' } : { kind: 'wait', recordId: only.recordId }
}

function reviewOf(sharing: readonly MatchCandidate[], why: string): MatchOutcome {
  return {
    kind: 'review',
    candidates: sharing.map(({ recordId }) => ({ recordId, score: 1000, why })),
  }
}

/**
 * Scores the settled records that have no counterpart in this system. Similar records of the same system are
 * common and prove nothing, so they are left out; two that are good enough to link are left for review.
 */
function decideByScore(
  question: MatchQuestion,
  rule: ScoreRule,
  sharing: readonly MatchCandidate[],
): MatchOutcome {
  const { entity, system, values } = question
  const scored = sharing
    .filter((hit) => hit.state === 'active' && !hit.linked.includes(system))
    .map((hit) => ({ hit, ...scoreMatch(entity, rule, values, agreedValues(hit.fields)) }))
    .filter(({ score }) => score >= rule.review)
    .sort((a, b) => b.score - a.score || (a.hit.recordId < b.hit.recordId ? -1 : 1))
  const [best, second] = scored
  if (best === undefined) return { kind: 'none' }
  if (best.score < rule.link || (second !== undefined && second.score >= rule.link)) {
    return {
      kind: 'review',
      candidates: scored.slice(0, reviewMax).map(({ hit, score, why }) => ({
        recordId: hit.recordId,
        score: Math.round(score * 1000),
        why,
      })),
    }
  }
  if (best.hit.creating.includes(system)) return { kind: 'wait', recordId: best.hit.recordId }
  return { kind: 'link', recordId: best.hit.recordId, rule: `score ${best.score.toFixed(2)}: ${best.why}` }
}

/** Maximum number of candidates for review. */
const reviewMax = 20
