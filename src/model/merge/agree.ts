/** Makes a value the agreed one. */
import type { AgreedField } from '../state.ts'
import { type FieldMerge, fieldState, setAgreed, setFieldState } from './drafts.ts'
import type { FieldShape } from './entity-shape.ts'
import { equivalent, type MaybeValue, sameValue } from './equivalence.ts'
import { keepsOtherParts } from './group-parts.ts'
import { acknowledge, hasBase, isUnverified } from './member-field.ts'
import type { PolicyDecision, RankedCandidate } from './policies.ts'

/**
 * The value that every candidate stands for, within what its own system can represent: then there is nothing
 * to disagree about.
 */
export function commonValue(
  shape: FieldShape,
  candidates: readonly RankedCandidate[],
): RankedCandidate | undefined {
  return candidates.find((common) =>
    candidates.every((other) => {
      if (other === common) return true
      const role = shape.roles.find(({ system }) => system === other.standsFor)
      if (role === undefined) return sameValue(other.value, common.value)
      if (!equivalent(role.settings, other.value, common.value)) return false
      // The agreed value may hold parts of a group that the system it came from does not have.
      return (
        other.system !== 'agreed' ||
        keepsOtherParts(shape.field.type, role.settings, other.value, common.value)
      )
    }),
  )
}

/**
 * Makes the verdict the agreed value under a new revision, and acknowledges it for every system that was
 * observed to hold it.
 */
export function agree(
  { pass, shape }: FieldMerge,
  before: AgreedField,
  verdict: Exclude<PolicyDecision, { kind: 'held' }>,
): void {
  pass.rev += 1
  const { heldBy: _released, ...kept } = before
  const after =
    verdict.kind === 'winner' && verdict.candidate.system === 'agreed'
      ? { ...kept, value: verdict.candidate.value, rev: pass.rev }
      : { ...originOf(shape, verdict), rev: pass.rev, at: pass.input.now }
  setAgreed(pass, shape.name, after)
  pass.changes.push({
    field: shape.name,
    from: before.value,
    to: after.value,
    rev: after.rev,
    src: after.src,
    by: verdict.by,
  })
  acknowledgeSeen({ pass, shape }, after.value, after.rev)
}

function originOf(
  shape: FieldShape,
  verdict: Exclude<PolicyDecision, { kind: 'held' }>,
): { value: MaybeValue; src: string; changedAt?: number } {
  if (verdict.kind === 'computed') {
    return { value: shape.field.normalise(verdict.value ?? null), src: 'merge' }
  }
  const { value, system, changedAt } = verdict.candidate
  return { value, src: system, ...(changedAt === undefined ? {} : { changedAt }) }
}

function acknowledgeSeen({ pass, shape }: FieldMerge, value: MaybeValue, rev: number): void {
  for (const role of shape.roles) {
    const side = pass.sides[role.index]
    const observation = side?.observation
    if (side === undefined || observation === undefined) continue
    if (!role.settings.readable || observation.unknown.has(shape.name)) continue
    if (!equivalent(role.settings, observation.values[shape.name], value)) continue
    const state = fieldState(side, shape.name)
    // The value from before a write of ours that may still be applied, and would replace it.
    if (isUnverified(state) && hasBase(state) && !equivalent(role.settings, state.shadow, value)) continue
    setFieldState(side, shape.name, acknowledge(state, rev))
  }
}
