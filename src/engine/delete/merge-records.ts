/**
 * Merges two records on a person's decision. One of them is kept; the other is `deleting` and an alias of the
 * first, with the native records for which the first has no free member. It takes three steps, each of which
 * can be repeated:
 *
 * 1. The dropped record reads its remaining native records once, so that their values are known and later
 *    edits are noticed.
 * 2. The kept record merges those values as on a first contact, by the policies of its fields; losing values
 *    are kept as conflicts.
 * 3. The native records of the dropped record are archived, deleted or left in place, and the record is
 *    tombstoned.
 */

import type { ObservedValues } from '../../model/merge/contract.ts'
import { absorb, hasBase, unseen } from '../../model/merge/member-field.ts'
import { mergeRecord } from '../../model/merge/merge-record.ts'
import type { Member, MemberFields } from '../../model/state.ts'
import type { CanonicalDocument, CanonicalValue } from '../../model/values.ts'
import type { RecordDetail } from '../../store/admin-contract.ts'
import { observeMember } from '../observe/observe.ts'
import { prepareReferences, referable } from '../observe/references.ts'
import type { Observation, Pass, StepResult } from '../pass/contract.ts'
import { addNeed, addRows, emit, note, updateMember, updateRecord } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import { bury, carryDeletion } from './carry.ts'

/** How long the two records wait for each other: their passes end within seconds, unless a system is down. */
const WAIT_MS = 2_000

/** The steps of the dropped record. */
export async function carryMerge(pass: Pass): Promise<StepResult> {
  const survivorId = pass.record.aliasOf
  const left = [...pass.members.values()].filter(({ state }) => state === 'linked')
  const unread = left.filter((member) => !isRead(member))
  for (const member of unread) await readOnce(pass, member)
  if (unread.length > 0) {
    waitForOther(pass)
    return 'finish'
  }
  const survivor =
    survivorId === undefined
      ? undefined
      : await pass.context.store.direct.admin.record({ recordId: survivorId })
  if (survivor?.record.merging?.includes(pass.record.id)) {
    waitForOther(pass)
    return 'finish'
  }
  if (pass.record.removal !== 'keep') return carryDeletion(pass)
  for (const { system } of left) {
    updateMember(pass, { system, state: 'out-of-scope' })
    note(pass, { kind: 'match', body: { system, step: 'not synced any more' } })
  }
  bury(pass)
  return 'finish'
}

/** A merge resets the time of the last read. */
function isRead({ asof }: Pick<Member, 'asof'>): boolean {
  return asof > 0
}

async function readOnce(pass: Pass, { system }: Member): Promise<void> {
  const observation = pass.observations.get(system) ?? (await observeMember(pass, system))
  if (observation.kind === 'gone') updateMember(pass, { system, state: 'gone', goneSince: observation.at })
  // A read without information has already scheduled the next one.
  if (observation.kind !== 'live' || !observation.admissible) return
  updateMember(pass, {
    system,
    asof: observation.seenAt,
    fields: seenFields(pass, system, observation),
    ...(observation.inScope ? {} : { state: 'out-of-scope' as const }),
  })
}

function seenFields(
  pass: Pass,
  system: string,
  { observed }: Extract<Observation, { readonly kind: 'live' }>,
): MemberFields {
  const { part } = placeOf(pass.context, system, pass.entity.name)
  const seen: Record<string, MemberFields[string]> = {}
  for (const [name, { readable }] of part.fields) {
    if (readable && !observed.unknown.has(name)) seen[name] = absorb(unseen, observed.values[name])
  }
  return seen
}

/** Waits for the pass of the other record, which sends no notification. Such a pass makes no remote call. */
function waitForOther(pass: Pass): void {
  addNeed(pass, { at: pass.context.clock.now() + WAIT_MS, why: 'merging', toRead: [] })
}

/** The step of the kept record: takes over what was merged into it, before anything else is decided. */
export async function takeOverMerged(pass: Pass): Promise<void> {
  const { merging } = pass.record
  if (merging === undefined || merging.length === 0) return
  const waiting: string[] = []
  for (const recordId of merging) {
    const dropped = await pass.context.store.direct.admin.record({ recordId })
    // An undo may have made it a separate record again.
    if (dropped === undefined || dropped.record.aliasOf !== pass.record.id) continue
    if (dropped.members.some((member) => member.state === 'linked' && !isRead(member))) {
      waiting.push(recordId)
      continue
    }
    await takeOver(pass, dropped)
  }
  if (waiting.length > 0) waitForOther(pass)
  if (waiting.length < merging.length) updateRecord(pass, { merging: waiting })
}

async function takeOver(pass: Pass, { record, members }: RecordDetail): Promise<void> {
  await prepareReferences(pass)
  for (const member of members) {
    if (isRead(member) && pass.entity.systems.has(member.system)) mergeObservation(pass, member)
  }
  note(pass, { kind: 'match', body: { tookOver: record.id } })
  emit(pass, {
    type: 'RecordLinked',
    recordId: pass.record.id,
    entity: pass.entity.name,
    system: members.find(isRead)?.system ?? '',
    rule: 'merged by a person',
  })
}

/**
 * Merges the values of the native record with the agreed values, as if they were observed for the first time.
 */
function mergeObservation(pass: Pass, member: Member): void {
  const { clock, random, integration } = pass.context
  const { system } = member
  const result = mergeRecord({
    entity: pass.entity,
    version: integration.version,
    rev: pass.record.rev,
    fields: pass.record.fields,
    members: new Map([[system, { system, state: 'linked', fields: {}, settleMs: 0, writable: false }]]),
    observations: new Map([[system, observationOf(pass, member)]]),
    guarded: new Set(),
    referable: referable(pass),
    now: clock.now(),
    newId: () => random.uuid(),
  })
  if (result.rev === pass.record.rev && result.fields === pass.record.fields) return
  updateRecord(pass, { rev: result.rev, fields: result.fields })
  addRows(pass, { conflicts: result.conflicts })
  for (const { id, field, policy, winner, candidates } of result.conflicts) {
    note(pass, { kind: 'conflict', body: { id, field, policy, winner, candidates } })
  }
  const body = {
    rev: result.rev,
    definition: integration.version,
    changes: result.changes,
    merged: member.recordId,
  }
  note(pass, { kind: 'decision', body })
}

function observationOf(pass: Pass, { system, fields, asof }: Member): ObservedValues {
  const values: Record<string, CanonicalValue> = {}
  const unknown = new Set<string>()
  for (const name of pass.entity.systems.get(system)?.fields.keys() ?? []) {
    const field = fields[name]
    if (field === undefined || !hasBase(field)) unknown.add(name)
    else if (field.shadow !== undefined) values[name] = field.shadow
  }
  const document: CanonicalDocument = values
  return { system, values: document, unknown, at: asof }
}
