/**
 * What can show, before a create, that a system has no counterpart of the record yet. Pure: the engine decides by this which calls to make, and
 * `check` tells by the same what a definition rests on.
 *
 * - A **search** by the match keys shows it where its equality is at least as wide as the match rule's: a search that tells `A@x` from `a@x`
 *   proves nothing for a rule that takes them for the same.
 * - A **look** at the whole place shows it: the change feed read to its end, or a complete list by keys, once the candidates that it brought
 *   in have been read. A list by offset never does, since it skips records while others vanish.
 */
import { type SearchEquality, searchEqualities, type ValueEquality } from './equality.ts'
import type { Entity, EntitySystem, MatchRule } from './integration.ts'

const widths: readonly ValueEquality[] = [...searchEqualities, 'wider']

/** The wider of several. */
export function widestEquality(...equalities: readonly ValueEquality[]): ValueEquality {
  return widths.findLast((width) => equalities.includes(width)) ?? 'exact'
}

/** Whether a search with this equality finds everything that has an equal value. */
export function isAsWide(search: SearchEquality, value: ValueEquality): boolean {
  return widths.indexOf(search) >= widths.indexOf(value)
}

/** Lag up to which one means is enough by itself. */
export const quickLagMs = 5_000

/** What evidence needs to know of a resource. A connector's declared capabilities fit. */
export interface EvidenceCapabilities {
  readonly search?: {
    readonly lagMs: number
    readonly equality?: SearchEquality
    readonly batch?: number
  }
  readonly changes: { readonly cursor: string; readonly commitLagMs: number }
  readonly list: { readonly paging: string }
}

/** What a match rule means for one system. */
export type RuleReach =
  /** No record there can have such a key: a field of the rule is not read there. */
  | 'irrelevant'
  /** A search by the rule's values finds every record with the same key. */
  | 'searchable'
  /** A search by values finds some of the records that the rule would compare. */
  | 'blocking'
  /** A search by the rule's values finds the records that are spelt alike, and not those that the rule takes for the same all the same. */
  | 'narrow'
  | 'unsearchable'

export interface EvidencePlan {
  /** False: no record there can ever be recognised as the counterpart, so there is nothing to look for. */
  readonly needed: boolean
  /** By position in `entity.match`. */
  readonly rules: readonly RuleReach[]
  /** `whole`: by every rule that counts · `blocking`: for rules that score, by the values that narrow the search */
  readonly search: 'whole' | 'blocking' | 'none'
  /** A search finds some counterparts, which proves nothing when it finds none; worth a call where there is no other means. */
  readonly attempt: boolean
  readonly searchLagMs: number
  /** Searches per call. */
  readonly batch: number
  readonly look: 'feed' | 'list' | 'none'
  readonly lookLagMs: number
}

/** What there is for one entity in one system. */
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
    look: hasFeed ? 'feed' : list.paging === 'keyset' ? 'list' : 'none',
    lookLagMs: hasFeed ? changes.commitLagMs : 0,
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

/** Rules that a search can be tried by. */
const attempted: ReadonlySet<RuleReach> = new Set(['searchable', 'narrow', 'blocking'])

/** The field of a path such as `address.postalCode`. */
function fieldOf(path: string): string {
  return path.split('.', 1)[0] ?? path
}

/** Rules that score add nothing where others can be searched by: what is merely alike is for a person in any case. */
function searchBy(rules: readonly RuleReach[]): EvidencePlan['search'] {
  if (rules.includes('unsearchable') || rules.includes('narrow')) return 'none'
  if (rules.includes('searchable')) return 'whole'
  return rules.includes('blocking') ? 'blocking' : 'none'
}

/** Which means to use. Neither: nothing can show it. */
export interface EvidenceMeans {
  readonly search: boolean
  readonly look: boolean
}

/**
 * The cheapest means that are enough. One poll serves every create that was wanted before it began, so a quick feed goes before a search for
 * one record at a time; where both lag, both are used, since each finds what the other does not show yet.
 *
 * In a first load a look serves for all: a search for each of its records would cost as many calls as there are records.
 */
export function chooseMeans(plan: EvidencePlan, firstLoad: boolean): EvidenceMeans {
  const { look, lookLagMs, batch, searchLagMs } = plan
  const whole = plan.search === 'whole'
  const manyAtOnce = whole && batch > 1 && searchLagMs <= quickLagMs
  if (firstLoad && look !== 'none')
    return { search: look === 'list' && manyAtOnce, look: !manyAtOnce || look === 'feed' }
  if (manyAtOnce) return { search: true, look: false }
  if (look === 'feed' && lookLagMs <= quickLagMs) return { search: false, look: true }
  if (whole && searchLagMs <= quickLagMs) return { search: true, look: false }
  if (look !== 'none') return { search: whole, look: true }
  return { search: plan.search !== 'none', look: false }
}

/** How much of the time before the evidence it does not show: what was entered within it is found by the next look only. */
export function lagOf(plan: EvidencePlan, { search, look }: EvidenceMeans): number {
  const lags = [...(search ? [plan.searchLagMs] : []), ...(look ? [plan.lookLagMs] : [])]
  return lags.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...lags)
}
