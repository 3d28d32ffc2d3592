/**
 * References whose target does not come: out of scope, deleted, refused, or never there.
 *
 * Such a field waits by itself and holds up nothing else. A moment of waiting is normal, while records of a first load get their counterparts
 * one after the other; what still waits after {@link EngineSettings.missingReferenceMs} is told to a person as a failure of the lane. It
 * closes with the pass in which nothing of the record waits any more.
 */
import type { MergeResult } from '../../model/merge/contract.ts'
import { unseen } from '../../model/merge/member-field.ts'
import type { Member, MemberField } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { isReadable } from '../pass/lane.ts'
import { addNeed, updateMember } from '../pass/pass.ts'

/** Names in one message. */
const namesMax = 5

/** Notes since when references wait, and tells of those that have waited too long. Returns the systems with such a failure. */
export function keepMissingReferences(pass: Pass, result: MergeResult): ReadonlySet<string> {
  const told = new Set<string>()
  for (const member of [...pass.members.values()]) {
    if (keepOfMember(pass, member, waitingFields(pass, member, result))) told.add(member.system)
  }
  return told
}

interface Waiting {
  readonly fields: ReadonlySet<string>
  /** Other fields are known not to wait. */
  readonly complete: boolean
}

/** What waits in one system: fields that a look could not translate, and fields that can't be written there yet. */
function waitingFields(pass: Pass, { system, state }: Member, result: MergeResult): Waiting {
  const observation = pass.observations.get(system)
  const seen = observation?.kind === 'live' && observation.admissible ? observation : undefined
  const unwritten = result.waiting.flatMap((one) => (one.system === system ? [one.field] : []))
  return {
    fields: new Set([...(seen?.missing ?? []), ...unwritten]),
    complete: seen !== undefined || state === 'absent',
  }
}

/** True when the member has a failure because of it. */
function keepOfMember(pass: Pass, member: Member, { fields, complete }: Waiting): boolean {
  const known = Object.entries(member.fields).filter(([, field]) => field.awaits !== undefined)
  if (fields.size === 0 && (known.length === 0 || !complete))
    return known.some(([, field]) => field.awaits?.told)
  const now = pass.context.clock.now()
  const { missingReferenceMs } = pass.context.settings
  const changed = new Map<string, MemberField>()
  const overdue: string[] = []
  for (const name of fields) {
    const state = member.fields[name] ?? unseen
    const since = state.awaits?.since ?? now
    const told = since + missingReferenceMs <= now
    if (told) overdue.push(name)
    else addNeed(pass, { at: since + missingReferenceMs, why: 'missing-reference', ...lookOf(pass, member) })
    if (state.awaits?.since !== since || (state.awaits.told ?? false) !== told) {
      changed.set(name, { ...state, awaits: { since, ...(told ? { told } : {}) } })
    }
  }
  const over = complete ? known.filter(([name]) => !fields.has(name)) : []
  for (const [name, { awaits: _over, ...kept }] of over) changed.set(name, kept)
  if (changed.size > 0) {
    updateMember(pass, {
      system: member.system,
      fields: { ...member.fields, ...Object.fromEntries(changed) },
    })
  }
  return emit(pass, member, { overdue, wasTold: over.some(([, field]) => field.awaits?.told) })
}

/** A look is needed where the wait began with one. */
function lookOf(pass: Pass, member: Member): { readonly look?: readonly string[] } {
  return isReadable(pass, member) ? { look: [member.system] } : {}
}

function emit(
  pass: Pass,
  { system, lane }: Member,
  about: { readonly overdue: readonly string[]; readonly wasTold: boolean },
): boolean {
  // What a person has to settle first is the lane's failure already.
  const spokenFor = lane === 'rejected' || lane === 'quarantined' || lane === 'in-doubt'
  const { overdue, wasTold } = about
  if (overdue.length === 0) {
    if (wasTold && !spokenFor) clearFailure(pass, system)
    return false
  }
  if (spokenFor) return true
  const names = overdue.slice(0, namesMax).join(', ') + (overdue.length > namesMax ? ' …' : '')
  keepFailure(pass, {
    system,
    operation: 'reference',
    code: 'ENGINE_REFERENCE_MISSING',
    message: `${names}: the referenced record has no counterpart in ${system}. The other fields are synchronised.`,
    replay: 'safe',
    about: [...overdue].sort().join(','),
  })
  return true
}
