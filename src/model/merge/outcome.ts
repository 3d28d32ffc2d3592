/**
 * Effects of a remote write on the field states of its member: before it is sent, and once its outcome is
 * known.
 *
 * Only fields that the write meant to change are absorbed from a response. Absorbing a whole response would
 * hide an edit that was made to another field in the meantime.
 */
import type { EntitySystem, SystemField } from '../integration.ts'
import type { MemberField, MemberFields, ReplacedValue } from '../state.ts'
import type { CanonicalDocument } from '../values.ts'
import type { PlannedWrite } from './contract.ts'
import { equivalent, isEmpty, isStatedEmpty, type MaybeValue } from './equivalence.ts'
import { absorb, acknowledge, forgetDefault, hasBase, markCoerced, unseen } from './member-field.ts'
import { markApplied, rememberOwnWrite } from './own-writes.ts'

/** What a confirming response reveals about the record. */
export interface WriteResponse {
  /** Canonical values in the returned body, normalised for the system; undefined when there was none. */
  readonly stored?: CanonicalDocument
  /** Fields of the body that could not be read. */
  readonly unknown?: ReadonlySet<string>
  /** Version after the write. A body without one may be older than the write, so it proves nothing. */
  readonly version?: string
  /** Version of the record before the write, as last observed. */
  readonly versionBefore?: string
  /** The system accepted the write but may apply it later (HTTP 202). @default false */
  readonly accepted?: boolean
  /** The request was not sent after this; it identifies the write's values in the memory of own writes. */
  readonly notAfter?: number
}

/** The field states after an acknowledged write. */
export interface AbsorbedOutcome {
  readonly fields: MemberFields
  /** Fields that the system stored in another form, which is accepted. */
  readonly coerced: readonly string[]
  /** Some fields wait for a read that verifies the write. */
  readonly unverified: boolean
}

/**
 * Absorbs an acknowledged write (2xx).
 *
 * A write that the system has applied is acknowledged at once, so that a value observed later is a later edit
 * and not a concurrent one. Without a body and a version in the response, the previous value is kept until a
 * read has verified the write: some systems report success and store nothing. A write that was only accepted
 * stays provisional until then.
 */
export function absorbOutcome(
  entitySystem: EntitySystem,
  fields: MemberFields,
  planned: PlannedWrite,
  answer: WriteResponse,
): AbsorbedOutcome {
  const next: Record<string, MemberField> = { ...fields }
  const coerced: string[] = []
  let unverified = false
  for (const [name, rev] of Object.entries(planned.revs)) {
    const settings = entitySystem.fields.get(name)
    if (settings === undefined) continue
    const state = forgetRejection(next[name] ?? unseen)
    const desired = planned.values[name]
    const stored = provenValue(settings, name, answer)
    const leavesBlank = planned.operation === 'create' && isEmpty(desired)
    if (stored === undefined) {
      // A write-only field would wait for verification indefinitely: the acknowledgement has to be
      // sufficient.
      next[name] = settings.readable
        ? {
            ...unverifiedWrite(state, { settings, desired, rev }, answer),
            ...(leavesBlank ? { blank: true as const } : {}),
          }
        : { ...acknowledge(absorb(state, desired), rev), writeOnly: true }
      unverified ||= settings.readable
      continue
    }
    if (leavesBlank && !isEmpty(stored.value)) {
      // Its own default replaced our empty value: after the read that this requests, an update writes the
      // value once more.
      next[name] = absorb(state, stored.value)
      unverified = true
      continue
    }
    const landed = acknowledge(absorb(state, stored.value), Math.max(state.acked, rev))
    const same = equivalent(settings, stored.value, desired)
    next[name] = same ? landed : markCoerced(landed)
    if (!same) coerced.push(name)
  }
  if (planned.operation === 'create') {
    forgetEmptyDefaults(entitySystem, next, answer)
    noteDefaults(next, answer)
  }
  if (answer.notAfter !== undefined && answer.accepted !== true) {
    for (const [name, state] of Object.entries(next)) next[name] = markApplied(state, answer.notAfter)
  }
  return { fields: next, coerced, unverified }
}

function unverifiedWrite(
  state: MemberField,
  written: { readonly settings: SystemField; readonly desired: MaybeValue; readonly rev: number },
  answer: WriteResponse,
): MemberField {
  const { desired, rev } = written
  const { version, versionBefore, accepted } = answer
  const kept = absorb(state, desired)
  return {
    ...(accepted === true ? { ...kept, provisional: rev } : acknowledge(kept, rev)),
    replaced: {
      ...earlierWrites(state),
      acked: state.acked,
      ...(state.shadow === undefined ? {} : { value: state.shadow }),
      ...(versionBefore === undefined ? {} : { versionBefore }),
      ...(showsWritten(written, state.shadow, answer) ? { shown: true } : {}),
      ...(version === undefined ? {} : { version }),
    },
    ...(state.notStored === rev ? { notStored: rev } : {}),
  }
}

/** Writes in a row that none was verified of; a value from before more of them counts as an edit. */
const earlierMax = 4

function earlierWrites({ replaced }: MemberField): Pick<ReplacedValue, 'earlier'> {
  if (replaced === undefined) return {}
  const { earlier = [], ...last } = replaced
  return { earlier: [last, ...earlier].slice(0, earlierMax) }
}

/**
 * A body may be older than the write, but not if it shows the new value, or a text that contains ours and is
 * not the old one: some systems append something to each text that is written to them.
 */
