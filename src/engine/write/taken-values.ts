/**
 * Values that a system keeps unique and that another of its records still holds: a login that is handed on,
 * or that two records swap.
 *
 * A refusal that says so is a failure like any other, and not final. The record waits for the value, which
 * the store notes by a keyed hash, and it is written once more
 *
 * - when a record gives that value up in the system (`releasedValues`, with the commit that absorbs the
 *   change),
 * - a few times by itself, if the refusal names the field and leaves no doubt about its reason (`certain`),
 * - and when a person lists the system, since the holder may be none of our records.
 *
 * A status 409 or words such as "already" alone may mean anything: the same write is not sent again then
 * until a record gives a value of it up.
 *
 * Records that hold each other's values wait in a cycle. One of them, chosen by its id, gives its value up:
 * it is given a temporary one and then waits like the others. Whichever record finds the cycle first makes
 * that one due, whose own next attempt may be minutes away. The temporary value is a write of ours that
 * stands for the revision that the system already holds, so that a read that shows it finds no edit, and what
 * the field should hold is still owed, also to a process that starts in between.
 */
import type { WriteResult } from '../../connectors/kit/contract.ts'
import { findConstraintProblem } from '../../model/canonical/constraints.ts'
import type { MergeResult, PlannedWrite } from '../../model/merge/contract.ts'
import type { MemberField } from '../../model/state.ts'
import type { ValueWait } from '../../store/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { forgetRefusals } from '../pass/lane.ts'
import { addNeed, addRows, note, updateMember } from '../pass/pass.ts'
import { releaseKey } from '../pass/value-waits.ts'

/**
 * Waits before a refused value is written again by itself; after the last one only a release or a person
 * leads to another attempt.
 */
const retryMs = [1_000, 5_000, 30_000, 300_000] as const
/** After a temporary value the others have to go first. */
const afterTemporaryMs = 1_000
/** Words of systems that report a value as taken without the status 409. */
const takenWords =
  /\b(?:already|duplicate[ds]?|not unique|unique|uniqueness|in use|is taken|been taken|exists)\b/i

/** Those of them that mean nothing else. */
const certainWords =
  /\b(?:duplicate[ds]?|not unique|unique|uniqueness|in use|is taken|been taken|already (?:exists|taken|used|registered|assigned)|exists)\b/i
/**
 * A release that was committed this long before a wait is looked for may have been committed before the wait
 * was.
 */
const releasedLatelyMs = 5_000

type Refusal = Extract<WriteResult, { readonly kind: 'rejected' }>

/** Whether a refusal may say that another record holds the value. */
function saysTaken({ taken, failure }: Refusal): boolean {
  return taken === true || takenWords.test(failure.message)
}

/**
 * Notes what a refused write waits for, if its refusal may say that another record holds a value. `named`:
 * the fields that the refusal names; without any, each text of the write may be the one.
 */
export function waitForValues(
  pass: Pass,
  planned: PlannedWrite,
  named: readonly string[],
  refusal: Refusal,
): void {
  if (!saysTaken(refusal)) return
  const certain = named.length > 0 && (refusal.taken === true || certainWords.test(refusal.failure.message))
  const { system } = planned
  const { clock } = pass.context
  const fields: Record<string, MemberField> = { ...pass.members.get(system)?.fields }
  for (const field of named.length > 0 ? named : Object.keys(planned.revs)) {
    const wanted = planned.values[field]
    const rev = planned.revs[field]
    const state = fields[field]
    if (typeof wanted !== 'string' || wanted === '' || rev === undefined || state === undefined) continue
    const tries = state.taken?.rev === rev ? state.taken.tries : 0
    const waitMs = retryMs[tries]
    const isFixed = state.taken?.rev === rev && state.taken.keepsValue === true
    const temporary = temporaryIn(state)
    fields[field] = {
      ...state,
      taken: {
        rev,
        tries: tries + 1,
        ...(waitMs === undefined ? {} : { again: clock.now() + waitMs }),
        ...(isFixed ? { keepsValue: true as const } : {}),
        ...(certain ? {} : { uncertain: true as const }),
        ...(temporary === undefined ? {} : { temporary }),
      },
    }
    addWait(pass, { system, field, wanted, holds: state.shadow })
  }
  updateMember(pass, { system, fields })
}

function addWait(
  pass: Pass,
  wait: {
    readonly system: string
    readonly field: string
    readonly wanted: string
    readonly holds: MemberField['shadow']
  },
): void {
  const { holds, ...rest } = wait
  addRows(pass, {
    valueWaits: [
      {
        ...rest,
        recordId: pass.record.id,
        entity: pass.entity.name,
        ...(typeof holds === 'string' && holds !== '' ? { holds } : {}),
      },
    ],
  })
}

