/**
 * Rejoins a deleted record that exists again in the system where it was deleted, while other systems only
 * archived its counterparts for that deletion. Nothing was lost, so the counterparts are restored instead of
 * creating second ones beside the archived ones.
 *
 * Steps: *seen alive* → (`confirmMs` later) *seen alive again* → counted by the create guard of each system
 * that archived → un-archived there, where the connector supports it → `active` again, without a base:
 * differences are resolved by the policy of a first contact.
 *
 * A person decides (`restored.ts`) where a counterpart was deleted permanently, where an archived one can no
 * longer be reached, and where the system refuses to restore it.
 */
import { type Lane, openLane } from '../../model/lane.ts'
import type { LaneReasons } from '../../model/lane-reasons.ts'
import type { Intent, Member } from '../../model/state.ts'
import { observeMember } from '../observe/observe.ts'
import type { Pass } from '../pass/contract.ts'
import { holdLane, RELEASED } from '../pass/lane.ts'
import { addNeed, note, setLane, updateMember, updateRecord } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import type { OutgoingWrite } from '../ports.ts'
import { sendWindow } from '../write/compose.ts'
import { dispatch } from '../write/dispatch.ts'
import { ARCHIVED, ARCHIVED_AWAY } from './carry.ts'

/** Lane reason between the two reads. */
const REAPPEARED = 'reappeared'
/**
 * Lane reason once the record is counted by the guard, while some system has not restored its native record
 * yet.
 */
const REJOINING = 'rejoining'
/** Wait before a restoration that failed is retried. */
const retryMs = 5_000
/** Time without success after which the problem is reported. */
const waitMaxMs = 600_000

/** What is known of a member's native record before the first read. */
export const fresh = {
  fields: {},
  floor: null,
  absorbedVersion: null,
  goneSince: null,
  goneConfirmedAt: null,
  reappearedAt: null,
  createWantedAt: null,
  settleAt: null,
} as const

/**
 * Returns the counterparts that were archived for the deletion. Undefined unless they are all that was
 * removed: others can't be restored.
 */
export function archivedWith(pass: Pass, system: string): readonly Member[] | undefined {
  if (pass.record.state !== 'tombstoned') return undefined
  const others = [...pass.members.values()].filter(
    (member) => member.system !== system && member.state === 'gone' && pass.entity.systems.has(member.system),
  )
  return others.length > 0 && others.every((member) => isArchived(pass, member)) ? others : undefined
}

function isArchived(pass: Pass, { system, lane, nativeId }: Member): boolean {
  const isMarked = lane.reason === ARCHIVED || lane.reason === ARCHIVED_AWAY
  return nativeId !== undefined && (isMarked || pass.intents.get(system)?.request.restore === true)
}

/**
 * `person`: it can't be done, for this reason · `later`: another read is scheduled · `joined`: the record is
 * active again
 */
export type Rejoined =
  | { readonly kind: 'joined' | 'later' }
  | { readonly kind: 'person'; readonly why: string }

/** The record was just seen alive at `at`; `archived` are its counterparts. */
export async function rejoin(
  pass: Pass,
  member: Member,
  { at, archived }: { readonly at: number; readonly archived: readonly Member[] },
): Promise<Rejoined> {
  const { system } = member
  const { context, entity } = pass
  const { lagMs } = placeOf(context, system, entity.name).resource.capabilities.read
  const since = member.reappearedAt ?? at
  const dueAt = since + Math.max(entity.delete.confirmMs, lagMs)
  if (member.reappearedAt === undefined) {
    updateMember(pass, { system, reappearedAt: since })
    note(pass, { kind: 'delete', body: { system, step: 'there again' } })
  }
  if (at < dueAt) {
    setLane(pass, system, { state: 'waiting', reason: REAPPEARED, until: dueAt })
    addNeed(pass, { at: dueAt, why: REAPPEARED, toRead: [system] })
    return { kind: 'later' }
  }
  if (!(await isAllowed(pass, member, archived))) return { kind: 'later' }
  for (const other of archived) {
    const taken = await takeBack(pass, other)
    if (taken.kind === 'person') return taken
    if (taken.kind === 'later') {
      if (context.clock.now() - dueAt > waitMaxMs)
        return { kind: 'person', why: `${other.system} could not restore its record from the archive` }
      setLane(pass, system, { state: 'waiting', reason: REJOINING })
      addNeed(pass, { at: context.clock.now() + retryMs, why: REAPPEARED, toRead: [system] })
      return taken
    }
  }
  for (const one of [member, ...archived]) {
    updateMember(pass, { system: one.system, state: 'linked', ...fresh })
    setLane(pass, one.system, openLane)
  }
  updateRecord(pass, { state: 'active' })
  const systems = archived.map((one) => one.system)
  note(pass, { kind: 'delete', body: { system, step: 'joined again', with: systems } })
  addNeed(pass, { at: context.clock.now(), why: REAPPEARED, toRead: [system, ...systems] })
  return { kind: 'joined' }
}

