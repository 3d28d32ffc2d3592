/**
 * Searches that show whether a system has a counterpart of a record: which searches to make, and how reliable
 * their responses are.
 */

import type { CallFailure, FindRequest } from '../../connectors/kit/contract.ts'
import type { EvidencePlan, RuleReach } from '../../model/create-evidence.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import type { MatchRule } from '../../model/integration.ts'
import { valueAt } from '../../model/matching/field-path.ts'
import { isEmpty } from '../../model/merge/equivalence.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../../model/values.ts'
import { markerSearch } from '../observe/marker.ts'
import { translateOutwards } from '../observe/references.ts'
import type { Pass } from '../pass/contract.ts'
import { priorityOf } from '../pass/priority.ts'
import type { Place } from '../place.ts'

/** Maximum number of searches for a record that is scored by many fields. */
const searchesMax = 8

export interface SearchQuestion {
  readonly place: Place
  readonly plan: EvidencePlan
  /** Search by everything possible, although finding nothing is no evidence. @default false */
  readonly attempt?: boolean
  /** The values of the create, as the system would store them. */
  readonly values: CanonicalDocument
}

/**
 * Returns one search per match rule whose values are all present, and one by the marker where creates carry
 * one; for rules that score, one per value. Undefined when a rule can't be searched by: its values are not
 * all found in the native record.
 */
export async function searchesFor(
  pass: Pass,
  { place, plan, values, attempt = false }: SearchQuestion,
): Promise<readonly FindRequest[] | undefined> {
  const searches: FindRequest[] = []
  for (const [index, rule] of pass.entity.match.entries()) {
    const reach = plan.rules[index]
    if (!isAsked(reach, plan, attempt)) continue
    for (const paths of pathsToSearch(rule)) {
      if (paths.some((path) => isEmpty(valueAt(values, path)))) continue
      const native = await nativeValues(pass, place, values, paths)
      if (native === undefined && rule.kind !== 'score' && !attempt) return undefined
      if (native !== undefined) searches.push({ by: 'values', values: native })
    }
  }
  if (searches.length === 0) return undefined
  const marked = place.resource.capabilities.create === 'marker' || place.part.key !== undefined
  const byMarker = marked ? markerSearch(place, pass.record.id) : undefined
  return [...(byMarker === undefined ? [] : [byMarker]), ...searches].slice(0, searchesMax)
}

function isAsked(reach: RuleReach | undefined, { search }: EvidencePlan, attempt: boolean): boolean {
  if (attempt) return reach === 'searchable' || reach === 'narrow' || reach === 'blocking'
  return search === 'whole' ? reach === 'searchable' : reach === 'blocking'
}

/** The fields of a rule together, or each field that is scored by itself. */
function pathsToSearch(rule: MatchRule): readonly (readonly string[])[] {
  return rule.kind === 'score' ? Object.keys(rule.weights).map((path) => [path]) : [rule.fields]
}

/**
 * The native properties for these canonical ones; undefined unless each of them maps to exactly one plain
 * value.
 */
async function nativeValues(
  pass: Pass,
  { part }: Place,
  values: CanonicalDocument,
  paths: readonly string[],
): Promise<NativeRecord | undefined> {
  const known = documentOf(values, paths)
  const writing = await part.lens.write(translateOutwards(pass, part, known), undefined)
  // A mapping may report problems of other fields, which a search leaves out.
  if (writing.problems.some(({ field }) => Object.hasOwn(known, field))) return undefined
  const leaves = leavesOf(writing.patch)
  return leaves.length === paths.length && leaves.every(isPlain) ? writing.patch : undefined
}

/** Returns only what the paths name: the value of `address.postalCode` without the rest of the address. */
function documentOf(values: CanonicalDocument, paths: readonly string[]): CanonicalDocument {
  const document: Record<string, CanonicalValue> = {}
  for (const path of paths) {
    const [field = '', ...parts] = path.split('.')
    const value = valueAt(values, path) ?? null
    const whole = parts.reduceRight<CanonicalValue>((inner, part) => ({ [part]: inner }), value)
    document[field] = joined(document[field], whole)
  }
  return document
}

function joined(one: CanonicalValue | undefined, other: CanonicalValue): CanonicalValue {
  if (!isGroup(one) || !isGroup(other)) return other
  const both: Record<string, CanonicalValue> = { ...one }
  for (const [name, value] of Object.entries(other)) both[name] = joined(both[name], value)
  return both
}

function isGroup(value: CanonicalValue | undefined): value is { readonly [part: string]: CanonicalValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function leavesOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [value]
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return [value]
  return Object.values(value).flatMap(leavesOf)
}

function isPlain(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && !Array.isArray(value)
}

/** `takenAt`: before the first search was sent. */
export type SearchResponse =
  | { readonly kind: 'found'; readonly takenAt: number; readonly nativeIds: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: Pick<CallFailure, 'code' | 'message'> }

/** Maximum number of hits of one record that are read; a key with more hits distinguishes nothing. */
const hitsMax = 50

/** True when every rule that was searched by compares texts exactly. */
function isExact({ entity }: Pass, { part }: Place): boolean {
  const names = entity.match.flatMap((rule) =>
    rule.kind === 'score' ? Object.keys(rule.weights) : rule.fields,
  )
  return names.every(
    (path) => (part.fields.get(path.split('.', 1)[0] ?? path)?.equality ?? 'exact') === 'exact',
  )
}

/** Makes the searches. Together they are a response only if each of them is complete. */
export async function searchAll(
  pass: Pass,
  place: Place,
  searches: readonly FindRequest[],
): Promise<SearchResponse> {
  const { find, clock } = pass.context
  const takenAt = clock.now()
  const priority = await priorityOf(pass)
  const { system, part } = place
  const results = await Promise.all(
    searches.map((request) =>
      find({ system, resource: part.resource, request, signal: pass.signal, priority, passId: pass.id }),
    ),
  )
  const nativeIds = new Set<string>()
  for (const result of results) {
    if (result === 'shut') return failed('ENGINE_BUSY', `${system} accepts no calls at present`)
    if (result.kind === 'unknown') return { kind: 'failed', failure: result.failure }
    if (result.capped) return failed('ENGINE_SEARCH_CAPPED', 'the search found more records than it returned')
    if (result.narrow === true && !isExact(pass, place))
      return failed(
        'ENGINE_SEARCH_NARROW',
        'the search distinguishes texts that the match rule treats as equal',
      )
    if (result.unfiltered === true && result.nativeIds.length === 0)
      return failed('ENGINE_SEARCH_UNFILTERED', 'the search returned records without the value')
    for (const nativeId of result.nativeIds) nativeIds.add(nativeId)
  }
  return { kind: 'found', takenAt, nativeIds: [...nativeIds].slice(0, hitsMax) }
}

function failed(code: ErrorCode, message: string): SearchResponse {
  return { kind: 'failed', failure: { code, message } }
}
