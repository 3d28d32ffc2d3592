/**
 * A record is found under what is agreed now. Without it, a native record that turns up later would be joined to whoever had its key once, and
 * would miss the record that has it by now (H20).
 */

import { agreedValues, matchKeys } from '../../model/matching/match-keys.ts'
import type { MergeResult } from '../../model/merge/contract.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { Pass } from '../pass/contract.ts'

/** Registers the record under other keys with the next decision, where the merge changed a value that is part of one. */
export function keepMatchKeys(pass: Pass, result: MergeResult): void {
  const { entity } = pass
  if (entity.match.length === 0) return
  // What a merged record brought is agreed before the merge that follows as well.
  const decided = wasDecidedByPerson(pass) || pass.claim.record.merging !== undefined
  if (result.changes.length === 0 && !decided) return
  const keys = matchKeys(entity, agreedValues(result.fields))
  const before = matchKeys(entity, registeredValues(pass))
  if (decided || JSON.stringify(keys) !== JSON.stringify(before)) pass.draft.matchKeys = keys
}

/** A person's choice is agreed before any pass sees it, so nothing changes in the merge that follows; all systems are looked at then. */
function wasDecidedByPerson({ claim }: Pass): boolean {
  const { look, fields } = claim.record
  return look.includes('*') && Object.values(fields).some(({ src }) => src === 'person')
}

/** What the record is registered under so far: a candidate under what was seen of it, any other under what was agreed. */
function registeredValues({ claim, observations }: Pass): CanonicalDocument {
  if (claim.record.state === 'active') return agreedValues(claim.record.fields)
  for (const observation of observations.values())
    if (observation.kind === 'live') return observation.observed.values
  return {}
}
