/**
 * Detects update/delete conflicts: a record was changed elsewhere, and the deleting side had not received the
 * change.
 */

import type { ObservedValues } from '../../model/merge/contract.ts'
import { equivalent } from '../../model/merge/equivalence.ts'
import type { Member } from '../../model/state.ts'
import { observeMember } from '../observe/observe.ts'
import type { Pass } from '../pass/contract.ts'

/**
 * - `none`: all other systems still hold what was absorbed · `edited`: a person must weigh the edit against
 *   the deletion
 * - `unknown`: some system can't be read now
 */
export type EditVerdict = 'none' | 'edited' | 'unknown'

/** Looks for edits that the system which lost the record can't have known of. */
export async function findUnabsorbedEdit(pass: Pass, lostIn: string): Promise<EditVerdict> {
  const lost = pass.members.get(lostIn)
  if (lost !== undefined && isBehind(pass, lost)) return 'edited'
  let verdict: EditVerdict = 'none'
  for (const member of pass.members.values()) {
    if (member.system === lostIn || member.state !== 'linked') continue
    const observation = pass.observations.get(member.system) ?? (await observeMember(pass, member.system))
    if (observation.kind === 'unknown' || (observation.kind === 'live' && !observation.admissible))
      verdict = 'unknown'
    else if (observation.kind === 'live' && isEdited(pass, member, observation.observed)) return 'edited'
  }
  return verdict
}

/** True when an observation shows a value that was neither absorbed nor written by us. */
export function isEdited(pass: Pass, member: Member, observed: ObservedValues): boolean {
  const part = pass.entity.systems.get(member.system)
  if (part === undefined) return false
  for (const [name, settings] of part.fields) {
    if (!settings.readable || observed.unknown.has(name)) continue
    const known = member.fields[name]
    const value = observed.values[name]
    const ours = (known?.own ?? []).some((own) => equivalent(settings, own.value, value))
    // The base was read through another lens and can't be compared with this value; the agreed value can.
    const base = observed.rebase?.has(name) ? pass.record.fields[name]?.value : known?.shadow
    if (!ours && !equivalent(settings, base, value)) return true
  }
  return false
}

/**
 * True when this system never received the current agreed values: the deletion there was decided on an older
 * state.
 */
function isBehind(pass: Pass, member: Member): boolean {
  const part = pass.entity.systems.get(member.system)
  if (part === undefined || !part.operations.update) return false
  return Object.entries(pass.record.fields).some(([name, agreed]) => {
    const settings = part.fields.get(name)
    if (settings === undefined || !settings.writable || agreed.heldBy !== undefined) return false
    const known = member.fields[name]
    if (known?.hold !== undefined || known?.rejected?.rev === agreed.rev) return false
    return Math.max(known?.acked ?? 0, known?.provisional ?? 0) < agreed.rev
  })
}
