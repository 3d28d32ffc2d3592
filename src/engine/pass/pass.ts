/**
 * The state of one pass and the only ways to change it: every change goes into the working copy and into the
 * draft of the next commit.
 */

import type { DomainEvent } from '../../model/events.ts'
import { type Lane, openLane } from '../../model/lane.ts'
import type { Member, RecordState } from '../../model/state.ts'
import type { ClaimedRecord, MemberUpdate, PassRows, RecordUpdate, Settlement } from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'
import type { Need, Pass, PassDraft, PassJournal, PassRow, PassRowKind } from './contract.ts'
import { withFirstLenses } from './lens-change.ts'

/** Begins a pass. `signal` aborts when the worker loses its session; `deadline` is monotonic. */
export function beginPass(
  context: EngineContext,
  claim: ClaimedRecord,
  limits: { readonly deadline: number; readonly signal: AbortSignal; readonly entity: Pass['entity'] },
): Pass {
  const { recordId, epoch } = claim.lease
  return {
    id: `${recordId}.${epoch}`,
    context,
    claim,
    entity: limits.entity,
    record: claim.record,
    members: new Map(claim.members.map((member) => [member.system, member])),
    intents: new Map(claim.openIntents.map((intent) => [intent.system, intent])),
    observations: new Map(),
    references: new Map(),
    needs: [],
    observedSystems: new Set(),
    stale: new Set(),
    refusedStates: new Map(),
    temporaries: new Map(),
    lookups: new Map(),
    draft: emptyDraft(),
    deadline: limits.deadline,
    signal: limits.signal,
    startedAt: context.clock.now(),
  }
}

function emptyDraft(): PassDraft {
  return {
    record: {},
    members: new Map(),
    resolved: [],
    unmade: [],
    rows: emptyRows(),
    matchKeys: undefined,
    events: [],
  }
}

/**
 * The only list of the kinds of side rows, which its type keeps complete: what handles all of them goes
 * through {@link rowKinds}.
 */
function emptyRows(): PassDraft['rows'] {
  return {
    conflicts: [],
    holds: [],
    failures: [],
    clearedFailures: [],
    clearedHolds: [],
    dependencies: [],
    valueWaits: [],
    clearedValueWaits: [],
    releasedValues: [],
    marks: [],
    journal: [],
  }
}

// The keys are exactly the kinds, which the type of `Object.keys` does not express.
const rowKinds = Object.keys(emptyRows()) as readonly PassRowKind[]

/** Changes the record. */
export function updateRecord(pass: Pass, update: RecordUpdate): void {
  pass.record = { ...pass.record, ...update }
  pass.draft.record = { ...pass.draft.record, ...update }
}

/** Changes a member; a system without a member row gets one (`absent`). */
export function updateMember(pass: Pass, update: MemberUpdate): void {
  const before = pass.members.get(update.system) ?? absentMember(pass, update.system)
  const whole = withFirstLenses(pass.context, before, update)
  pass.members.set(update.system, applyUpdate(before, whole))
  pass.draft.members.set(update.system, { ...pass.draft.members.get(update.system), ...whole })
}

/** A member that does not exist yet. */
export function absentMember(pass: Pass, system: string): Member {
  return {
    recordId: pass.record.id,
    system,
    entity: pass.entity.name,
    state: 'absent',
    fields: {},
    asof: 0,
    lane: openLane,
    laneAttempts: 0,
  }
}

/** `null` clears a key, a missing key keeps it. */
function applyUpdate(member: Member, update: MemberUpdate): Member {
  const entries = Object.entries({ ...member, ...update }).filter(([, value]) => value !== null)
  // The filter above removed the nulls, which are the only difference between the two types.
  return Object.fromEntries(entries) as unknown as Member
}

/** Adds side rows to the next commit. */
export function addRows(pass: Pass, rows: PassRows): void {
  for (const kind of rowKinds) append(pass.draft.rows, kind, rows[kind])
}

function append<Kind extends PassRowKind>(
  rows: Pick<PassDraft['rows'], Kind>,
  kind: Kind,
  added: readonly PassRow<Kind>[] | undefined,
): void {
  if (added !== undefined) rows[kind].push(...added)
}