interface Waiting {
  readonly system: string
  readonly field: string
  readonly taken: NonNullable<MemberField['taken']>
}

/** Fields that waited for a value when the pass began, and that it has not dealt with so far. */
function waitingFields(pass: Pass): readonly Waiting[] {
  return pass.claim.members.flatMap(({ system, fields }) =>
    Object.entries(fields).flatMap(([field, { taken, rejected }]): Waiting[] => {
      const now = pass.members.get(system)?.fields[field]
      if (taken === undefined || rejected === undefined || now?.rejected === undefined) return []
      return now.taken?.tries === taken.tries && now.taken.rev === taken.rev
        ? [{ system, field, taken: now.taken }]
        : []
    }),
  )
}

/** Tries again what waits for a value that is free by now, or whose time has come. */
export async function takeUpValues(pass: Pass): Promise<void> {
  const waiting = waitingFields(pass)
  if (waiting.length === 0) return
  const waits = await pass.context.store.direct.valueWaits(pass.record.id)
  for (const one of waiting) {
    const wait = waits.find(({ system, field }) => system === one.system && field === one.field)
    await takeUp(pass, one, wait)
  }
}

async function takeUp(
  pass: Pass,
  { system, field, taken }: Waiting,
  wait: ValueWait | undefined,
): Promise<void> {
  if (wait === undefined) {
    tryAgain(pass, system, field, { ...taken, tries: 0 })
    return
  }
  const { cycle } = wait
  if (cycle?.first === pass.record.id && taken.keepsValue !== true) {
    const temporary = temporaryValue(pass, system, field)
    if (temporary !== undefined) {
      tryAgain(pass, system, field, taken)
      pass.temporaries.set(system, { ...pass.temporaries.get(system), [field]: temporary })
      return
    }
  }
  if (taken.again === undefined || taken.again > pass.context.clock.now()) return
  if (cycle === undefined && (taken.uncertain !== true || wasReleasedLately(pass, system, field))) {
    tryAgain(pass, system, field, taken)
    return
  }
  // Whoever gives its value up frees this one; writing it before that would be refused.
  if (cycle !== undefined && cycle.first !== pass.record.id)
    await pass.context.store.markRecord({ recordId: cycle.first, systems: [system] })
  postpone(pass, system, field, taken)
}

function postpone(pass: Pass, system: string, field: string, taken: Waiting['taken']): void {
  const { again: _over, ...kept } = taken
  const waitMs = retryMs[taken.tries]
  const next = waitMs === undefined ? {} : { again: pass.context.clock.now() + waitMs }
  setTaken(pass, system, field, { ...kept, tries: taken.tries + 1, ...next })
}

/**
 * Whether this process has committed that a record gave the wanted value up, which may have been before the
 * wait was committed.
 */
function wasReleasedLately({ context, entity, record }: Pass, system: string, field: string): boolean {
  const value = record.fields[field]?.value
  if (typeof value !== 'string') return false
  const at = context.memory.releases.get(releaseKey({ system, entity: entity.name, field, value }))
  return at !== undefined && context.clock.now() - at <= releasedLatelyMs
}

function tryAgain(pass: Pass, system: string, field: string, taken: Waiting['taken']): void {
  const member = pass.members.get(system)
  if (member === undefined) return
  forgetRefusals(pass, member)
  const { again: _again, ...kept } = taken
  setTaken(pass, system, field, kept)
}

function setTaken(pass: Pass, system: string, field: string, taken: Waiting['taken']): void {
  const fields = pass.members.get(system)?.fields ?? {}
  updateMember(pass, { system, fields: { ...fields, [field]: { acked: 0, ...fields[field], taken } } })
}

/**
 * A text like the one that the field holds there, which nobody else has; undefined where the field takes
 * none.
 */
function temporaryValue(pass: Pass, system: string, field: string): string | undefined {
  const type = pass.entity.fields.get(field)?.type
  const settings = pass.entity.systems.get(system)?.fields.get(field)
  const held = pass.members.get(system)?.fields[field]?.shadow
  if (type?.kind !== 'string' || settings?.writable !== true || typeof held !== 'string') return undefined
  const token = pass.record.id.replaceAll('-', '').slice(-12)
  const at = held.indexOf('@')
  const forms = at > 0 ? [`${held.slice(0, at)}-${token}${held.slice(at)}`] : [`${held}-${token}`]
  if (at <= 0) forms.push(`${held.slice(0, 3)}${token}`, token)
  return forms.find((text) => {
    // What the system would shorten or spell in another way might be somebody else's.
    return findConstraintProblem(type, text) === undefined && settings.normalise(text) === text
  })
}

