/**
 * Fields that a read could not parse: a mapping or a constraint of the field rejected what the system holds.
 *
 * The value of such a field is unknown; the field is neither merged nor written there, and the others
 * continue. It is reported as a failure of the lane, which opens with the read that found it and closes with
 * the one that parses every field again. Where the lane is closed for a more severe reason, that reason stays
 * the lane's failure.
 */
import type { FieldProblem } from '../../model/lens/contract.ts'
import { unseen } from '../../model/merge/member-field.ts'
import type { Member, MemberField, MemberFields } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { updateMember } from '../pass/pass.ts'

/** Maximum number of fields named in one message; a mapping that fails as a whole has dozens. */
const namesMax = 5

/**
 * Opens or closes the failures that result from this pass's admissible observations; `othersHave` names
 * systems with another failure.
 */
export function keepReadProblems(pass: Pass, othersHave: ReadonlySet<string>): void {
  for (const [system, observation] of pass.observations) {
    const member = pass.members.get(system)
    if (observation.kind !== 'live' || !observation.admissible || member === undefined) continue
    const before = Object.values(member.fields).some((field) => field.unreadable !== undefined)
    const { problems } = observation
    if (!before && problems.length === 0) continue
    const fields = withProblems(member.fields, problems)
    if (fields !== undefined) updateMember(pass, { system, fields })
    if (isSpokenFor(member)) continue
    if (problems.length === 0) {
      if (!othersHave.has(system)) clearFailure(pass, system)
    } else keepFailure(pass, failureOf(system, problems))
  }
}

/** True when the lane's failure is about something that has to be resolved first. */
function isSpokenFor({ lane }: Member): boolean {
  return ['rejected', 'quarantined', 'in-doubt'].includes(lane.state)
}

/** Undefined when nothing changes. */
function withProblems(fields: MemberFields, problems: readonly FieldProblem[]): MemberFields | undefined {
  const codes = new Map(problems.map(({ field, code }) => [field, code]))
  const changed = new Map<string, MemberField>()
  for (const [name, state] of Object.entries(fields)) {
    if (state.unreadable === undefined || codes.has(name)) continue
    const { unreadable: _readable, ...kept } = state
    changed.set(name, kept)
  }
  for (const [name, code] of codes) {
    const state = fields[name] ?? unseen
    if (state.unreadable !== code) changed.set(name, { ...state, unreadable: code })
  }
  return changed.size === 0 ? undefined : { ...fields, ...Object.fromEntries(changed) }
}

function failureOf(system: string, problems: readonly FieldProblem[]): Parameters<typeof keepFailure>[1] {
  const [first, ...others] = problems
  const names = others.slice(0, namesMax).map(({ field }) => field)
  const more = others.length > namesMax ? ' …' : ''
  const also = names.length === 0 ? '' : ` The same read could not parse ${names.join(', ')}${more}.`
  return {
    system,
    operation: 'read',
    code: first?.code ?? 'MAPPING_FAILED',
    message: `${first?.field ?? ''} in ${system} can't be read: ${first?.message ?? ''}.${also}`,
    replay: 'safe',
    about: problems.map(({ field }) => field).join(','),
  }
}