/** Adds a journal line about this record. */
export function note(pass: Pass, line: PassJournal, actor = 'engine'): void {
  pass.draft.rows.journal.push({ ...line, recordId: pass.record.id, actor })
}

/** Emits an event once the commit that makes it true is durable. */
export function emit(pass: Pass, event: DomainEvent): void {
  pass.draft.events.push(event)
}

/** Emits an event that is true already, with the id of the pass. */
export function emitNow(pass: Pass, event: DomainEvent): void {
  pass.context.emit('recordId' in event ? { ...event, passId: pass.id } : event)
}

/** Requests another pass. */
export function addNeed(pass: Pass, need: Need): void {
  pass.needs.push(need)
}

/** Closes a lane, or opens it, and emits the change once. */
export function setLane(
  pass: Pass,
  system: string,
  lane: Lane,
  { attempts }: { readonly attempts?: number } = {},
): void {
  const before = pass.members.get(system)
  updateMember(pass, {
    system,
    lane,
    ...(attempts === undefined ? {} : { laneAttempts: attempts }),
  })
  if (lane.state === 'open') return
  if (before?.lane.state === lane.state && before.lane.reason === lane.reason) return
  emit(pass, {
    type: 'LaneClosed',
    recordId: pass.record.id,
    entity: pass.entity.name,
    system,
    lane: lane.state,
    reason: lane.reason ?? lane.state,
  })
}

/**
 * The content of the next commit. The draft stays until {@link dropDraft}: a rejected commit has written
 * nothing.
 */
export function draftedRows(pass: Pass): DraftedRows {
  const { record, members, resolved, unmade, rows } = pass.draft
  return {
    ...(Object.keys(record).length > 0 ? { record } : {}),
    ...(members.size > 0 ? { members: [...members.values()] } : {}),
    ...(resolved.length > 0 ? { resolved } : {}),
    ...(unmade.length > 0 ? { unmade } : {}),
    ...Object.fromEntries(Object.entries(rows).filter(([, added]) => added.length > 0)),
  }
}

/** A draft in the form that every commit of a pass takes. */
export type DraftedRows = PassRows & Pick<Settlement, 'record' | 'members' | 'resolved' | 'unmade'>

/** The draft is committed: emits its events and starts a new draft. */
export function dropDraft(pass: Pass): void {
  const { events } = pass.draft
  pass.draft = emptyDraft()
  for (const event of events) emitNow(pass, event)
}

/** Remembers the working copies and the draft; the returned function restores them. */
export function checkpoint(pass: Pass): () => void {
  const members = new Map(pass.members)
  const { record } = pass
  const { rows, ...draft } = pass.draft
  const kept: PassDraft = {
    ...draft,
    members: new Map(draft.members),
    resolved: [...draft.resolved],
    unmade: [...draft.unmade],
    events: [...draft.events],
    rows: copyRows(rows),
  }
  return () => {
    pass.record = record
    pass.draft = kept
    for (const [system, member] of members) pass.members.set(system, member)
  }
}

function copyRows(rows: PassDraft['rows']): PassDraft['rows'] {
  const copy = emptyRows()
  for (const kind of rowKinds) append(copy, kind, rows[kind])
  return copy
}

/** True when nothing waits for a commit. */
export function draftIsEmpty(draft: PassDraft): boolean {
  return (
    Object.keys(draft.record).length === 0 &&
    draft.members.size === 0 &&
    draft.resolved.length === 0 &&
    draft.matchKeys === undefined &&
    Object.values(draft.rows).every((rows) => rows.length === 0)
  )
}

/** States in which nothing is read, merged or written until the record is marked. */
export function isResting(state: RecordState): boolean {
  return state === 'tombstoned'
}

/**
 * Returns the content of the next commit, for a store call that ends the pass in another way, and starts a
 * new draft.
 */
export function takeDraft(pass: Pass): DraftedRows {
  const rows = draftedRows(pass)
  dropDraft(pass)
  return rows
}

/** Discards the draft and goes back to the state of the claim; changes committed since stay in the store. */
export function clearDraft(pass: Pass): void {
  pass.draft = emptyDraft()
  pass.record = pass.claim.record
  pass.members.clear()
  for (const member of pass.claim.members) pass.members.set(member.system, member)
}
