/** Effects of a read on the fields whose lens changed: see `lens-change.ts`. */
import type { LensDifference } from '../../model/lens/identity.ts'
import { hasBase } from '../../model/merge/member-field.ts'
import type { Member } from '../../model/state.ts'
import type { MemberUpdate } from '../../store/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { isReadThroughCurrent, outdatedFields } from '../pass/lens-change.ts'
import { addNeed } from '../pass/pass.ts'
import { type Place, placeOf } from '../place.ts'

/** Effects of a read on the fields whose lens changed. */
export interface LensEffects {
  /** Fields that take a new base from this read, and how their lens changed. */
  readonly rebase: ReadonlyMap<string, Exclude<LensDifference, 'none'>>
  /** Fields that have to wait until the values sent through the earlier lens are settled. */
  readonly waiting: ReadonlySet<string>
}

const unchanged: LensEffects = { rebase: new Map(), waiting: new Set() }

/** Evaluates a read begun at `at`, and requests another one where a field has to wait. */
export function judgeLenses(pass: Pass, place: Place, member: Member, at: number): LensEffects {
  const outdated = outdatedFields(pass.context, member)
  if (outdated.size === 0) return unchanged
  const { inflightMs, read } = place.resource.capabilities
  const settleMs = inflightMs + read.lagMs
  const rebase = new Map<string, Exclude<LensDifference, 'none'>>()
  const waiting = new Set<string>()
  let settledAt = 0
  for (const [name, difference] of outdated) {
    const latest = Math.max(...(member.fields[name]?.own ?? []).map(({ notAfter }) => notAfter + settleMs))
    if (at > latest && !pass.intents.has(member.system)) rebase.set(name, difference)
    else {
      waiting.add(name)
      settledAt = Math.max(settledAt, latest)
    }
  }
  // An intent in doubt schedules the next pass by itself.
  if (waiting.size > 0 && Number.isFinite(settledAt)) {
    addNeed(pass, { at: settledAt + 1, why: 'lens-changed', toRead: [member.system] })
  }
  return { rebase, waiting }
}

/** Number of the place's current lens set, for a record that is set aside. */
export function currentLens(pass: Pass, system: string): Pick<MemberUpdate, 'lens'> {
  const current = pass.context.lenses?.current({ system, entity: pass.entity.name })
  return current === undefined ? {} : { lens: current.id }
}

/** True when every field of the write was absorbed there through the current lens. */
export function replacesOnlyAbsorbed(pass: Pass, member: Member, fields: readonly string[]): boolean {
  const { part } = placeOf(pass.context, member.system, pass.entity.name)
  if (!isReadThroughCurrent(pass.context, member)) return false
  return fields.every((name) => {
    const state = member.fields[name]
    return part.fields.get(name)?.readable === false || (state !== undefined && hasBase(state))
  })
}
