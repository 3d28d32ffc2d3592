/**
 * Determines what each system should hold after a decision: the writes, and the fields that wait for another
 * record.
 *
 * A field is written where it is behind (`acked` < agreed revision) and differs from the value that the
 * system is observed to hold. Never written: fields that are held, refused at this revision, written but not
 * verified yet, or not revealed by the observation.
 */
import type { EntitySystem, SystemField } from './integration.ts'
import type {
  MergeDecision,
  MergeInput,
  MergeMember,
  PlannedWrite,
  WaitingReference,
} from './merge/contract.ts'
import { type LaneField, type LaneShape, shapeOf } from './merge/entity-shape.ts'
import { asStored, isEmpty, sameValue } from './merge/equivalence.ts'
import { clearMissingParts, leaveOutMissingParts } from './merge/group-parts.ts'
import { acknowledge, hasBase, isUnverified, unseen } from './merge/member-field.ts'
import type { AgreedField, MemberField, MemberFields } from './state.ts'
import type { CanonicalValue, FieldType } from './values.ts'

/** The planned writes, and the field states that planning has acknowledged. */
export interface WritePlan {
  readonly members: ReadonlyMap<string, MemberFields>
  readonly writes: readonly PlannedWrite[]
  readonly waiting: readonly WaitingReference[]
}

/** One system being planned. */
interface Lane {
  readonly input: MergeInput
  readonly entitySystem: EntitySystem
  readonly member: MergeMember
  readonly fields: MemberFields
  draft: Record<string, MemberField> | undefined
  readonly values: Record<string, CanonicalValue>
  readonly revs: Record<string, number>
  readonly waiting: WaitingReference[]
}

/** Plans all lanes. The engine must not get the writes when rules forbid them: see `mergeAndPlan`. */
export function planWrites(input: MergeInput, decision: MergeDecision): WritePlan {
  const shape = shapeOf(input.entity)
  const members = new Map(decision.members)
  const writes: PlannedWrite[] = []
  const waiting: WaitingReference[] = []
  for (const laneShape of shape.lanes) {
    const { system } = laneShape.entitySystem
    const member = input.members.get(system)
    if (member === undefined) continue
    const lane: Lane = {
      input,
      entitySystem: laneShape.entitySystem,
      member,
      fields: decision.members.get(system) ?? member.fields,
      draft: undefined,
      values: {},
      revs: {},
      waiting: [],
    }
    const write = planLane(lane, laneShape, decision)
    if (lane.draft !== undefined) members.set(system, lane.draft)
    if (write !== undefined) writes.push(write)
    waiting.push(...lane.waiting)
  }
  return { members, writes, waiting }
}

function planLane(lane: Lane, laneShape: LaneShape, decision: MergeDecision): PlannedWrite | undefined {
  const { direction, system } = lane.entitySystem
  if (lane.member.state === 'absent') {
    return direction === 'source' ? undefined : planCreate(lane, laneShape, decision)
  }
  const seen = lane.input.observations.has(system) || lane.input.guarded.has(system)
  if (lane.member.state !== 'linked' || !seen) return undefined
  for (const field of laneShape.fields) {
    const agreed = decision.fields[field.shape.name]
    if (agreed !== undefined) planField(lane, field, agreed)
  }
  return finishWrite(lane, 'update')
}

/** Acknowledges the field if the system is observed to hold the value, otherwise plans it. */
function planField(lane: Lane, { shape, role }: LaneField, agreed: AgreedField): void {
  const state = lane.fields[shape.name] ?? unseen
  if (state.acked >= agreed.rev || agreed.heldBy !== undefined) return
  const observation = lane.input.observations.get(role.system)
  if (observation?.unknown.has(shape.name)) return
  const desired = asStored(role.settings, agreed.value)
  // A guarded lane has no observation, and write-only fields never appear in one. Their shadow is used
  // instead.
  const isObserved = observation !== undefined && role.settings.readable
  const known = isObserved
    ? !isOvertaken(state, role.settings, desired)
    : hasBase(state) && isSettled(state, role.settings, desired)
  const current = isObserved ? observation.values[shape.name] : state.shadow
  if (known && sameValue(asStored(role.settings, current), desired)) {
    lane.draft ??= { ...lane.fields }
    lane.draft[shape.name] = acknowledge(state, agreed.rev)
    return
  }
  if (!mayUpdate(lane, role.settings.writable) || isBlocked(lane, state, agreed)) return
  const missing = missingReference(lane, shape.field.type, desired)
  if (missing !== undefined) {
    lane.waiting.push({
      system: role.system,
      field: shape.name,
      recordId: missing,
      blocksLane: false,
    })
    return
  }
  lane.values[shape.name] = clearMissingParts(shape.field.type, role.settings, desired)
  lane.revs[shape.name] = agreed.rev
}

