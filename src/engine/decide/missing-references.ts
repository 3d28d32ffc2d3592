/**
 * References whose target does not arrive: out of scope, deleted, refused, or nonexistent.
 *
 * Only the field waits; everything else continues. A short wait is normal while the records of a first load
 * get their counterparts one after the other; a field that still waits after {@link
 * EngineSettings.missingReferenceMs} is reported as a failure of the lane. The failure closes with the pass
 * in which no field of the record waits any more.
 */
import type { MergeResult } from '../../model/merge/contract.ts'
import { unseen } from '../../model/merge/member-field.ts'
import type { Member, MemberField } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { isReadable } from '../pass/lane.ts'
import { addNeed, updateMember } from '../pass/pass.ts'

/** Maximum number of fields named in one message. */
const namesMax = 5

/**
 * Records since when references wait, and reports those that have waited too long. Returns the systems with
 * such a failure.
 */
export function keepMissingReferences(pass: Pass, result: MergeResult): ReadonlySet<string> {
  const reported = new Set<string>()
  for (const member of [...pass.members.values()]) {
    if (keepOfMember(pass, member, waitingFields(pass, member, result))) reported.add(member.system)
  }
  return reported
}

interface Waiting {
  readonly fields: ReadonlySet<string>
  /** False when other fields may wait as well. */
  readonly complete: boolean
}

/**
 * The waiting fields of one system: those that a read could not translate, and those that can't be written
 * there yet.
 */
function waitingFields(pass: Pass, { system, state }: Member, result: MergeResult): Waiting {
  const observation = pass.observations.get(system)
  const seen = observation?.kind === 'live' && observation.admissible ? observation : undefined
  const unwritten = result.waiting.flatMap((one) => (one.system === system ? [one.field] : []))
  return {
    fields: new Set([...(seen?.missing ?? []), ...unwritten]),
    complete: seen !== undefined || state === 'absent',
  }
}

/** Returns true when the member has such a failure. */
function keepOfMember(pass: Pass, member: Member, { fields, complete }: Waiting): boolean {
  const known = Object.entries(member.fields).filter(([, field]) => field.awaits !== undefined)
  if (fields.size === 0 && (known.length === 0 || !complete))
    return known.some(([, field]) => field.awaits?.reported)
  const now = pass.context.clock.now()
  const { missingReferenceMs } = pass.context.settings
  const changed = new Map<string, MemberField>()
  const overdue: string[] = []
  for (const name of fields) {
    const state = member.fields[name] ?? unseen
    const since = state.awaits?.since ?? now
    const isOverdue = since + missingReferenceMs <= now
    if (isOverdue) overdue.push(name)
    else
      addNeed(pass, { at: since + missingReferenceMs, why: 'missing-reference', ...rereadOf(pass, member) })
    if (state.awaits?.since !== since || (state.awaits.reported ?? false) !== isOverdue) {
      changed.set(name, { ...state, awaits: { since, ...(isOverdue ? { reported: true } : {}) } })
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
  return emit(pass, member, { overdue, wasReported: over.some(([, field]) => field.awaits?.reported) })
}

/** Requests a read where the wait began with one. */
function rereadOf(pass: Pass, member: Member): { readonly toRead?: readonly string[] } {
  return isReadable(pass, member) ? { toRead: [member.system] } : {}
}

function emit(
  pass: Pass,
  { system, lane }: Member,
  about: { readonly overdue: readonly string[]; readonly wasReported: boolean },
): boolean {
  // The lane already has a failure that must be resolved first.
  const spokenFor = ['rejected', 'quarantined', 'in-doubt'].includes(lane.state)
  const { overdue, wasReported } = about
  if (overdue.length === 0) {
    if (wasReported && !spokenFor) clearFailure(pass, system)
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
