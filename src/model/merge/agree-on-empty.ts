/**
 * Handles a record with an *empty* value at first contact, where no system has a value: the empty text, list
 * or object becomes the agreed value, so that a counterpart created later gets it, and no default of another
 * system takes its place.
 *
 * Systems with null or an absent value there are in agreement: at first contact no system is written to only
 * to change the representation of an empty value.
 */
import { agree } from './agree.ts'
import { nothingAgreed } from './change.ts'
import { agreedFields, type FieldMerge, fieldState, type Side, setFieldState } from './drafts.ts'
import type { FieldRole } from './entity-shape.ts'
import { isEmpty } from './equivalence.ts'
import { acknowledge, hasBase, isUnverified, markCoerced } from './member-field.ts'

/** @param empties the systems that were observed to hold an empty value, in the order of the definition */
export function agreeOnEmpty(at: FieldMerge, empties: readonly FieldRole[]): void {
  const { pass, shape } = at
  const before = agreedFields(pass)[shape.name] ?? nothingAgreed
  const origin = empties.find((role) => role.origin === 'allowed')
  if (origin === undefined || before.rev > 0 || before.heldBy !== undefined) return
  const observation = pass.sides[origin.index]?.observation
  if (observation === undefined) return
  const value = observation.values[shape.name]
  const { changedAt } = observation
  agree(at, before, {
    kind: 'winner',
    candidate: {
      system: origin.system,
      standsFor: origin.system,
      value,
      base: undefined,
      at: changedAt ?? observation.at,
      ...(changedAt === undefined ? {} : { changedAt }),
    },
    by: 'single',
  })
  const { rev } = agreedFields(pass)[shape.name] ?? nothingAgreed
  for (const role of shape.roles) {
    const side = pass.sides[role.index]
    if (side === undefined || !role.settings.readable || !holdsNothing(side, shape.name)) continue
    const state = fieldState(side, shape.name)
    if (state.acked < rev) setFieldState(side, shape.name, markCoerced(acknowledge(state, rev)))
  }
}

/**
 * Judged by the observation of this pass, otherwise by what was absorbed before and is not waiting for
 * verification.
 */
function holdsNothing(side: Side, field: string): boolean {
  const { observation } = side
  if (observation !== undefined) return !observation.unknown.has(field) && isEmpty(observation.values[field])
  const state = fieldState(side, field)
  return hasBase(state) && isEmpty(state.shadow) && !isUnverified(state) && state.own === undefined
}
