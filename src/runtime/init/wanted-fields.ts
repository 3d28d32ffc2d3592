/** Fields that the user named: each of them is in the definition, regardless of whether it was found. */
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { pathSimilarity } from '../proposals/field-names.ts'
import type { FieldPair } from '../proposals/field-pair.ts'
import { typeFit } from '../proposals/field-types.ts'

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Similarity above which a name matches the requested one. */
const leastScore = 0.62

/**
 * Finds the property of a resource for a name: with that name, with a path that ends with it, or with a
 * synonym.
 */
export function fieldNamed(
  { fields }: ResourceDescription,
  name: string,
  owners: readonly string[],
): FieldDescription | undefined {
  const steps = name.split('.')
  const whole = fields.find(({ path }) => plain(path.join('.')) === plain(name))
  const last = fields.find(({ path }) => plain(String(path.at(-1))) === plain(name))
  if (whole !== undefined || last !== undefined) return whole ?? last
  const scored = fields
    .map((field) => ({ field, score: pathSimilarity(field.path, steps, owners) }))
    .sort((a, b) => b.score - a.score)
  const [best] = scored
  return best !== undefined && best.score >= leastScore ? best.field : undefined
}

/** Returns a text field of that name, for a system in which no such property was found. */
export function unseenField(name: string): FieldDescription {
  return {
    path: name.split('.'),
    nativeType: 'unknown',
    required: false,
    nullable: true,
    creatable: true,
    updatable: true,
  }
}

/** Creates a pair that the user requested, with what was found about it. */
export function wantedPair(left: FieldDescription, right: FieldDescription, system: string): FieldPair {
  const { fit, type } = typeFit(left.type, right.type)
  const isSeen = left.nativeType !== 'unknown' && right.nativeType !== 'unknown'
  const reason = isSeen
    ? `named by --fields; ${left.nativeType} here, ${right.nativeType} there`
    : `named by --fields; it was not found ${right.nativeType === 'unknown' ? `in ${system}` : 'in the first system'}, so its name and type are guesses`
  return {
    left,
    right,
    type: type ?? { kind: 'string' },
    confidence: isSeen && fit > 0 ? 'high' : 'low',
    reasons: [reason],
    source: 'both',
  }
}
