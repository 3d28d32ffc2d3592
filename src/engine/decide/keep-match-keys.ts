/**
 * Keeps the match keys of a record in line with its agreed values. Otherwise a native record discovered later
 * would be joined to a record that once had its key, and would miss the record that has it now (H20).
 */

import { agreedValues, matchKeys } from '../../model/matching/match-keys.ts'
import type { MergeResult } from '../../model/merge/contract.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { Pass } from '../pass/contract.ts'

/**
 * Registers the record under its new keys with the next decision, where the merge changed a value that is
 * part of a key.
 */
export function keepMatchKeys(pass: Pass, result: MergeResult): void {
  const { entity } = pass
  if (entity.match.length === 0) return
  // Values of a merged record were agreed before the following merge as well.
  const decided = wasDecidedByPerson(pass) || pass.claim.record.merging !== undefined
  if (result.changes.length === 0 && !decided) return
  const keys = matchKeys(entity, agreedValues(result.fields))
  const before = matchKeys(entity, registeredValues(pass))
  if (decided || JSON.stringify(keys) !== JSON.stringify(before)) pass.draft.matchKeys = keys
}

/**
 * A person's choice is agreed before any pass sees it, so the following merge shows no change; all systems
 * are read then.
 */
function wasDecidedByPerson({ claim }: Pass): boolean {
  const { toRead, fields } = claim.record
  return toRead.includes('*') && Object.values(fields).some(({ src }) => src === 'person')
}

/**
 * The values the record is registered under: observed values for a candidate, agreed values for any other
 * record.
 */
function registeredValues({ claim, observations }: Pass): CanonicalDocument {
  if (claim.record.state === 'active') return agreedValues(claim.record.fields)
  for (const observation of observations.values())
    if (observation.kind === 'live') return observation.observed.values
  return {}
}
