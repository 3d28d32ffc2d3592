/**
 * Transitions of one field's state in one system. Each returns a new state; states are never changed in
 * place.
 */
import type { MemberField } from '../state.ts'
import type { MaybeValue } from './equivalence.ts'

/** A field about which nothing is known yet. */
export const unseen: MemberField = Object.freeze({ acked: 0 })

/** True once the field was absorbed, as a value or as *absent*: changes can be detected from then on. */
export function hasBase(state: MemberField): boolean {
  return state.shadow !== undefined || state.shadowAbsent === true
}

/** Absorbs the value: it is the base for detecting the next change. Unverified and coerced states end. */
export function absorb(state: MemberField, value: MaybeValue): MemberField {
  const {
    shadow: _shadow,
    shadowAbsent: _absent,
    provisional: _provisional,
    coerced: _coerced,
    replaced: _replaced,
    notStored: _notStored,
    unclear: _unclear,
    contested: _contested,
    taken: _taken,
    blank: _blank,
    inherited: _inherited,
    ...kept
  } = state
  return value === undefined ? { ...kept, shadowAbsent: true } : { ...kept, shadow: value }
}

/** The system is known to hold this agreed revision. */
export function acknowledge(state: MemberField, rev: number): MemberField {
  if (rev > 0 && (state.rebased === true || state.inherited === true)) {
    const { rebased: _rebased, inherited: _inherited, ...kept } = state
    return { ...kept, acked: rev }
  }
  return state.acked === rev ? state : { ...state, acked: rev }
}

/** True while no observation has shown that our last write is stored. */
export function isUnverified(state: MemberField): boolean {
  return state.provisional !== undefined || state.replaced !== undefined
}

/** An observation has shown that our last write is stored: the value itself is the proof. */
export function confirmWrite(state: MemberField): MemberField {
  if (!isUnverified(state) && state.notStored === undefined) return state
  const { provisional, replaced: _replaced, notStored: _notStored, ...kept } = state
  return acknowledge(kept, Math.max(kept.acked, provisional ?? 0))
}

/**
 * A value was observed, or written, after our create: a value that appears from now on was entered by
 * somebody.
 */
export function forgetDefault(state: MemberField): MemberField {
  if (state.blank === undefined) return state
  const { blank: _blank, ...kept } = state
  return kept
}

/** The first observation after our own write has been processed. */
export function forgetWrote(state: MemberField): MemberField {
  if (state.wrote === undefined) return state
  const { wrote: _wrote, ...kept } = state
  return kept
}

/** The system keeps our value in a poorer form, which is accepted. */
export function markCoerced(state: MemberField): MemberField {
  return { ...state, coerced: true }
}
