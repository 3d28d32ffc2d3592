/**
 * Observations of a field whose last write is not verified yet.
 *
 * A system that shows the value from before the write has not stored it, whatever its response was: that
 * value is no edit, and is never adopted. The write is sent once more; if the system shows the old value
 * again, the revision counts as refused and a failure is reported.
 */
import { isRecognisedCoercion } from '../coercion.ts'
import type { MemberField, ReplacedValue } from '../state.ts'
import type { FieldType } from '../values.ts'
import type { FieldRole } from './entity-shape.ts'
import { equivalent, isEmpty, type MaybeValue } from './equivalence.ts'
import { absorb, acknowledge, forgetWrote } from './member-field.ts'

/** One observation of a field that holds an unverified write. */
export interface UnverifiedObservation {
  readonly role: FieldRole
  readonly type: FieldType
  readonly state: MemberField
  readonly observed: MaybeValue
  readonly version: string | undefined
  /** Start of the read. */
  readonly at: number
  /** Longest in-flight time plus read lag of the system. */
  readonly settleMs: number
  /** Version of the definition, for remembering a refusal. */
  readonly definition: string
}

/**
 * - `pending`: an accepted write may still be applied
 * - `not-stored`: the value is missing, and is to be written once more · `refused`: it was missing a second
 *   time
 */
export type UnverifiedVerdict =
  | { readonly kind: 'pending' }
  | { readonly kind: 'not-stored' | 'refused'; readonly state: MemberField }

/**
 * Judges an observation that shows the value from before the write; undefined when it shows anything else.
 */
export function judgeUnverified(read: UnverifiedObservation): UnverifiedVerdict | undefined {
  const { type, state, observed, definition } = read
  const replaced = shownReplaced(read)
  if (replaced === undefined) return undefined
  if (mayStillApply(state, read)) return { kind: 'pending' }
  const isOurs = isRecognisedCoercion(state.shadow, observed, type) !== undefined
  // A form of our value that equals the old one, under another version than before: the system converts our
  // value to it.
  if (isOurs && hasAnotherVersion(replaced, read)) return undefined
  // The response showed our value, and the version has changed since: it was stored, and somebody has
  // restored the old value.
  if (replaced.shown === true && hasAnotherVersion(replaced, read)) return undefined
  const rev = Math.max(state.provisional ?? 0, state.acked)
  const before = forgetWrote(acknowledge(absorb(state, observed), replaced.acked))
  if (state.notStored !== rev) return { kind: 'not-stored', state: { ...before, notStored: rev } }
  // Written twice with the same result: if it is a form of our value, it is the form in which the system
  // keeps it.
  if (isOurs) return undefined
  return {
    kind: 'refused',
    state: { ...before, rejected: { rev, version: definition, code: 'ENGINE_NOT_STORED' } },
  }
}

/**
 * What the observation shows to be unreplaced: the value from before the last write, or from before earlier
 * ones that were not verified either.
 */
function shownReplaced(read: UnverifiedObservation): ReplacedValue | undefined {
  const { replaced } = read.state
  if (replaced === undefined) return undefined
  return [replaced, ...(replaced.earlier ?? [])].find((one) => showsReplacedValue(one, read))
}

function showsReplacedValue(
  replaced: ReplacedValue,
  { role, state, observed, version }: UnverifiedObservation,
): boolean {
  // The response named the version of the write: a later version with the old value is somebody's edit.
  if (replaced.version !== undefined && version !== undefined && version !== replaced.version) return false
  if (isEmpty(observed)) return isEmpty(replaced.value) && !isEmpty(state.shadow)
  return equivalent(role.settings, observed, replaced.value)
}

function hasAnotherVersion({ versionBefore }: ReplacedValue, { version }: UnverifiedObservation): boolean {
  return version !== undefined && versionBefore !== undefined && version !== versionBefore
}

/** The system accepted the write but may not have applied it by the time of this read. */
function mayStillApply(
  state: MemberField,
  { at, settleMs }: Pick<UnverifiedObservation, 'at' | 'settleMs'>,
): boolean {
  return state.provisional !== undefined && at <= appliedBy(state, settleMs)
}

/** A read begun after this shows an accepted write, or shows that it had no effect. */
export function appliedBy({ own }: MemberField, settleMs: number): number {
  const sent = (own ?? []).map(({ notAfter }) => notAfter)
  return sent.length === 0 ? Number.NEGATIVE_INFINITY : Math.max(...sent) + settleMs
}

/** True when an edit observed now was made without knowledge of the agreed revision. */
export function isConcurrent(
  state: MemberField,
  agreedRev: number,
  read: Pick<UnverifiedObservation, 'at' | 'settleMs'>,
): boolean {
  if (state.acked >= agreedRev) return false
  // The in-flight time of an accepted write has passed: it was applied before the edit, otherwise it would
  // have overwritten the edit.
  return state.provisional !== agreedRev || mayStillApply(state, read)
}