function showsWritten(
  { settings, desired }: { readonly settings: SystemField; readonly desired: MaybeValue },
  before: MaybeValue,
  answer: WriteResponse,
): boolean {
  const { stored, unknown, accepted } = answer
  if (stored === undefined || accepted === true || unknown?.has(settings.name) === true) return false
  const value = stored[settings.name]
  // A body without the property says nothing about it.
  if (isEmpty(desired)) return isStatedEmpty(value) && equivalent(settings, value, desired)
  if (equivalent(settings, value, desired)) return true
  if (typeof value !== 'string' || typeof desired !== 'string') return false
  return value.includes(desired) && !equivalent(settings, value, before)
}

/**
 * The response shows that the system has filled in nothing: a value that appears later was entered by
 * somebody.
 */
function forgetEmptyDefaults(
  entitySystem: EntitySystem,
  fields: Record<string, MemberField>,
  answer: WriteResponse,
): void {
  for (const settings of entitySystem.fields.values()) {
    const state = fields[settings.name]
    if (state?.blank === undefined || hasBase(state)) continue
    const proven = provenValue(settings, settings.name, answer)
    if (proven !== undefined && isEmpty(proven.value)) fields[settings.name] = forgetDefault(state)
  }
}

/**
 * Values shown by the version that the create made, and by its response, are the system's own. All others may
 * be somebody's edit.
 */
function noteDefaults(
  fields: Record<string, MemberField>,
  { version, stored, unknown, accepted }: WriteResponse,
): void {
  if (accepted === true) return
  for (const [name, state] of Object.entries(fields)) {
    if (state.blank === undefined) continue
    const shown = unknown?.has(name) === true ? undefined : stored?.[name]
    if (version === undefined && isEmpty(shown)) continue
    const blank = {
      ...(version === undefined ? {} : { version }),
      ...(shown === undefined || isEmpty(shown) ? {} : { shown }),
    }
    fields[name] = { ...state, blank }
  }
}

function provenValue(
  settings: SystemField,
  name: string,
  answer: WriteResponse,
): { readonly value: MaybeValue } | undefined {
  if (answer.stored === undefined || answer.version === undefined || answer.accepted === true)
    return undefined
  if (!settings.readable || answer.unknown?.has(name)) return undefined
  return { value: answer.stored[name] }
}

/** The request of one write, as far as the own-write memory requires it. */
export interface OpenedWrite {
  readonly planned: PlannedWrite
  /**
   * Canonical values of every field in the body, including those that a whole-object write only carries
   * along.
   */
  readonly body: CanonicalDocument
  /** It is not sent after this. */
  readonly notAfter: number
}

/** Records a write before it is sent: its values are our own from now on, wherever they appear. */
export function openIntentFields(
  entitySystem: EntitySystem,
  fields: MemberFields,
  { planned, body, notAfter }: OpenedWrite,
): MemberFields {
  const next: Record<string, MemberField> = { ...fields }
  for (const name of new Set([...Object.keys(body), ...Object.keys(planned.revs)])) {
    const settings = entitySystem.fields.get(name)
    // A write-only field never appears in an observation: there is nothing to recognise, and nothing would
    // ever settle it.
    if (settings === undefined || !settings.readable) continue
    const state = next[name] ?? unseen
    const rev = planned.revs[name]
    const value = rev === undefined ? body[name] : planned.values[name]
    const remembered = rememberOwnWrite(settings, state, { value, rev: rev ?? state.acked, notAfter })
    next[name] = rev === undefined ? remembered : { ...remembered, wrote: true }
  }
  if (planned.operation === 'create') expectDefaults(entitySystem, next, planned)
  return next
}

/** Fields that the new record gets without a value: the system may set its own default there. */
function expectDefaults(
  entitySystem: EntitySystem,
  fields: Record<string, MemberField>,
  planned: PlannedWrite,
): void {
  for (const { name, readable, writable } of entitySystem.fields.values()) {
    const state = fields[name] ?? unseen
    if (!readable || !writable || hasBase(state) || !isEmpty(planned.values[name])) continue
    fields[name] = { ...state, blank: true }
  }
}

/**
 * Withdraws a write that provably was never sent, or that the system refused as a whole: it can't take
 * effect.
 */
export function withdrawIntentFields(
  fields: MemberFields,
  { planned, body, notAfter }: OpenedWrite,
): MemberFields {
  const next: Record<string, MemberField> = { ...fields }
  for (const name of new Set([...Object.keys(body), ...Object.keys(planned.revs)])) {
    const state = next[name]
    if (state?.own === undefined) continue
    const { own, wrote: _wrote, ...kept } = state
    const others = own.filter((write) => write.notAfter !== notAfter)
    next[name] = others.length === 0 ? kept : { ...state, own: others }
  }
  if (planned.operation === 'create') {
    for (const [name, state] of Object.entries(next)) next[name] = forgetDefault(state)
  }
  return next
}

/** Remembers a refusal by the system: the same revision is not sent again under the same definition. */
export function rejectedFields(
  fields: MemberFields,
  planned: PlannedWrite,
  refusal: {
    readonly code: string
    /** Version of the definition. */
    readonly version: string
    /** The fields that the system named; all fields of the write otherwise. */
    readonly fields?: readonly string[]
  },
): MemberFields {
  const { code, version } = refusal
  const named = (refusal.fields ?? []).filter((name) => name in planned.revs)
  const refused = named.length > 0 ? named : Object.keys(planned.revs)
  const next: Record<string, MemberField> = { ...fields }
  for (const name of refused) {
    const rejected = { rev: planned.revs[name] ?? 0, version, code }
    next[name] = {
      ...(next[name] ?? unseen),
      rejected: named.length > 0 ? { ...rejected, named: true } : rejected,
    }
  }
  return next
}

function forgetRejection(state: MemberField): MemberField {
  if (state.rejected === undefined) return state
  const { rejected: _rejected, ...kept } = state
  return kept
}
