/** The working state of one merge: its drafts. It exists for one call only; its inputs are never changed. */
import type { AgreedField, AgreedFields, MemberField } from '../state.ts'
import type {
  ConflictDraft,
  FieldChange,
  MergeDecision,
  MergeInput,
  MergeMember,
  MergeNote,
  ObservedValues,
} from './contract.ts'
import { type EntityShape, type FieldShape, shapeOf } from './entity-shape.ts'
import { unseen } from './member-field.ts'

/** One system's part in the merge. */
export interface Side {
  readonly system: string
  readonly member: MergeMember
  /** Undefined: not read, nothing is absorbed. */
  readonly observation: ObservedValues | undefined
  /** New field states, if any. */
  draft: Record<string, MemberField> | undefined
}

/** One merge in progress. */
export interface MergeDrafts {
  readonly input: MergeInput
  readonly shape: EntityShape
  /** By position of the system in the definition; undefined where the record has no member. */
  readonly sides: readonly (Side | undefined)[]
  rev: number
  fields: Record<string, AgreedField> | undefined
  readonly changes: FieldChange[]
  readonly conflicts: ConflictDraft[]
  readonly oscillations: { system: string; field: string; count: number }[]
  readonly notes: MergeNote[]
}

/** One field of one pass. */
export interface FieldMerge {
  readonly pass: MergeDrafts
  readonly shape: FieldShape
}

/** Arranges the input in the order of the definition. */
export function startMerge(input: MergeInput): MergeDrafts {
  const shape = shapeOf(input.entity)
  const sides = shape.lanes.map(({ entitySystem: { system } }): Side | undefined => {
    const member = input.members.get(system)
    if (member === undefined) return undefined
    return { system, member, observation: input.observations.get(system), draft: undefined }
  })
  return {
    input,
    shape,
    sides,
    rev: input.rev,
    fields: undefined,
    changes: [],
    conflicts: [],
    oscillations: [],
    notes: [],
  }
}

/** The agreed fields, including drafts. */
export function agreedFields(pass: MergeDrafts): AgreedFields {
  return pass.fields ?? pass.input.fields
}

/** Drafts an agreed field. */
export function setAgreed(pass: MergeDrafts, field: string, agreed: AgreedField): void {
  pass.fields ??= { ...pass.input.fields }
  pass.fields[field] = agreed
}

/** The known state of a field in a system, including drafts. */
export function fieldState(side: Side, field: string): MemberField {
  return (side.draft ?? side.member.fields)[field] ?? unseen
}

/** Drafts the state of a field in a system; nothing is drafted while nothing changed. */
export function setFieldState(side: Side, field: string, state: MemberField): void {
  if (side.draft === undefined) {
    if (side.member.fields[field] === state) return
    side.draft = { ...side.member.fields }
  }
  side.draft[field] = state
}

/**
 * Records a conflict; candidates that belong to one already recorded are added to it, so that each is
 * reported once.
 */
export function addConflict(pass: MergeDrafts, draft: ConflictDraft): void {
  const index = pass.conflicts.findIndex((known) => known.id === draft.id)
  const known = pass.conflicts[index]
  if (known === undefined) pass.conflicts.push(draft)
  else pass.conflicts[index] = { ...draft, candidates: [...known.candidates, ...draft.candidates] }
}

/** The drafts as a result. */
export function finishMerge(pass: MergeDrafts): MergeDecision {
  const members = new Map<string, Record<string, MemberField>>()
  for (const side of pass.sides) if (side?.draft !== undefined) members.set(side.system, side.draft)
  return {
    rev: pass.rev,
    fields: agreedFields(pass),
    members,
    changes: pass.changes,
    conflicts: pass.conflicts,
    oscillations: pass.oscillations,
    notes: pass.notes,
  }
}
