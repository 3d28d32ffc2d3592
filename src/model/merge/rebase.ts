/**
 * A field whose lens changed: it gives its base up, and its next look is a first contact.
 *
 * What the system held before was read through another mapping. Nothing follows from comparing it with what is read now, so nobody counts as
 * having changed anything. As at a first contact, equal values are in agreement, a value that only one side has fills the other, and two
 * different values go by the conflict policy. Unlike there, both sides may have been in agreement for years: a decision that would empty
 * what one of them holds is left to a person.
 */
import { parseCanonical } from '../canonical/canonical.ts'
import { isCanonicalObject } from '../canonical/object.ts'
import type { Field } from '../integration.ts'
import type { AgreedField, MemberField } from '../state.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { isEmpty, type MaybeValue, sameValue } from './equivalence.ts'

/** Policy of a conflict that is held because a change of the mapping would empty a value. */
export const lensChangePolicy = 'mapping-changed'

/** The state of a field that begins anew. What a person was told of it stays. */
export function withoutBase({ hold, awaits, unreadable, writeOnly }: MemberField): MemberField {
  return {
    acked: 0,
    rebased: true,
    ...(hold === undefined ? {} : { hold }),
    ...(awaits === undefined ? {} : { awaits }),
    ...(unreadable === undefined ? {} : { unreadable }),
    ...(writeOnly === undefined ? {} : { writeOnly }),
  }
}

/**
 * The agreed value of a field whose own declaration changed (its type or normalisers), in the form it has by now. A value that has no such
 * form is agreed no more: the systems' own values decide.
 */
export function reformAgreed(field: Field, agreed: AgreedField): AgreedField {
  const { value } = agreed
  if (value === undefined || value === null) return agreed
  if (holdsReference(field.type)) return agreed
  const reformed = reform(field, value)
  if (reformed !== undefined) return { ...agreed, value: reformed }
  const { value: _value, changedAt: _changedAt, answers: _answers, ...kept } = agreed
  return { ...kept, value: undefined, rev: 0 }
}

function reform({ type, normalise }: Field, value: NonNullable<MaybeValue>): MaybeValue {
  const parsed = parseCanonical(type, value)
  if (!parsed.ok || parsed.value === undefined) return undefined
  try {
    return normalise(parsed.value)
  } catch {
    // A function of the definition that can't take the value: then it has no form under this definition.
    return undefined
  }
}

/** References are agreed as record ids, which no system's spelling can be parsed from. */
function holdsReference(type: FieldType): boolean {
  switch (type.kind) {
    case 'ref':
      return true
    case 'set':
    case 'list':
      return holdsReference(type.of)
    case 'group':
      return Object.values(type.fields).some(holdsReference)
    default:
      return false
  }
}

/**
 * Two groups as one, where each only lacks what the other has; undefined where they disagree in a part, since halves of two different values
 * (the street of one address, the city of another) must not be mixed.
 */
export function joinGroups(type: FieldType, left: MaybeValue, right: MaybeValue): MaybeValue {
  if (type.kind !== 'group' || !isCanonicalObject(left) || !isCanonicalObject(right)) return undefined
  const joined: Record<string, CanonicalValue> = {}
  for (const name of Object.keys(type.fields)) {
    const one = Object.hasOwn(left, name) ? left[name] : undefined
    const other = Object.hasOwn(right, name) ? right[name] : undefined
    if (!isEmpty(one) && !isEmpty(other) && !sameValue(one, other)) return undefined
    const part = isEmpty(one) ? (other ?? one) : one
    if (part !== undefined) joined[name] = part
  }
  return joined
}

/** Whether something that holds a value now would hold none: the whole of it, or a part of a group. */
export function wouldEmpty(before: MaybeValue, after: MaybeValue): boolean {
  if (isEmpty(before)) return false
  if (isEmpty(after)) return true
  if (!isCanonicalObject(before) || !isCanonicalObject(after)) return false
  return Object.entries(before).some(([part, value]) =>
    wouldEmpty(value, Object.hasOwn(after, part) ? after[part] : undefined),
  )
}
