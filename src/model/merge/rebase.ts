/**
 * A field whose lens changed: it drops its base, and its next observation is a first contact.
 *
 * The previous value was read through another mapping. Comparing it with the value read now is meaningless,
 * so nobody counts as having changed anything. As at a first contact, equal values are in agreement, a value
 * that only one side has fills the other, and two different values are resolved by the conflict policy.
 * Unlike there, both sides may have been in agreement for years: a decision that would empty a value of
 * either of them is left for review.
 */
import { parseCanonical } from '../canonical/canonical.ts'
import { isCanonicalObject } from '../canonical/object.ts'
import type { Field } from '../integration.ts'
import type { AgreedField, MemberField } from '../state.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { isEmpty, type MaybeValue, sameValue } from './equivalence.ts'

/** Policy of a conflict that is held because a change of the mapping would empty a value. */
export const lensChangePolicy = 'mapping-changed'

/** The state of a field that starts over. What was reported about it stays. */
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
 * Converts the agreed value of a field whose own declaration changed (its type or normalisers) to its new
 * form. A value that has no such form is no longer agreed: the systems' own values decide.
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
    // A function of the definition fails on the value: it has no form under this definition.
    return undefined
  }
}

/** References are agreed as record ids, which can't be parsed from any system's representation. */
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
 * Joins two groups where each only lacks parts that the other has; undefined where they differ in a part,
 * since parts of two different values (the street of one address, the city of another) must not be mixed.
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

/** True when something that holds a value now would hold none: the whole value, or a part of a group. */
export function wouldEmpty(before: MaybeValue, after: MaybeValue): boolean {
  if (isEmpty(before)) return false
  if (isEmpty(after)) return true
  if (!isCanonicalObject(before) || !isCanonicalObject(after)) return false
  return Object.entries(before).some(([part, value]) =>
    wouldEmpty(value, Object.hasOwn(after, part) ? after[part] : undefined),
  )
}
