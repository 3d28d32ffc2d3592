/**
 * Values that a system fills in by itself when we create a record there: a column's default, a status that every new record gets.
 *
 * They are nobody's edit. Where the create left the field out for want of a value, the default may fill the agreed value only if the field's policy
 * puts this system before every other; else it stays where it is. Where the agreed value is an empty one, or came up since, that value is written.
 *
 * Only a look at the very version that the create made shows a default for certain. In any other, the value may as well have been entered by a
 * person since. It is written over all the same, since a default must not pass for an edit, but it is kept as a conflict that people can see.
 */
import type { ClassifyInput, Look } from './classify-observation.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import { isEmpty, isStatedEmpty } from './equivalence.ts'
import { absorb, acknowledge, markCoerced } from './member-field.ts'

/** Policy of the conflict that keeps a value of which nobody can tell whether it is a default or an edit. */
export const defaultPolicy = 'target-default'

/** What a value means that the system itself has put there; undefined when it is not known to be one. */
export function ownDefault({ shape, role, state, agreed, observed, look }: ClassifyInput): Look | undefined {
  if (state.blank !== true || isEmpty(observed)) return undefined
  const absorbed = absorb(state, observed)
  // Whatever the create acknowledged, this is not it: what is agreed is written, and verified like any write.
  if (!isEmpty(agreed.value) || isStatedEmpty(agreed.value)) {
    const created = state.replaced?.version
    const isCertain = created !== undefined && look.version === created
    return { kind: 'missing', state: acknowledge(absorbed, 0), ...(isCertain ? {} : { maybeEdited: true }) }
  }
  if (mayFill(shape, role)) return { kind: 'changed', concurrent: false, edited: false }
  const settled = acknowledge(absorbed, agreed.rev)
  return { kind: 'settled', state: agreed.rev > 0 ? markCoerced(settled) : settled }
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
