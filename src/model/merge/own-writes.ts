/**
 * Memory of what we sent: a value of ours that turns up later is ours, not an edit.
 *
 * Entries leave only by evidence, never by a timer: an observation begun after the write can't take effect any more.
 */

import { isRecognisedCoercion } from '../coercion.ts'
import type { SystemField } from '../integration.ts'
import type { MemberField, OwnWrite } from '../state.ts'
import type { FieldType } from '../values.ts'
import { equivalent, type MaybeValue } from './equivalence.ts'
import { hasBase, isUnverified } from './member-field.ts'

/** An own write that explains what a look has shown. */
export interface OwnMatch {
  readonly rev: number
  /** The system changed the value's form on the way. */
  readonly coerced: boolean
}

/**
 * The newest own write that the observed value comes from, if any.
 *
 * A write that was applied, and has been followed by what was seen since, does not come back by itself: who shows its very value again has
 * had it put back. Its poorer forms stay ours, since some systems change a value a while after they have taken it.
 */
export function findOwnWrite(
  { settings, type }: { readonly settings: SystemField; readonly type: FieldType },
  state: MemberField,
  observed: MaybeValue,
): OwnMatch | undefined {
  const own = state.own
  if (own === undefined) return undefined
  for (let index = own.length - 1; index >= 0; index -= 1) {
    const write = own[index]
    if (write === undefined) continue
    if (equivalent(settings, observed, write.value)) {
      if (write.applied === true && hasBase(state) && !isUnverified(state)) continue
      return { rev: write.rev, coerced: false }
    }
    if (isRecognisedCoercion(write.value, observed, type) !== undefined)
      return { rev: write.rev, coerced: true }
  }
  return undefined
}

/**
 * Adds a write to the memory. Older entries with the same value are kept as one, since only the newest of them would ever be found: the
 * memory is bounded by twice the number of different values sent within one in-flight time. The new entry stands by itself, so that it
 * can be withdrawn when it turns out that it never left.
 */
export function rememberOwnWrite(settings: SystemField, state: MemberField, write: OwnWrite): MemberField {
  const older: OwnWrite[] = []
  for (const known of state.own ?? []) {
    const twin = older.findIndex((other) => equivalent(settings, other.value, known.value))
    const [other] = twin < 0 ? [] : older.splice(twin, 1)
    older.push(other === undefined ? known : asOne(other, known))
  }
  return { ...state, own: [...older, write] }
}

/** Two writes of one value: as long as either may take effect, it may turn up. */
function asOne(older: OwnWrite, { applied, ...newer }: OwnWrite): OwnWrite {
  return {
    ...newer,
    notAfter: Math.max(newer.notAfter, older.notAfter),
    ...(applied === true && older.applied === true ? { applied } : {}),
  }
}

/** The writes of one request took effect before it was answered. */
export function markApplied(state: MemberField, notAfter: number): MemberField {
  if (state.own === undefined) return state
  const own = state.own.map((write) =>
    write.notAfter === notAfter ? { ...write, applied: true as const } : write,
  )
  return { ...state, own }
}

/** Drops the writes that a look begun at `observedAt` has settled: they took effect by then, or never will. */
export function dropSettledWrites(state: MemberField, observedAt: number, settleMs: number): MemberField {
  if (state.own === undefined) return state
  const open = state.own.filter((write) => observedAt <= write.notAfter + settleMs)
  if (open.length === state.own.length) return state
  const { own: _own, ...kept } = state
  return open.length === 0 ? kept : { ...kept, own: open }
}
