/**
 * The oscillation breaker: systems that rewrite a field on each of our writes would cause writes to each
 * other endlessly.
 *
 * A change first observed after a write of ours to the same field is *induced*: the system may have made it
 * itself. This applies only shortly after the write: people who change a field in turn, hours apart, are no
 * loop. Two such systems alternate, so the induced changes of all systems are counted together; at the limit
 * the field is held in the system that made the last one, until a person releases it. The change itself is
 * absorbed like any other.
 */
import type { MemberField } from '../state.ts'
import { type FieldMerge, fieldState, type Side } from './drafts.ts'

/** Induced changes are counted over this period. */
const windowMs = 24 * 60 * 60 * 1000

/** Whether an observation begun at `at` may show a change that the system made because of our last write. */
export function isInduced(state: MemberField, at: number, noticeMs = Number.POSITIVE_INFINITY): boolean {
  if (state.wrote === undefined) return false
  const { own = [] } = state
  return own.length === 0 || at <= Math.max(...own.map(({ notAfter }) => notAfter)) + noticeMs
}

/** Counts one more induced change of the field in this system, and holds it at the limit. */
export function countInducedChange({ pass, shape }: FieldMerge, side: Side, state: MemberField): MemberField {
  const { now, entity } = pass.input
  const since = isCurrent(state, now) ? (state.oscillation?.since ?? now) : now
  const count = countOf(state, now) + 1
  const elsewhere = shape.roles
    .map((role) => pass.sides[role.index])
    .reduce(
      (sum, other) =>
        other === undefined || other === side ? sum : sum + countOf(fieldState(other, shape.name), now),
      0,
    )
  const total = count + elsewhere
  if (total < entity.oscillationLimit || state.hold !== undefined) {
    return { ...state, oscillation: { count, since } }
  }
  pass.oscillations.push({ system: side.system, field: shape.name, count: total })
  // The count is reset, so that a released field is not held again by the next change.
  const { oscillation: _counted, ...kept } = state
  return { ...kept, hold: { reason: 'oscillation', at: now } }
}

function isCurrent(state: MemberField, now: number): boolean {
  return state.oscillation !== undefined && now - state.oscillation.since <= windowMs
}

function countOf(state: MemberField, now: number): number {
  return isCurrent(state, now) ? (state.oscillation?.count ?? 0) : 0
}
