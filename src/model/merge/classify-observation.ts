/**
 * Classifies one observation of one field in one system (the cases a to d of the merge).
 *
 * - `quiet`: nothing new; the state may have been confirmed
 * - `settled`: the value is our own or already agreed; absorbed, not a change
 * - `missing`: not entered here, while something else is agreed: never absorbed here and empty, or filled in
 *   by the system itself when we created the record; absorbed, and to be written
 * - `empty`: never absorbed here, nothing agreed, and explicitly empty
 * - `changed`: somebody changed it
 *
 * A write that no observation has verified yet is judged first (`unverified-write.ts`): the value from before
 * it is no change.
 */

import { isRecognisedCoercion } from '../coercion.ts'
import type { AgreedField, MemberField } from '../state.ts'
import { equivalent, isEmpty, isStatedEmpty, type MaybeValue } from './equivalence.ts'
import {
  absorb,
  acknowledge,
  confirmWrite,
  forgetDefault,
  forgetWrote,
  hasBase,
  isUnverified,
  markCoerced,
} from './member-field.ts'
import type { Classification, ClassifyInput } from './observed-field.ts'
import { ownDefault } from './own-default.ts'
import { findOwnWrite } from './own-writes.ts'
import { isConcurrent, judgeUnverified } from './unverified-write.ts'

/** Classifies `observed`, given the known state of the field in that system and the agreed value. */
export function classifyObservation(question: ClassifyInput): Classification {
  const { shape, role, state, agreed, observed } = question
  const known = hasBase(state)
  if (known && equivalent(role.settings, observed, state.shadow)) {
    return { kind: 'quiet', state: forgetDefault(forgetWrote(confirmWrite(state))) }
  }
  if (equivalent(role.settings, observed, agreed.value)) {
    return { kind: 'settled', state: forgetWrote(acknowledge(absorb(state, observed), agreed.rev)) }
  }
  const unverified = judgeUnverified({ ...question.read, role, type: shape.field.type, state, observed })
  if (unverified?.kind === 'pending') return { kind: 'quiet', state }
  if (unverified !== undefined) return { kind: 'settled', state: unverified.state, note: unverified.kind }
  const own = ownValue(question)
  if (own !== undefined) return own
  const ofItself = ownDefault(question)
  if (ofItself !== undefined) return ofItself
  if (!known) return firstContact(state, agreed, observed)
  return { kind: 'changed', concurrent: isConcurrent(state, agreed.rev, question.read), edited: true }
}

/**
 * Case c: one of our writes, as it was sent or as the system stored it, possibly an older one that took
 * effect late.
 */
function ownValue({ shape, role, state, agreed, observed }: ClassifyInput): Classification | undefined {
  const type = shape.field.type
  if (isUnverified(state) && isRecognisedCoercion(state.shadow, observed, type) !== undefined) {
    const rev = Math.max(state.acked, state.provisional ?? 0)
    const settled = forgetWrote(markCoerced(acknowledge(absorb(state, observed), rev)))
    return { kind: 'settled', state: settled, note: 'coerced' }
  }
  const own = findOwnWrite({ settings: role.settings, type }, state, observed)
  if (own === undefined) return undefined
  // Sent for another record, before the counterpart was moved to this one, which has no value: a first
  // contact decides, as for a value that was known when it was moved.
  if (own.rev === 0 && isEmpty(agreed.value)) return undefined
  // The revision may decrease: the system holds an older value of ours again, so the newer one has to be
  // written once more.
  const absorbed = acknowledge(absorb(state, observed), own.rev)
  // A value sent for another record may arrive after the counterpart was moved to this one.
  const isInherited = own.rev === 0 && state.inherited === true
  const settled = isInherited ? { ...absorbed, inherited: true as const } : absorbed
  if (own.coerced) {
    // A form of our last write verifies it like the value itself: later changes are not attributed to the
    // system's processing of it.
    const verified = own.rev >= state.acked ? forgetWrote(settled) : settled
    return { kind: 'settled', state: markCoerced(verified), note: 'coerced' }
  }
  return {
    kind: 'settled',
    state: settled,
    ...(own.rev < state.acked ? { note: 'resurfaced' as const } : {}),
  }
}

/**
 * No base: nothing was ever absorbed here, so it is unknown who changed what. Where only one side has a
 * value, it is used and no conflict arises; two different values are a conflict.
 */
function firstContact(state: MemberField, agreed: AgreedField, observed: MaybeValue): Classification {
  if (!isEmpty(observed)) {
    return {
      kind: 'changed',
      concurrent: !isEmpty(agreed.value),
      edited: false,
    }
  }
  if (!isEmpty(agreed.value)) return { kind: 'missing', state: absorb(state, observed) }
  if (agreed.rev === 0 && isStatedEmpty(observed)) return { kind: 'empty', state: absorb(state, observed) }
  const settled = acknowledge(absorb(state, observed), agreed.rev)
  return { kind: 'settled', state: agreed.rev > 0 ? markCoerced(settled) : settled }
}