/** Puts the temporary values into the writes that this pass plans. */
export function withTemporaries(pass: Pass, result: MergeResult): MergeResult {
  if (pass.temporaries.size === 0) return result
  return { ...result, writes: result.writes.map((write) => withTemporary(pass, write)) }
}

function withTemporary(pass: Pass, write: PlannedWrite): PlannedWrite {
  const member = pass.members.get(write.system)
  const chosen = Object.entries(pass.temporaries.get(write.system) ?? {}).filter(([field]) =>
    Object.hasOwn(write.revs, field),
  )
  if (chosen.length === 0 || write.operation !== 'update') return write
  const revs = chosen.map(([field]) => [field, member?.fields[field]?.acked ?? 0] as const)
  return {
    ...write,
    values: { ...write.values, ...Object.fromEntries(chosen) },
    revs: { ...write.revs, ...Object.fromEntries(revs) },
    temporary: chosen.map(([field]) => field),
  }
}

/** A temporary value is stored: the others can go, and then this record. */
export function landedTemporary(pass: Pass, { system, temporary = [] }: PlannedWrite): void {
  pass.temporaries.delete(system)
  const { clock } = pass.context
  for (const field of temporary) {
    const wanted = pass.record.fields[field]?.value
    const holds = pass.members.get(system)?.fields[field]?.shadow
    if (typeof wanted === 'string') addWait(pass, { system, field, wanted, holds })
    const rev = pass.record.fields[field]?.rev ?? 0
    if (typeof holds === 'string') setTaken(pass, system, field, { rev, tries: 0, temporary: holds })
    note(pass, { kind: 'outcome', body: { system, temporary: field } })
  }
  if (temporary.length > 0) addNeed(pass, { at: clock.now() + afterTemporaryMs, why: 'temporary-value' })
}

/**
 * The temporary value that the system holds in this field; undefined: it holds another value, or none of
 * ours.
 */
function temporaryIn({ taken, shadow }: MemberField): string | undefined {
  return taken?.temporary !== undefined && taken.temporary === shadow ? shadow : undefined
}

/**
 * What a person has to know of a refused write whose record has a temporary value: it stays until the wanted
 * value is written, which the others of the exchange prevent while they are refused for reasons of their own.
 */
export function temporaryRemark(pass: Pass, { system, revs }: PlannedWrite): string | undefined {
  const fields = pass.members.get(system)?.fields ?? {}
  const held = Object.keys(revs).flatMap((field) => {
    const temporary = temporaryIn(fields[field] ?? { acked: 0 })
    return temporary === undefined ? [] : [field]
  })
  if (held.length === 0) return undefined
  const nativeId = pass.members.get(system)?.nativeId ?? ''
  return `Record ${nativeId} of ${system} has a temporary value in ${held.join(', ')} until then, since records exchange values: correct the failure of the record that still holds the wanted value, or change the value of this one.`
}

/**
 * The system refuses the temporary value: what the field should hold stays refused, and no other temporary
 * value is tried.
 */
export function refusedTemporary(pass: Pass, planned: PlannedWrite): PlannedWrite {
  const { system, temporary = [], values, revs } = planned
  pass.temporaries.delete(system)
  const wanted = temporary.map((field) => [field, pass.record.fields[field]] as const)
  for (const [field, agreed] of wanted) {
    setTaken(pass, system, field, { rev: agreed?.rev ?? 0, tries: retryMs.length, keepsValue: true })
  }
  const { temporary: _temporary, ...rest } = planned
  return {
    ...rest,
    values: {
      ...values,
      ...Object.fromEntries(wanted.map(([field, agreed]) => [field, agreed?.value ?? null])),
    },
    revs: { ...revs, ...Object.fromEntries(wanted.map(([field, agreed]) => [field, agreed?.rev ?? 0])) },
  }
}

/** Fields of this write that have waited for a value: they have it now. */
export function endWaits(pass: Pass, { system, revs, temporary = [] }: PlannedWrite): void {
  const fields = pass.members.get(system)?.fields ?? {}
  for (const field of Object.keys(revs)) {
    if (fields[field]?.taken === undefined || temporary.includes(field)) continue
    addRows(pass, { clearedValueWaits: [{ recordId: pass.record.id, system, field }] })
  }
}
