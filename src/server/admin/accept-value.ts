/** A value that a person gives for a field: in canonical form, normalised and checked like every other. */
import { parseCanonical } from '../../model/canonical/canonical.ts'
import { findConstraintProblem } from '../../model/canonical/constraints.ts'
import type { Integration } from '../../model/integration.ts'
import type { CanonicalValue } from '../../model/values.ts'
import { conflict, invalid } from './problems.ts'

/** @throws API_INVALID_REQUEST when it does not fit the field · API_CONFLICT when the definition has no such field any more */
export function acceptValue(
  { entities }: Integration,
  { entity, field: name }: { readonly entity: string; readonly field: string },
  given: unknown,
): CanonicalValue {
  const field = entities.get(entity)?.fields.get(name)
  if (field === undefined) throw conflict(`the definition has no field ${entity}.${name} any more`)
  if (given === null) return null
  if (field.type.kind === 'ref' && typeof given === 'string') return given
  const parsed = parseCanonical(field.type, given)
  if (!parsed.ok) throw invalid([{ in: 'body', at: 'value', message: parsed.problem.message }])
  const value = field.normalise(parsed.value)
  const problem = findConstraintProblem(field.type, value)
  if (problem !== undefined) throw invalid([{ in: 'body', at: 'value', message: problem.message }])
  return value
}
