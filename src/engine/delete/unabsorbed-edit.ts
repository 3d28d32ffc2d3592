/** Update against delete: whether somebody changed a record elsewhere without the deleting side having had the change. */

import type { ObservedValues } from '../../model/merge/contract.ts'
import { equivalent } from '../../model/merge/equivalence.ts'
import type { Member } from '../../model/state.ts'
import { observeMember } from '../observe/observe.ts'
import type { Pass } from '../pass/contract.ts'

/**
 * - `none`: everybody else still holds what was absorbed · `edited`: a person must weigh the edit against the deletion
 * - `unknown`: some system can't be looked at now
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

/** True when a look shows a value that was neither absorbed nor sent by us. */
export function isEdited(pass: Pass, member: Member, observed: ObservedValues): boolean {
  const part = pass.entity.systems.get(member.system)
  if (part === undefined) return false
  for (const [name, settings] of part.fields) {
    if (!settings.readable || observed.unknown.has(name)) continue
    const known = member.fields[name]
    const value = observed.values[name]
    const ours = (known?.own ?? []).some((own) => equivalent(settings, own.value, value))
    // Read through another lens, the base says nothing about this value; what was agreed does.
    const base = observed.rebase?.has(name) ? pass.record.fields[name]?.value : known?.shadow
    if (!ours && !equivalent(settings, base, value)) return true
  }
  return false
}

/** The agreed values moved on and this system never had them: whoever deleted there decided on an older state. */
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
