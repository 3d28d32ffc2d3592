/**
 * Decides one field from the changes that the observations have found: a winner, a computed value, a hold, or
 * a declared revert.
 */
import { isRecognisedCoercion } from '../coercion.ts'
import type { AgreedField } from '../state.ts'
import { agree, commonValue } from './agree.ts'
import { agreedCandidate, candidateOf, draftCandidates, nothingAgreed, type SeenChange } from './change.ts'
import { agreedFields, type FieldMerge, fieldState, setAgreed, setFieldState } from './drafts.ts'
import { equivalent } from './equivalence.ts'
import { wholeAgreed, wholeChanges } from './group-parts.ts'
import { disown, keepForHold } from './hold.ts'
import { acknowledge, markCoerced } from './member-field.ts'
import { applyPolicy, firstByRank, type PolicyDecision, type RankedCandidate } from './policies.ts'
import { lensChangePolicy, wouldEmpty } from './rebase.ts'

/**
 * Decides all changes of one field. They are already absorbed; the decision determines what happens to their
 * values.
 */
export function decideField(at: FieldMerge, changes: readonly SeenChange[]): void {
  const { pass, shape } = at
  const agreed = agreedFields(pass)[shape.name] ?? nothingAgreed
  if (agreed.heldBy !== undefined) {
    keepForHold(at, agreed.heldBy, wholeChanges(shape, changes, agreed))
    return
  }
  const origins = originsOf(changes, agreed)
  const refused = changes.filter((change) => !origins.includes(change))
  if (origins.length > 0) decideBetween(at, origins, agreed)
  if (refused.length > 0) revert(at, wholeChanges(shape, refused, agreed), agreed)
}

/**
 * Returns the changes that may become the agreed value. A poorer copy counts only where nothing was ever
 * agreed and no system has a better one.
 */
function originsOf(changes: readonly SeenChange[], agreed: AgreedField): readonly SeenChange[] {
  const allowed = changes.filter((change) => change.role.origin === 'allowed')
  if (allowed.length > 0 || agreed.rev > 0) return allowed
  return changes.filter((change) => change.role.origin === 'poorer')
}

function decideBetween(at: FieldMerge, origins: readonly SeenChange[], agreed: AgreedField): void {
  const { pass, shape } = at
  const candidates = wholeChanges(shape, origins, agreed).map(candidateOf)
  if (origins.some((change) => change.concurrent)) {
    const candidate = agreedCandidate(wholeAgreed(shape, origins, agreed))
    candidates.push({ ...candidate, standsFor: holderOfAgreed(at, origins, agreed) })
  }
  const common = commonValue(shape, candidates)
  if (common !== undefined) {
    agree(at, agreed, { kind: 'winner', candidate: common, by: 'single' })
    return
  }
  const verdict = heldIfEmptying(applyPolicy(shape, candidates, agreed), origins, agreed)
  const draft = {
    id: pass.input.newId(),
    field: shape.name,
    candidates: draftCandidates(candidates),
    policy: verdict.by,
  }
  if (verdict.kind === 'held') {
    pass.conflicts.push(draft)
    setAgreed(pass, shape.name, { ...agreed, heldBy: draft.id })
    return
  }
  pass.conflicts.push({ ...draft, winner: verdict.kind === 'winner' ? verdict.candidate.system : 'merge' })
  agree(at, agreed, verdict)
}

/**
 * Returns the system whose rank the agreed value has. Against a field that starts over it is the first of
 * those that hold the value, as it would be at a first contact: the original source of the value does not
 * matter then.
 */
function holderOfAgreed(
  { pass, shape }: FieldMerge,
  origins: readonly SeenChange[],
  agreed: AgreedField,
): string {
  if (agreed.src === 'person' || !origins.every((change) => change.rebased)) return agreed.src
  const holders = shape.roles.flatMap(({ system, index }) => {
    const side = pass.sides[index]
    const isOrigin = origins.some((change) => change.side === side)
    return side === undefined || isOrigin || fieldState(side, shape.name).acked < agreed.rev ? [] : [system]
  })
  return firstByRank(shape, holders) ?? agreed.src
}

/** After a change of the mapping no policy empties a value: that is left for review. */
function heldIfEmptying(
  verdict: PolicyDecision,
  origins: readonly SeenChange[],
  agreed: AgreedField,
): PolicyDecision {
  if (verdict.kind === 'held' || !origins.some((change) => change.rebased)) return verdict
  const after = verdict.kind === 'winner' ? verdict.candidate.value : verdict.value
  const held = [agreed.value, ...origins.filter((change) => change.rebased).map(({ value }) => value)]
  return held.some((before) => wouldEmpty(before, after)) ? { kind: 'held', by: lensChangePolicy } : verdict
}

/**
 * Handles changes where none are allowed: the agreed value stays, under a new revision, so that it is written
 * there again. The refused values are kept like the losers of a conflict.
 */
function revert(at: FieldMerge, refused: readonly SeenChange[], before: AgreedField): void {
  const { pass, shape } = at
  const agreed = agreedFields(pass)[shape.name] ?? before
  if (agreed.heldBy !== undefined) {
    disown(shape, refused)
    return
  }
  const overwritten = refused.filter((change) => agreed.rev > 0 && !standsAs(at, change, agreed))
  const [first] = overwritten
  if (first === undefined) return
  const candidate = agreedCandidate(agreed)
  if (overwritten.some((change) => change.rebased && wouldEmpty(change.value, agreed.value))) {
    holdForPerson(at, [...overwritten.map(candidateOf), candidate], agreed)
    disown(shape, refused)
    return
  }
  const by = first.role.origin === 'owner' ? 'owner' : 'one-way'
  pass.conflicts.push({
    id: pass.input.newId(),
    field: shape.name,
    candidates: draftCandidates([...overwritten.map(candidateOf), candidate]),
    policy: by,
    winner: 'agreed',
  })
  // A system that has yet to get the agreed revision is written to anyway.
  const written = overwritten.every((change) => fieldState(change.side, shape.name).acked < agreed.rev)
  if (!written) agree(at, agreed, { kind: 'winner', candidate, by })
}

function holdForPerson(
  { pass, shape }: FieldMerge,
  candidates: readonly RankedCandidate[],
  agreed: AgreedField,
): void {
  const id = pass.input.newId()
  pass.conflicts.push({
    id,
    field: shape.name,
    candidates: draftCandidates(candidates),
    policy: lensChangePolicy,
  })
  setAgreed(pass, shape.name, { ...agreed, heldBy: id })
}

/** True when a refused value needs no write: it is the agreed value, within what the system can represent. */
function standsAs({ pass, shape }: FieldMerge, change: SeenChange, agreed: AgreedField): boolean {
  const { role, side, value } = change
  if (equivalent(role.settings, value, agreed.value)) return true
  if (role.origin !== 'poorer') return false
  if (isRecognisedCoercion(agreed.value, value, shape.field.type) === undefined) return false
  const state = acknowledge(fieldState(side, shape.name), agreed.rev)
  setFieldState(side, shape.name, markCoerced(state))
  pass.notes.push({ kind: 'coerced', system: role.system, field: shape.name })
  return true
}
