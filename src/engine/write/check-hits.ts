/**
 * Verifies hits of a search for a create of ours before one of them is adopted: each is read by its own id
 * and has to carry our marker, or the values that were searched for. A search that ignored its filter, or a
 * response to another search, would link an unrelated record.
 */
import type { FindRequest } from '../../connectors/kit/contract.ts'
import { equivalent } from '../../model/merge/equivalence.ts'
import type { Intent } from '../../model/state.ts'
import type { CanonicalValue } from '../../model/values.ts'
import { markerOf } from '../observe/marker.ts'
import { readCanonical } from '../observe/reading.ts'
import type { Pass } from '../pass/contract.ts'
import { priorityOf } from '../pass/priority.ts'
import type { Place } from '../place.ts'

/** Several hits are left for review in any case; beyond this number none is read. */
const hitsMax = 10

/** What was searched for. */
export interface SearchedCreate {
  readonly place: Place
  readonly request: FindRequest
  readonly intent: Intent
}

/** Returns the hits that match the search; `unknown` when one of them could not be read. */
export async function checkHits(
  pass: Pass,
  search: SearchedCreate,
  nativeIds: readonly string[],
): Promise<readonly string[] | 'unknown'> {
  if (nativeIds.length > hitsMax) return nativeIds
  const kept: string[] = []
  for (const nativeId of nativeIds) {
    const verdict = await isHit(pass, search, nativeId)
    if (verdict === 'unknown') return 'unknown'
    if (verdict) kept.push(nativeId)
  }
  return kept
}

async function isHit(
  pass: Pass,
  { place, request, intent }: SearchedCreate,
  nativeId: string,
): Promise<boolean | 'unknown'> {
  const { system, part } = place
  const priority = await priorityOf(pass)
  const read = await pass.context.read({
    system,
    resource: part.resource,
    nativeId,
    signal: pass.signal,
    priority,
    passId: pass.id,
  })
  if (read === 'shut' || read.result.kind === 'unknown') return 'unknown'
  // One that is gone by now existed for the search: the reads that follow decide what that means.
  if (read.result.kind === 'gone') return true
  const { native } = read.result
  const recordId = intent.request.marker ?? intent.recordId
  const mark = markerOf(place, native)
  if (mark !== undefined && mark.toLowerCase() !== recordId.toLowerCase()) return false
  if (request.by === 'marker' || mark !== undefined) return true
  return holdsSearchedValues(
    pass,
    place,
    intent.request.values,
    (await readCanonical(pass.entity, part, native)).values,
  )
}

/**
 * Compares the fields of a match rule. References are encoded in each system's own ids, and were compared by
 * the search alone.
 */
function holdsSearchedValues(
  pass: Pass,
  { part }: Place,
  wanted: Readonly<Record<string, CanonicalValue>>,
  found: Readonly<Record<string, CanonicalValue>>,
): boolean {
  const rule = pass.entity.match.find(
    (one) => one.kind === 'exact' && one.fields.every((field) => (wanted[field] ?? null) !== null),
  )
  if (rule?.kind !== 'exact') return true
  return rule.fields.every((name) => {
    const settings = part.fields.get(name)
    const isReference = pass.entity.fields.get(name)?.type.kind === 'ref'
    if (settings === undefined || !settings.readable || isReference) return true
    return isAlike(found[name], wanted[name]) || equivalent(settings, found[name], wanted[name])
  })
}

/**
 * Match rules may be wider than equality (case, whitespace): values that differ only in that are left to the
 * match.
 */
function isAlike(one: CanonicalValue | undefined, other: CanonicalValue | undefined): boolean {
  return typeof one === 'string' && typeof other === 'string' && plain(one) === plain(other)
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, '')
}
