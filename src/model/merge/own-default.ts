/**
 * Values that a system fills in by itself when we create a record there: a column's default, a status that every new record gets.
 *
 * They are nobody's edit. Where the create left the field out for want of a value, the default may fill the agreed value only if the field's policy
 * puts this system before every other; else it stays where it is. Where the agreed value is an empty one, or came up since, that value is written.
 *
 * Only a look at the very version that the create made, or at the value that its response showed, shows a default for certain. Any other may as
 * well have been entered by a person since. Where nothing is agreed it counts as entered, since an edit that reaches no other system is lost while all seem to agree. Where
 * something is agreed, that is written over it, since a default must not take the place of a stated value; what was there is kept as a conflict
 * that people can see.
 */

import type { CreatedBlank } from '../state.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import { equivalent, isEmpty, isStatedEmpty, type MaybeValue } from './equivalence.ts'
import { absorb, acknowledge, markCoerced } from './member-field.ts'
import type { ClassifyInput, Look } from './observed-field.ts'

/** Policy of the conflict that keeps a value of which nobody can tell whether it is a default or an edit. */
export const defaultPolicy = 'target-default'

/** What a value means that the system itself has put there; undefined when it is not known to be one. */
export function ownDefault({ shape, role, state, agreed, observed, look }: ClassifyInput): Look | undefined {
  if (state.blank === undefined || isEmpty(observed)) return undefined
  const isCertain = state.blank !== true && isKnownDefault(role, state.blank, observed, look.version)
  const absorbed = absorb(state, observed)
  // Whatever the create acknowledged, this is not it: what is agreed is written, and verified like any write.
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

/** Values that people enter here count. */
function isSource({ field }: FieldShape, role: FieldRole): boolean {
  return role.origin === 'allowed' && (field.owner === undefined || field.owner === role.system)
}

/** The owner of the field, or the system that the policy ranks before all others that could have given the value. */
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
