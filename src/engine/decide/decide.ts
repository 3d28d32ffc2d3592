/**
 * Turns observations into a decision: merges them, puts the result into the pass, and returns the writes that
 * follow.
 *
 * A system that was not read may still be written to when its write carries a precondition on the exact
 * version that was absorbed; an edit then costs one read and one write. Otherwise the system is read first
 * and everything is merged again.
 */

import type { EntitySystem } from '../../model/integration.ts'
import type {
  MergeInput,
  MergeMember,
  MergeResult,
  ObservedValues,
  PlannedWrite,
} from '../../model/merge/contract.ts'
import { isPartlyEmpty } from '../../model/merge/equivalence.ts'
import { isUnverified } from '../../model/merge/member-field.ts'
import type { Member } from '../../model/state.ts'
import { followGone } from '../delete/detect.ts'
import { replacesOnlyAbsorbed } from '../observe/lens-effects.ts'
import { observe } from '../observe/observe.ts'
import { prepareReferences, referable } from '../observe/references.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { forgetRefusals, hasRefusals, isPlannable, isReadable } from '../pass/lane.ts'
import { placeOf } from '../place.ts'
import { composePatch, replacesMore } from '../write/compose.ts'
import { takeUpValues, withTemporaries } from '../write/taken-values.ts'
import { keepMerge, keepScope } from './keep-merge.ts'
import { mergeWithLookups } from './lookups.ts'

const promptMs = 600_000

/** How a round continues after the merge. */
export interface DecidedPass {
  readonly verdict: StepResult
  /** The writes that the observations justify; empty unless the verdict is `go-on`. */
  readonly writes: readonly PlannedWrite[]
}

/**
 * Merges the observations of this pass. Those that showed the record gone are never part of a merge: they are
 * handled as deletions.
 */
export async function decide(pass: Pass): Promise<DecidedPass> {
  forgetReleasedRefusals(pass)
  await takeUpValues(pass)
  let result = await merge(pass)
  // A read may bring a change that is owed to a system not read so far: each round reads at least one more of
  // them.
  for (let round = 0; round < pass.members.size; round += 1) {
    const unseen = await systemsToSeeFirst(pass, result.writes)
    if (unseen.length === 0) break
    await observe(pass, unseen)
    const verdict = await followGone(pass)
    if (verdict !== 'go-on') return { verdict, writes: [] }
    result = await merge(pass)
  }
  keepMerge(pass, result)
  const stillUnseen = new Set(await systemsToSeeFirst(pass, result.writes))
  return { verdict: 'go-on', writes: result.writes.filter((write) => !stillUnseen.has(write.system)) }
}

async function merge(pass: Pass): Promise<MergeResult> {
  keepScope(pass)
  await prepareReferences(pass)
  const result = await mergeWithLookups(pass, () => mergeInput(pass))
  if (!forgetOutdatedRefusals(pass, result)) return withTemporaries(pass, result)
  return withTemporaries(pass, await mergeWithLookups(pass, () => mergeInput(pass)))
}

function mergeInput(pass: Pass): MergeInput {
  const { clock, random, integration } = pass.context
  const { record, entity } = pass
  const observations = new Map<string, ObservedValues>()
  const guarded = new Set<string>()
  for (const member of pass.members.values()) {
    const observation = pass.observations.get(member.system)
    if (observation === undefined && isReadable(pass, member)) guarded.add(member.system)
    if (observation?.kind === 'live' && observation.admissible && observation.inScope) {
      observations.set(member.system, observation.observed)
    }
  }
  return {
    entity,
    version: integration.version,
    rev: record.rev,
    fields: record.fields,
    members: new Map([...pass.members.values()].map((member) => [member.system, mergeMember(pass, member)])),
    observations,
    guarded,
    referable: referable(pass),
    now: clock.now(),
    newId: () => random.uuid(),
    ...(record.releasedRev === undefined ? {} : { releasedRev: record.releasedRev }),
  }
}