/** True when another value of ours, which no read has shown yet, may replace the observed one. */
function isOvertaken(state: MemberField, settings: SystemField, desired: CanonicalValue): boolean {
  return isUnverified(state) && hasBase(state) && !sameValue(asStored(settings, state.shadow), desired)
}

/**
 * True when no other value of ours can still take effect there, so that the shadow can replace an
 * observation.
 */
function isSettled(state: MemberField, settings: SystemField, desired: CanonicalValue): boolean {
  if (isUnverified(state)) return false
  return (state.own ?? []).every((write) => sameValue(asStored(settings, write.value), desired))
}

function mayUpdate(lane: Lane, fieldWritable: boolean): boolean {
  const { direction, operations } = lane.entitySystem
  return fieldWritable && lane.member.writable && direction !== 'source' && operations.update
}

/** Held for review, refused before and unchanged since, or already being written. */
function isBlocked(lane: Lane, state: MemberField, agreed: AgreedField): boolean {
  return (
    state.hold !== undefined ||
    state.provisional === agreed.rev ||
    (state.rejected?.rev === agreed.rev && state.rejected.version === lane.input.version)
  )
}

/**
 * A create carries every agreed value that the system can store. The whole create waits when a field that it
 * needs is held, was refused, or refers to a record that has no counterpart there yet.
 */
function planCreate(lane: Lane, laneShape: LaneShape, decision: MergeDecision): PlannedWrite | undefined {
  if (!lane.entitySystem.operations.create || !lane.member.writable) return undefined
  let complete = true
  for (const field of laneShape.fields) {
    const agreed = decision.fields[field.shape.name]
    if (agreed === undefined || !field.role.settings.writable) continue
    complete = planCreateField(lane, field, agreed) && complete
  }
  return complete ? finishWrite(lane, 'create') : undefined
}

/** Returns false when the create can't be sent without this field. */
function planCreateField(lane: Lane, { shape, role }: LaneField, agreed: AgreedField): boolean {
  if (agreed.heldBy !== undefined) return role.settings.nullable && !shape.field.required
  if (agreed.value === undefined || agreed.value === null) return true
  const state = lane.fields[shape.name] ?? unseen
  if (isBlocked(lane, state, agreed)) {
    // Only this field was refused, and the record can be created without it.
    return state.rejected?.named === true && role.settings.nullable && !shape.field.required
  }
  const desired = asStored(role.settings, agreed.value)
  const missing = missingReference(lane, shape.field.type, desired)
  if (missing !== undefined) {
    const blocksLane = !role.settings.nullable
    lane.waiting.push({ system: role.system, field: shape.name, recordId: missing, blocksLane })
    return !blocksLane
  }
  lane.values[shape.name] = leaveOutMissingParts(shape.field.type, desired)
  lane.revs[shape.name] = agreed.rev
  return true
}

function finishWrite(lane: Lane, operation: 'create' | 'update'): PlannedWrite | undefined {
  const values = Object.values(lane.values)
  if (values.length === 0 || (operation === 'create' && values.every(isEmpty))) return undefined
  return {
    system: lane.entitySystem.system,
    operation,
    values: lane.values,
    revs: lane.revs,
  }
}

/**
 * Returns the first record that the value refers to and that has no counterpart in the lane's system;
 * references may be nested in sets and groups.
 */
function missingReference(
  lane: Lane,
  type: FieldType,
  value: CanonicalValue | undefined,
): string | undefined {
  return referencesIn(type, value).find(
    (recordId) => !lane.input.referable(lane.entitySystem.system, recordId),
  )
}

function referencesIn(type: FieldType, value: CanonicalValue | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  if (type.kind === 'ref') return typeof value === 'string' ? [value] : []
  if (type.kind === 'set' || type.kind === 'list') {
    return Array.isArray(value) ? value.flatMap((item) => referencesIn(type.of, item)) : []
  }
  if (type.kind !== 'group' || typeof value !== 'object') return []
  const parts = new Map<string, CanonicalValue>(Object.entries(value))
  return Object.entries(type.fields).flatMap(([name, part]) => referencesIn(part, parts.get(name)))
}
