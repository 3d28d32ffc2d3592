/** The fields that a person named: each of them is in the definition, whether it was seen or not. */
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { pathSimilarity } from '../proposals/field-names.ts'
import type { FieldPair } from '../proposals/field-pair.ts'
import { typeFit } from '../proposals/field-types.ts'

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Above it, a name means what was asked for. */
const leastScore = 0.62

/** The property of a resource that a name means: of that name, of a path that ends with it, or of one that means the same. */
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

/** A text of that name, for a system that showed no such property. */
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

/** A pair that a person asked for, and what was seen of it. */
export function wantedPair(left: FieldDescription, right: FieldDescription, system: string): FieldPair {
  const { fit, type } = typeFit(left.type, right.type)
  const isSeen = left.nativeType !== 'unknown' && right.nativeType !== 'unknown'
  const reason = isSeen
    ? `named by --fields; ${left.nativeType} here, ${right.nativeType} there`
    : `named by --fields; it was not seen ${right.nativeType === 'unknown' ? `in ${system}` : 'in the first system'}, so its name and type are guesses`
  return {
    left,
    right,
    type: type ?? { kind: 'string' },
    confidence: isSeen && fit > 0 ? 'high' : 'low',
    reasons: [reason],
    source: 'both',
  }
}
