/**
 * Fields whose lens changed since their base was taken.
 *
 * A base is compared only with values read through the same lens. Where the definition has another lens by
 * now, the next read gives the field a new base, and a difference from the agreed value is then a first
 * contact, not a change that somebody made. Values that were sent through the earlier lens settle first: as
 * long as one of them can still take effect, the field waits, is marked in the member's state, and is neither
 * merged nor written there.
 */
import { compareLenses, type LensDifference } from '../../model/lens/identity.ts'
import { hasBase } from '../../model/merge/member-field.ts'
import type { Member, MemberField, MemberFields } from '../../model/state.ts'
import type { MemberUpdate } from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'

export type LensContext = Pick<EngineContext, 'lenses' | 'integration'>

/**
 * Returns the fields of a member whose known state was read or written through another lens than the
 * definition's.
 */
export function outdatedFields(
  { lenses, integration }: LensContext,
  member: Member,
): ReadonlyMap<string, Exclude<LensDifference, 'none'>> {
  const current = lenses?.current(member)
  const part = integration.entities.get(member.entity)?.systems.get(member.system)
  const found = new Map<string, Exclude<LensDifference, 'none'>>()
  if (lenses === undefined || current === undefined || part === undefined) return found
  const through = lenses.readThrough(member, member.lens)
  for (const name of part.fields.keys()) {
    const state = member.fields[name]
    if (state === undefined || !restsOnLens(state)) continue
    const known = state.lens ?? (through === undefined ? current.fields[name] : through[name])
    const difference = compareLenses(known, current.fields[name])
    if (difference !== 'none') found.set(name, difference)
  }
  return found
}

/** True when the known state of the field was read or written through some lens. */
function restsOnLens(state: MemberField): boolean {
  return (
    hasBase(state) ||
    state.acked > 0 ||
    state.provisional !== undefined ||
    (state.own !== undefined && state.own.length > 0)
  )
}

/** True when everything known of the member was read through the definition's lenses. */
export function isReadThroughCurrent(context: LensContext, member: Member): boolean {
  const current = context.lenses?.current(member)
  if (context.lenses === undefined || current === undefined) return true
  if (Object.values(member.fields).some(({ lens }) => lens !== undefined)) return false
  const through = context.lenses.readThrough(member, member.lens)
  return through === undefined || through === current.fields
}

/**
 * Puts a member that was read under the current lens set. Fields that did not take a new base keep the
 * identity of the lens that they belong to.
 *
 * @param taken fields that took a new base
 */
export function underCurrentLenses(
  context: LensContext,
  member: Member,
  fields: MemberFields,
  taken: ReadonlySet<string>,
): Pick<MemberUpdate, 'lens' | 'fields'> {
  const current = context.lenses?.current(member)
  if (context.lenses === undefined || current === undefined) return {}
  const left = [...outdatedFields(context, member).keys()].filter((name) => !taken.has(name))
  const through = context.lenses.readThrough(member, member.lens)
  const next = new Map<string, MemberField>()
  for (const [name, state] of Object.entries(fields)) {
    const lens = left.includes(name)
      ? (member.fields[name]?.lens ?? through?.[name] ?? unknownLens)
      : undefined
    if (lens === state.lens) continue
    const { lens: _before, ...kept } = state
    next.set(name, lens === undefined ? kept : { ...kept, lens })
  }
  return {
    ...(member.lens === current.id ? {} : { lens: current.id }),
    ...(next.size === 0 ? {} : { fields: { ...fields, ...Object.fromEntries(next) } }),
  }
}

/** Stands for the lens of a field from an earlier definition that is no longer known. */
const unknownLens = '?.?'

/**
 * Records the lenses of fields that become known by a write, which goes through the current ones.
 *
 * A member without known fields comes under the current set. One that belongs to an earlier set keeps that
 * set until the next read, and each of its newly known fields records its own lens.
 */
export function withFirstLenses(context: LensContext, before: Member, update: MemberUpdate): MemberUpdate {
  const { lenses } = context
  const current = lenses?.current(before)
  const { fields } = update
  if (lenses === undefined || fields === undefined || current === undefined) return update
  if (before.lens === current.id) return update
  if (!Object.values(before.fields).some(restsOnLens)) return { lens: current.id, ...update }
  if (update.lens !== undefined || lenses.readThrough(before, before.lens) === undefined) return update
  const noted = Object.entries(fields).map(([name, state]): [string, MemberField] => {
    const known = before.fields[name]
    const isFirst = restsOnLens(state) && (known === undefined || !restsOnLens(known))
    const lens = isFirst ? (state.lens ?? current.fields[name]) : state.lens
    return [name, lens === undefined ? state : { ...state, lens }]
  })
  return { ...update, fields: Object.fromEntries(noted) }
}
