/**
 * Values that a system fills in by itself when we create a record there: a column's default, an initial
 * status.
 *
 * They are nobody's edit. Where the create left the field out because it had no value, the default may become
 * the agreed value only if the field's policy ranks this system before every other; otherwise it is not
 * propagated. Where the agreed value is empty, or was agreed since, that value is written.
 *
 * Only an observation of the version that the create made, or of the value that its response showed,
 * identifies a default with certainty. Any other value may have been entered by a person since. Where nothing
 * is agreed it counts as entered, since otherwise an edit would reach no other system while all seem to
 * agree. Where something is agreed, the agreed value is written over it, since a default must not replace a
 * stated value; the overwritten value is kept as a visible conflict.
 */

import type { CreatedBlank } from '../state.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import { equivalent, isEmpty, isStatedEmpty, type MaybeValue } from './equivalence.ts'
import { absorb, acknowledge, markCoerced } from './member-field.ts'
import type { Classification, ClassifyInput } from './observed-field.ts'

/** Policy of the conflict that keeps a value which may be a default or an edit. */
export const defaultPolicy = 'target-default'

/** Classifies a value that the system itself has filled in; undefined when it is not known to be one. */
export function ownDefault({
  shape,
  role,
  state,
  agreed,
  observed,
  read,
}: ClassifyInput): Classification | undefined {
  if (state.blank === undefined || isEmpty(observed)) return undefined
  const isCertain = state.blank !== true && isKnownDefault(role, state.blank, observed, read.version)
  const absorbed = absorb(state, observed)
  // This value differs from what the create acknowledged: the agreed value is written, and verified like any
  // write.
  if (!isEmpty(agreed.value) || isStatedEmpty(agreed.value)) {
    return { kind: 'missing', state: acknowledge(absorbed, 0), ...(isCertain ? {} : { maybeEdited: true }) }
  }
  if (isCertain ? mayFill(shape, role) : isSource(shape, role))
    return { kind: 'changed', concurrent: false, edited: false }
  const settled = acknowledge(absorbed, agreed.rev)
  return { kind: 'settled', state: agreed.rev > 0 ? markCoerced(settled) : settled }
}

function isKnownDefault(
  { settings }: FieldRole,
  { version, shown }: CreatedBlank,
  observed: MaybeValue,
  seen: string | undefined,
): boolean {
  if (version !== undefined && version === seen) return true
  return shown !== undefined && equivalent(settings, observed, shown)
}

/** True when values entered in this system count. */
function isSource({ field }: FieldShape, role: FieldRole): boolean {
  return role.origin === 'allowed' && (field.owner === undefined || field.owner === role.system)
}

/**
 * True for the owner of the field, or the system that the policy ranks before all others that could have set
 * the value.
 */
function mayFill({ field, roles }: FieldShape, role: FieldRole): boolean {
  if (field.owner !== undefined) return field.owner === role.system
  const { policy } = field
  if (policy.kind === 'manual' || policy.kind === 'union') return false
  const rankOf = ({ system, index }: FieldRole): number => {
    const named = policy.rank.indexOf(system)
    return named >= 0 ? named : policy.rank.length + index
  }
  return roles
    .filter((other) => other.settings.readable && other.origin === 'allowed')
    .every((other) => other === role || rankOf(role) < rankOf(other))
}
