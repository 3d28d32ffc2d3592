/**
 * Reads whose responses are checked: a response has to be about the requested record.
 *
 * - another id: no information (`unknown`), never a state of the record
 * - a merge: only if the resource declares that its system redirects, or the response itself names the
 *   requested id among those that were merged. The surviving record is then read by its own id and checked in
 *   the same way
 * - "merged into X" in a "gone": the same check for X; when X is gone too, the record is just gone
 * - several records: responses are assigned by their ids. In a call whose responses are in a different order,
 *   missing, extra or repeated, the positions prove nothing: a "gone" can't be assigned to any record, so the
 *   remaining ones are read one by one
 */
import type { CallContext, CallFailure, ReadResult, Resource } from '../contract.ts'
import { disordered, isSameId, otherRecord, otherThan } from './answered-id.ts'

type Live = Extract<ReadResult, { readonly kind: 'live' }>

/** Longest chain of merges that is followed. */
const mergesMax = 8
/** Number of records of one disordered call that are read individually; a later call reads the others. */
const rereadsMax = 100

/** Reads one record. */
export async function readChecked(
  resource: Resource,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  return judged(resource, nativeId, await resource.read(nativeId, context), context)
}

/** Reads several records; one result each, in the order requested. */
export async function readManyChecked(
  resource: Resource,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const results = (await resource.readMany?.(nativeIds, context)) ?? []
  if (isInOrder(resource, nativeIds, results)) {
    return Promise.all(
      nativeIds.map((nativeId, index) => judged(resource, nativeId, results[index] ?? lost, context)),
    )
  }
  return assignedById(resource, nativeIds, { results, context })
}

const lost: ReadResult = { kind: 'unknown', failure: disordered }

/**
 * Returns whether every response is about the record at its position, or may be about the record that this
 * one was merged into.
 */
function isInOrder(
  resource: Resource,
  nativeIds: readonly string[],
  results: readonly ReadResult[],
): boolean {
  if (results.length !== nativeIds.length) return false
  return results.every((result, index) => {
    const nativeId = nativeIds[index]
    return (
      nativeId !== undefined &&
      (result.kind !== 'live' || otherThan(resource, nativeId, result) === undefined)
    )
  })
}

async function assignedById(
  resource: Resource,
  nativeIds: readonly string[],
  { results, context }: { readonly results: readonly ReadResult[]; readonly context: CallContext },
): Promise<readonly ReadResult[]> {
  const live = results.filter((result): result is Live => result.kind === 'live')
  const assigned: ReadResult[] = []
  let rereads = 0
  for (const nativeId of nativeIds) {
    const own = live.filter((result) => otherThan(resource, nativeId, result) === undefined)
    const [only] = own
    if (only !== undefined && own.length === 1) assigned.push({ ...only, nativeId })
    else if (rereads >= rereadsMax) assigned.push(lost)
    else {
      rereads += 1
      assigned.push(await readChecked(resource, nativeId, context))
    }
  }
  return assigned
}

async function judged(
  resource: Resource,
  nativeId: string,
  result: ReadResult,
  context: CallContext,
): Promise<ReadResult> {
  if (result.kind === 'unknown') return result
  if (result.kind === 'gone') {
    return result.mergedInto === undefined
      ? result
      : followMerge(resource, nativeId, { survivor: result.mergedInto, context })
  }
  const other = otherThan(resource, nativeId, result)
  // The id that the engine knows is kept, however the system formats it.
  if (other === undefined) return result.nativeId === nativeId ? result : { ...result, nativeId }
  if (!reportsMerge(resource, nativeId, result)) return unknown(otherRecord(nativeId, other))
  return followMerge(resource, nativeId, { survivor: other, context })
}

/** Returns whether a response about another record reports a merge. */
function reportsMerge(resource: Resource, nativeId: string, { native }: Live): boolean {
  if (resource.capabilities.redirects === true) return true
  const merged = resource.mergedIdsOf?.(native) ?? []
  return merged.some((id) => isSameId(resource, nativeId, id))
}

/** Reads the surviving record by its own id, and then the one it was merged into in turn. */
export async function followMerge(
  resource: Resource,
  nativeId: string,
  { survivor, context }: { readonly survivor: string; readonly context: CallContext },
): Promise<ReadResult> {
  const visited = [nativeId]
  let at = survivor
  while (visited.length <= mergesMax && !visited.some((id) => isSameId(resource, id, at))) {
    visited.push(at)
    const read = await resource.read(at, context)
    if (read.kind === 'unknown') return read
    if (read.kind === 'gone') {
      if (read.mergedInto === undefined) return { kind: 'gone', goneSurvivor: at }
      at = read.mergedInto
      continue
    }
    const other = otherThan(resource, at, read)
    if (other === undefined) return { kind: 'gone', mergedInto: at }
    if (!reportsMerge(resource, at, read)) return unknown(otherRecord(at, other))
    at = other
  }
  return unknown(otherRecord(nativeId, at))
}

function unknown(failure: CallFailure): ReadResult {
  return { kind: 'unknown', failure }
}