/** Checks the create guard: many records that come back at once are a mass change, just like many creates. */
async function isAllowed(
  pass: Pass,
  { system, lane }: Member,
  archived: readonly Member[],
): Promise<boolean> {
  if (lane.reason === RELEASED || lane.reason === REJOINING) return true
  const { context, entity } = pass
  for (const other of archived) {
    const { guard, name } = entity
    const granted = await context.store.reserve({
      system: other.system,
      entity: name,
      operation: 'create',
      count: 1,
      ...guard.create,
    })
    if (granted) continue
    const reason = `More creates, and archived records taken back, than the guard of ${name} allows in ${other.system} within 24 hours.`
    holdLane(pass, system, { kind: 'guard', reason, operation: 'create' })
    return false
  }
  return true
}

/**
 * Restores one counterpart. The operation is idempotent, so an attempt with an unknown outcome is simply
 * repeated.
 */
async function takeBack(pass: Pass, { system, nativeId, lane }: Member): Promise<Rejoined> {
  const place = placeOf(pass.context, system, pass.entity.name)
  if (place.resource.restore !== undefined && place.part.operations.update && nativeId !== undefined) {
    if (pass.intents.has(system)) return { kind: 'later' }
    const intent = restoreIntent(pass, { system, nativeId, resource: place.part.resource })
    const write: OutgoingWrite = { intent }
    const result = await dispatch(pass, [write])
    const outcome = result.kind === 'sent' ? result.outcomes.get(system) : undefined
    if (outcome?.kind === 'rejected' || outcome?.kind === 'gone')
      return { kind: 'person', why: `${system} does not restore its record from the archive` }
    // An attempt with an unknown outcome keeps its lane until it can no longer take effect.
    if (outcome?.kind !== 'unknown') setLane(pass, system, { state: 'open', reason: markOf(lane) })
    if (outcome?.kind !== 'ok') return { kind: 'later' }
  }
  const observation = await observeMember(pass, system)
  pass.observations.delete(system)
  if (observation.kind === 'live') return { kind: 'joined' }
  const mayLag = place.resource.restore !== undefined && place.resource.capabilities.read.lagMs > 0
  if (observation.kind === 'unknown' || mayLag) return { kind: 'later' }
  return {
    kind: 'person',
    why: `its counterpart in ${system} is archived and cannot be restored from here`,
  }
}

function markOf({ reason }: Lane): LaneReasons['open'] {
  return reason === ARCHIVED ? ARCHIVED : ARCHIVED_AWAY
}

function restoreIntent(
  pass: Pass,
  {
    system,
    nativeId,
    resource,
  }: { readonly system: string; readonly nativeId: string; readonly resource: string },
): Intent {
  return {
    id: pass.context.random.uuid(),
    recordId: pass.record.id,
    system,
    entity: pass.entity.name,
    operation: 'update',
    revs: {},
    request: { resource, nativeId, body: {}, values: {}, restore: true },
    state: 'open',
    ...sendWindow(pass, system),
  }
}