function mergeMember(pass: Pass, member: Member): MergeMember {
  const { system, state, fields } = member
  if (!pass.entity.systems.has(system)) return { system, state, fields, settleMs: 0, writable: false }
  const { part, resource } = placeOf(pass.context, system, pass.entity.name)
  const { inflightMs, read } = resource.capabilities
  return {
    system,
    state,
    fields,
    settleMs: inflightMs + read.lagMs,
    ...noticedWithin(part),
    writable: isPlannable(member),
  }
}

/** A webhook and the work that it triggers there take minutes; a feed is read once per interval. */
function noticedWithin({ triggers }: EntitySystem): Pick<MergeMember, 'noticeMs'> {
  const polls = triggers.flatMap((trigger) => (trigger.kind === 'poll' ? [trigger.everyMs] : []))
  if (polls.length > 0) return { noticeMs: promptMs + 1.5 * Math.min(...polls) }
  return triggers.some(({ kind }) => kind === 'webhook') ? { noticeMs: promptMs } : {}
}

/** Returns the systems that must be read before they can be written to. */
async function systemsToSeeFirst(pass: Pass, writes: readonly PlannedWrite[]): Promise<readonly string[]> {
  const systems: string[] = []
  for (const write of writes) {
    if (write.operation === 'create' || pass.observations.has(write.system)) continue
    if (!(await canGoUnseen(pass, write))) systems.push(write.system)
  }
  return systems
}

/**
 * The write's own precondition replaces the read: the system supports it, and everything that the write
 * replaces is absorbed.
 */
async function canGoUnseen(pass: Pass, write: PlannedWrite): Promise<boolean> {
  const member = pass.members.get(write.system)
  const { capabilities } = placeOf(pass.context, write.system, pass.entity.name).resource
  if (member?.absorbedVersion === undefined) return false
  if (!capabilities.conditionalWrites || capabilities.write !== 'patch') return false
  if (pass.intents.has(write.system) || member.settleAt !== undefined) return false
  if (Object.values(member.fields).some(isUnverified)) return false
  // How a field is cleared depends on the current record: a property may have to be named, and its unmapped
  // neighbours must be preserved.
  if (Object.values(write.values).some(isPartlyEmpty)) return false
  if (!replacesOnlyAbsorbed(pass, member, Object.keys(write.values))) return false
  const { patch } = await composePatch(pass, write, undefined)
  return !replacesMore(patch, capabilities.nested)
}

/** Forgets refusals in lanes that a person has reopened: rejected values are tried again. */
function forgetReleasedRefusals(pass: Pass): void {
  for (const member of pass.members.values()) {
    if (member.lane.state === 'open' && hasRefusals(member)) forgetRefusals(pass, member)
  }
}

/**
 * A refusal applies to the request as a whole, since systems seldom name the field: once one of the refused
 * fields has a newer value, or the definition changed, all of them may be sent again. A refused create
 * consists of all fields. Returns whether anything was forgotten.
 */
function forgetOutdatedRefusals(pass: Pass, result: MergeResult): boolean {
  const outdated = [...pass.members.values()].filter(
    (member) => hasRefusals(member) && areOutdated(pass, member, result),
  )
  for (const member of outdated) forgetRefusals(pass, member)
  return outdated.length > 0
}

function areOutdated(pass: Pass, member: Member, result: MergeResult): boolean {
  const after = result.members.get(member.system) ?? member.fields
  const refused = Object.entries(member.fields).flatMap(([name, { rejected }]) =>
    rejected === undefined ? [] : [{ name, rejected }],
  )
  const newest = Math.max(...refused.map(({ rejected }) => rejected.rev))
  const parts = pass.entity.systems.get(member.system)?.fields
  if (
    member.state === 'absent' &&
    result.changes.some(({ field, rev }) => rev > newest && parts?.has(field))
  ) {
    return true
  }
  return refused.some(({ name, rejected }) => {
    const changed = rejected.rev !== (result.fields[name]?.rev ?? 0)
    const held = (after[name]?.acked ?? 0) >= rejected.rev
    return changed || held || rejected.version !== pass.context.integration.version
  })
}
