/**
 * Fields held for review.
 *
 * A hold begins when the `manual` policy meets different candidates (`AgreedField.heldBy`); other fields
 * continue. While it lasts, edits are absorbed and added to the conflict, and nothing is written. It ends by
 * a person's decision, or automatically once all sides are equal.
 */
import type { AgreedField } from '../state.ts'
import { agree, commonValue } from './agree.ts'
import { agreedCandidate, candidateOf, draftCandidates, type SeenChange } from './change.ts'
import {
  addConflict,
  agreedFields,
  type FieldMerge,
  fieldState,
  type Side,
  setAgreed,
  setFieldState,
} from './drafts.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import { sameValue } from './equivalence.ts'
import { completeSide, type PartialSide } from './group-parts.ts'
import { acknowledge, hasBase } from './member-field.ts'
import type { RankedCandidate } from './policies.ts'

/** Adds changes to the conflict that holds the field. */
export function keepForHold(
  { pass, shape }: FieldMerge,
  conflictId: string,
  changes: readonly SeenChange[],
): void {
  addConflict(pass, {
    id: conflictId,
    field: shape.name,
    candidates: draftCandidates(changes.map(candidateOf)),
    policy: shape.field.policy.kind,
  })
  disown(
    shape,
    changes.filter((change) => change.role.origin !== 'allowed'),
  )
}

/**
 * Systems that may not change the field no longer count as holding the agreed value: they are written to when
 * the hold ends.
 */
export function disown(shape: FieldShape, refused: readonly SeenChange[]): void {
  for (const { side } of refused) {
    setFieldState(side, shape.name, acknowledge(fieldState(side, shape.name), 0))
  }
}

/** Ends the hold if every system that may change the field now holds the same value. */
export function releaseIfEqual(at: FieldMerge): void {
  const { pass, shape } = at
  const agreed = agreedFields(pass)[shape.name]
  if (agreed?.heldBy === undefined) return
  const sides = currentValues(at, agreed)
  const common = sides === undefined ? undefined : commonValue(shape, sides)
  if (sides === undefined || common === undefined) return
  // A value that is already agreed needs no new revision, whoever holds it: the revision would look like a
  // change by that system.
  const winner = sameValue(common.value, agreed.value) ? 'agreed' : common.system
  addConflict(pass, {
    id: agreed.heldBy,
    field: shape.name,
    candidates: draftCandidates(winner === 'agreed' ? [agreedCandidate(agreed)] : sides),
    policy: shape.field.policy.kind,
    winner,
  })
  if (winner === 'agreed') {
    const { heldBy: _released, ...kept } = agreed
    setAgreed(pass, shape.name, kept)
    return
  }
  agree(at, agreed, { kind: 'winner', candidate: common, by: 'single' })
}

/**
 * The known current value of each side: the observation, otherwise the shadow. Undefined when a side is
 * unknown or there is none. The agreed value is a side of its own when no system holds it, or when only one
 * is left: a single side's agreement with itself resolves nothing.
 */
function currentValues(
  { pass, shape }: FieldMerge,
  agreed: AgreedField,
): readonly RankedCandidate[] | undefined {
  const values: RankedCandidate[] = []
  const sides: PartialSide[] = []
  for (const role of shape.roles) {
    const side = pass.sides[role.index]
    if (side === undefined || !takesPart(role, side)) continue
    const state = fieldState(side, shape.name)
    if (!hasBase(state)) return undefined
    // A value written there for another record does not resolve this conflict.
    if (state.inherited === true) continue
    values.push({
      system: role.system,
      standsFor: role.system,
      value: state.shadow,
      base: state.shadow,
      at: side.observation?.at ?? agreed.at,
    })
    sides.push({ settings: role.settings, value: state.shadow, base: agreed.value })
  }
  if (values.length === 0) return undefined
  for (const [index, side] of sides.entries()) {
    const value = values[index]
    if (value !== undefined && shape.isPartial)
      values[index] = { ...value, value: completeSide(shape.field.type, side, sides, agreed.value) }
  }
  const stands = values.length > 1 && values.some((value) => value.system === agreed.src)
  return stands ? values : [...values, agreedCandidate(agreed)]
}

function takesPart(role: FieldRole, side: Side): boolean {
  return role.origin === 'allowed' && role.settings.readable && side.member.state === 'linked'
}
