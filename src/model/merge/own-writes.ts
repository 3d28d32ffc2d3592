/**
 * Memory of sent values: one of our values that appears later is our own write, not an edit.
 *
 * Entries are removed only on evidence, never by a timer: an observation begun after the write can no longer
 * take effect.
 */

import { isRecognisedCoercion } from '../coercion.ts'
import type { SystemField } from '../integration.ts'
import type { MemberField, OwnWrite } from '../state.ts'
import type { FieldType } from '../values.ts'
import { equivalent, type MaybeValue } from './equivalence.ts'
import { hasBase, isUnverified } from './member-field.ts'

/** An own write that explains an observed value. */
export interface OwnMatch {
  readonly rev: number
  /** The system changed the form of the value. */
  readonly coerced: boolean
}

/**
 * Returns the newest own write that the observed value comes from, if any.
 *
 * A write that was applied, and was followed by later observations, does not reappear by itself: if its exact
 * value is shown again, somebody has restored it. Its poorer forms remain our own, since some systems change
 * a value some time after they have accepted it.
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
      if (write.applied === true && hasBase(state) && !isAwaited(state, write)) continue
      return { rev: write.rev, coerced: false }
    }
    if (isRecognisedCoercion(write.value, observed, type) !== undefined)
      return { rev: write.rev, coerced: true }
  }
  return undefined
}

/** True for a write that no observation has shown yet, nor a later one. */
function isAwaited(state: MemberField, { rev }: OwnWrite): boolean {
  if (!isUnverified(state)) return false
  const { replaced } = state
  // The revision that the field was last observed to hold, before the writes that are not verified.
  const observed = [replaced, ...(replaced?.earlier ?? [])].map((one) => one?.acked ?? 0)
  return rev > Math.min(...observed)
}

/**
 * Adds a write to the memory. Older entries with the same value are merged into one, since only the newest of
 * them would ever be found: the memory is bounded by twice the number of different values sent within one
 * in-flight time. The new entry stays separate, so that it can be withdrawn when it turns out that it was
 * never sent.
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

/** Two writes of one value: as long as either may take effect, the value may appear. */
function asOne(older: OwnWrite, { applied, ...newer }: OwnWrite): OwnWrite {
  return {
    ...newer,
    notAfter: Math.max(newer.notAfter, older.notAfter),
    ...(applied === true && older.applied === true ? { applied } : {}),
  }
}

/** The writes of one request took effect before its response. */
export function markApplied(state: MemberField, notAfter: number): MemberField {
  if (state.own === undefined) return state
  const own = state.own.map((write) =>
    write.notAfter === notAfter ? { ...write, applied: true as const } : write,
  )
  return { ...state, own }
}

/**
 * Drops the writes that an observation begun at `observedAt` has settled: they took effect by then, or never
 * will.
 */
export function dropSettledWrites(state: MemberField, observedAt: number, settleMs: number): MemberField {
  if (state.own === undefined) return state
  const open = state.own.filter((write) => observedAt <= write.notAfter + settleMs)
  if (open.length === state.own.length) return state
  const { own: _own, ...kept } = state
  return open.length === 0 ? kept : { ...kept, own: open }
}
