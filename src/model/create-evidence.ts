/**
 * What evidence can show, before a create, that a system has no counterpart of the record yet. Pure: the
 * engine uses it to decide which calls to make, and `check` uses it to report what a definition relies on.
 *
 * - A **search** by the match keys is evidence where its equality is at least as wide as the match rule's: a
 *   search that distinguishes `A@x` from `a@x` proves nothing for a rule that treats them as equal.
 * - A **read of the whole place** is evidence: the change feed read to its end, or a complete list by keys,
 *   once the candidates that it discovered have been read. A list by offset never is, since it skips records
 *   while others are deleted.
 */
import { type SearchEquality, searchEqualities, type ValueEquality } from './equality.ts'
import type { Entity, EntitySystem, MatchRule } from './integration.ts'

const widths: readonly ValueEquality[] = [...searchEqualities, 'wider']

/** Returns the widest of several. */
export function widestEquality(...equalities: readonly ValueEquality[]): ValueEquality {
  return widths.findLast((width) => equalities.includes(width)) ?? 'exact'
}

/** True when a search with this equality finds everything that has an equal value. */
export function isAsWide(search: SearchEquality, value: ValueEquality): boolean {
  return widths.indexOf(search) >= widths.indexOf(value)
}

/** Lag up to which one kind of evidence is sufficient by itself. */
export const quickLagMs = 5_000

/** The properties of a resource that evidence depends on. A connector's declared capabilities fit. */
export interface EvidenceCapabilities {
  readonly search?: {
    readonly lagMs: number
    readonly equality?: SearchEquality
    readonly batch?: number
  }
  readonly changes: { readonly cursor: string; readonly commitLagMs: number }
  readonly list: { readonly paging: string }
}

/** How a match rule applies to one system. */
export type RuleReach =
  /** No record there can have such a key: a field of the rule is not read there. */
  | 'irrelevant'
  /** A search by the rule's values finds every record with the same key. */
  | 'searchable'
  /** A search by values finds some of the records that the rule would compare. */
  | 'blocking'
  /**
   * A search by the rule's values finds records with identical values, but not all that the rule treats as
   * equal.
   */
  | 'narrow'
  | 'unsearchable'

/** How evidence for creates in a place is gathered. */
export interface EvidencePlan {
  /** False: no record there can ever be recognised as the counterpart, so there is nothing to look for. */
  readonly needed: boolean
  /** By position in `entity.match`. */
  readonly rules: readonly RuleReach[]
  /**
   * `whole`: by every relevant rule · `blocking`: for rules that score, by the values that narrow the search
   */
  readonly search: 'whole' | 'blocking' | 'none'
  /**
   * A search finds some counterparts, but proves nothing when it finds none; useful only where there is no
   * other means.
   */
  readonly attempt: boolean
  readonly searchLagMs: number
  /** Searches per call. */
  readonly batch: number
  readonly placeRead: 'feed' | 'list' | 'none'
  readonly placeReadLagMs: number
}

/** Determines the possible evidence for one entity in one system. */
export function planEvidence(
  entity: Entity,
  part: EntitySystem,
  { search, changes, list }: EvidenceCapabilities,
): EvidencePlan {
  const equality = search?.equality ?? 'exact'
  const rules = entity.match.map((rule) => reachOf(part, rule, equality))
  const hasFeed = changes.cursor !== 'none'
  return {
    needed: rules.some((reach) => reach !== 'irrelevant'),
    rules,
    search: search === undefined ? 'none' : searchBy(rules),
    attempt: search !== undefined && rules.some((reach) => attempted.has(reach)),
    searchLagMs: search?.lagMs ?? 0,
    batch: search?.batch ?? 1,
    placeRead: hasFeed ? 'feed' : list.paging === 'keyset' ? 'list' : 'none',
    placeReadLagMs: hasFeed ? changes.commitLagMs : 0,
  }
}

function reachOf(part: EntitySystem, rule: MatchRule, equality: SearchEquality): RuleReach {
  const names = (rule.kind === 'score' ? Object.keys(rule.weights) : rule.fields).map(fieldOf)
  const fields = names.map((name) => part.fields.get(name))
  if (rule.kind === 'score') {
    if (!fields.some((field) => field?.readable)) return 'irrelevant'
    return fields.some((field) => field?.readable && field.writable) ? 'blocking' : 'unsearchable'
  }
  if (!fields.every((field) => field?.readable)) return 'irrelevant'
  if (rule.kind === 'normalised' || !fields.every((field) => field?.writable)) return 'unsearchable'
  return fields.every((field) => isAsWide(equality, field?.equality ?? 'exact')) ? 'searchable' : 'narrow'
}

/** Rules for which a search can be tried. */
const attempted: ReadonlySet<RuleReach> = new Set(['searchable', 'narrow', 'blocking'])

/** The field of a path such as `address.postalCode`. */
function fieldOf(path: string): string {
  return path.split('.', 1)[0] ?? path
}

/**
 * Rules that score add nothing where others can be searched by: merely similar records are left for review in
 * any case.
 */
function searchBy(rules: readonly RuleReach[]): EvidencePlan['search'] {
  if (rules.includes('unsearchable') || rules.includes('narrow')) return 'none'
  if (rules.includes('searchable')) return 'whole'
  return rules.includes('blocking') ? 'blocking' : 'none'
}

/** The means to use. With neither, no evidence is possible. */
export interface EvidenceMeans {
  readonly search: boolean
  readonly placeRead: boolean
}

/**
 * Chooses the cheapest sufficient means. One poll serves every create that was requested before it began, so
 * a fast feed takes precedence over a search for one record at a time; where both lag, both are used, since
 * each finds records that the other does not show yet.
 *
 * In a first load one read of the place serves all creates: a search for each record would cost as many calls
 * as there are records.
 */
export function chooseMeans(plan: EvidencePlan, firstLoad: boolean): EvidenceMeans {
  const { placeRead, placeReadLagMs, batch, searchLagMs } = plan
  const whole = plan.search === 'whole'
  const manyAtOnce = whole && batch > 1 && searchLagMs <= quickLagMs
  if (firstLoad && placeRead !== 'none')
    return { search: placeRead === 'list' && manyAtOnce, placeRead: !manyAtOnce || placeRead === 'feed' }
  if (manyAtOnce) return { search: true, placeRead: false }
  if (placeRead === 'feed' && placeReadLagMs <= quickLagMs) return { search: false, placeRead: true }
  if (whole && searchLagMs <= quickLagMs) return { search: true, placeRead: false }
  if (placeRead !== 'none') return { search: whole, placeRead: true }
  return { search: plan.search !== 'none', placeRead: false }
}

/**
 * How much of the time before the evidence it does not cover: records entered within it are only found by the
 * next read.
 */
export function lagOf(plan: EvidencePlan, { search, placeRead }: EvidenceMeans): number {
  const lags = [...(search ? [plan.searchLagMs] : []), ...(placeRead ? [plan.placeReadLagMs] : [])]
  return lags.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...lags)
}
