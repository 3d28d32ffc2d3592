/** A value that a person gives for a field: in canonical form, normalised and checked like every other. */
import type { CanonicalValue, FieldType } from '../values.ts'
import { parseCanonical } from './canonical.ts'
import { findConstraintProblem } from './constraints.ts'

/** `reason`: why it does not fit the field. */
export type AcceptedValue =
  | { readonly ok: true; readonly value: CanonicalValue }
  | { readonly ok: false; readonly reason: string }

/** What a value has to fit: a field of an entity. */
interface AcceptingField {
  readonly type: FieldType
  readonly normalise: (value: CanonicalValue) => CanonicalValue
}

/** Accepts a value as a system would give it; null is no value. */
export function acceptValue({ type, normalise }: AcceptingField, given: unknown): AcceptedValue {
  if (given === null) return { ok: true, value: null }
  // A reference is the id of a record of ours.
  const isReference = type.kind === 'ref' && typeof given === 'string'
  const parsed = isReference ? ({ ok: true, value: given } as const) : parseCanonical(type, given)
  if (!parsed.ok) return { ok: false, reason: parsed.problem.message }
  const value = normalise(parsed.value)
  const problem = findConstraintProblem(type, value)
  return problem === undefined ? { ok: true, value } : { ok: false, reason: problem.message }
}
