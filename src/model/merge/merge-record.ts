/**
 * The merge of one record: absorbs the observations of its systems and decides every field.
 *
 * Pure: a function of the agreed values, the absorbed state, the observations and the definition. The order
 * of the observations does not matter, since fields and systems are processed in the order of the definition.
 */
import type { AgreedField } from '../state.ts'
import { agreeOnEmpty } from './agree-on-empty.ts'
import { agreedCandidate, nothingAgreed, type SeenChange } from './change.ts'
import { classifyObservation } from './classify-observation.ts'
import type { ConflictCandidate, MergeDecision, MergeInput, ObservedValues } from './contract.ts'
import { decideField } from './decide-field.ts'
import {
  agreedFields,
  fieldState,
  finishMerge,
  type MergeDrafts,
  type Side,
  setAgreed,
  setFieldState,
  startMerge,
} from './drafts.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import { equivalent, type MaybeValue, sameValue } from './equivalence.ts'
import { releaseIfEqual } from './hold.ts'
import { absorb, forgetWrote } from './member-field.ts'
import { countInducedChange, isInduced } from './oscillation.ts'
import { defaultPolicy } from './own-default.ts'
import { dropSettledWrites } from './own-writes.ts'
import { joinGroups, reformAgreed, withoutBase } from './rebase.ts'

/**
 * Absorbs and decides; the writes that follow are planned by `planWrites`. Every field group is one field and
 * so has one revision.
 */
export function mergeRecord(input: MergeInput): MergeDecision {
  const pass = startMerge(input)
  for (const shape of pass.shape.fields) mergeField(pass, shape)
  return finishMerge(pass)
}

function mergeField(pass: MergeDrafts, shape: FieldShape): void {
  const agreed = agreedNow(pass, shape)
  let changes: SeenChange[] | undefined
  let empties: FieldRole[] | undefined
  for (const role of shape.roles) {
    const side = pass.sides[role.index]
    const observation = side?.observation
    if (side === undefined || observation === undefined) continue
    if (!role.settings.readable) continue
    if (observation.unknown.size > 0 && observation.unknown.has(shape.name)) continue
    const change = mergeObservedField(pass, { shape, role, side, observation, agreed })
    if (change === undefined) continue
    if (change === 'empty') {
      empties ??= []
      empties.push(role)
    } else {
      changes ??= []
      changes.push(change)
    }
  }
  if (changes !== undefined) decideField({ pass, shape }, changes)
  if (empties !== undefined) agreeOnEmpty({ pass, shape }, empties)
  if (agreed.heldBy !== undefined) releaseIfEqual({ pass, shape })
}

/** Returns the agreed value in the form that the field has now. */
function agreedNow(pass: MergeDrafts, shape: FieldShape): AgreedField {
  const agreed = agreedFields(pass)[shape.name]
  if (agreed === undefined) return nothingAgreed
  const isRedefined = [...pass.input.observations.values()].some(
    ({ rebase }) => rebase?.get(shape.name) === 'canonical',
  )
  if (!isRedefined) return agreed
  const reformed = reformAgreed(shape.field, agreed)
  if (sameValue(reformed.value, agreed.value)) return agreed
  setAgreed(pass, shape.name, reformed)
  return reformed
}

interface ObservedFieldInput {
  readonly shape: FieldShape
  readonly role: FieldRole
  readonly side: Side
  readonly observation: ObservedValues
  readonly agreed: AgreedField
}

/** Absorbs one observation of one field; a change is returned to be decided together with the others. */
function mergeObservedField(
  pass: MergeDrafts,
  { shape, role, side, observation, agreed }: ObservedFieldInput,
): SeenChange | 'empty' | undefined {
  const rebased = observation.rebase?.has(shape.name) === true
  const known = fieldState(side, shape.name)
  const state = rebased ? withoutBase(known) : known
  const value: MaybeValue = observation.values[shape.name]
  const pending = state.own ?? state.wrote ?? state.provisional ?? state.replaced ?? state.notStored
  // Most observations show the same value as before: nothing to compute, nothing to allocate.
  if (pending === undefined && value !== undefined && value === state.shadow) return undefined
  const seen = classifyObservation({
    shape,
    role,
    state,
    agreed,
    observed: value,
    read: {
      version: observation.version,
      at: observation.at,
      settleMs: side.member.settleMs,
      definition: pass.input.version,
    },
  })
  if (seen.kind === 'changed') {
    const absorbed = absorb(forgetWrote(state), value)
    const { concurrent, edited } = seen
    const induced = edited && isInduced(state, observation.at, side.member.noticeMs)
    settleState(side, shape, induced ? countInducedChange({ pass, shape }, side, absorbed) : absorbed)
    const joined = rebased ? joinGroups(shape.field.type, value, agreed.value) : undefined
    if (joined !== undefined) {
      // No part is lost: the group is completed here, and everywhere else if it has parts that were never
      // agreed.
      if (equivalent(role.settings, joined, agreed.value)) return undefined
      return { role, side, observation, value: joined, base: undefined, concurrent: false, edited, rebased }
    }
    return { role, side, observation, value, base: state.shadow, concurrent, edited, rebased }
  }
  settleState(side, shape, seen.state)
  if (seen.kind === 'missing' && seen.maybeEdited === true) {
    const candidates = [{ system: role.system, value, at: observation.at }, agreedCandidate(agreed)]
    keepOverwritten(pass, shape, candidates)
  }
  if (seen.kind === 'settled' && seen.note !== undefined) {
    pass.notes.push({ kind: seen.note, system: role.system, field: shape.name })
  }
  return seen.kind === 'empty' ? 'empty' : undefined
}

/** The agreed value overwrites it; a value that may be somebody's edit is kept in a conflict. */
function keepOverwritten(
  pass: MergeDrafts,
  { name: field }: FieldShape,
  candidates: readonly ConflictCandidate[],
): void {
  const kept = candidates.map(({ system, value, at }) => ({ system, value, at }))
  pass.conflicts.push({
    id: pass.input.newId(),
    field,
    candidates: kept,
    policy: defaultPolicy,
    winner: 'agreed',
  })
}

function settleState(side: Side, shape: FieldShape, state: SeenState): void {
  const at = side.observation?.at ?? 0
  setFieldState(side, shape.name, dropSettledWrites(state, at, side.member.settleMs))
}

type SeenState = Parameters<typeof dropSettledWrites>[0]
