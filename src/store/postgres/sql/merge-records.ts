import type { MemberState } from '../../../model/state.ts'
import type { Session } from '../database.ts'

/** A member after a merge, or its undo. */
export interface PlacedMember {
  readonly recordId: string
  readonly system: string
  readonly entity: string
  /** As stored in the column. */
  readonly storedNativeId: string | null
  readonly state: MemberState
  /** Encoded field document; undefined leaves it unchanged. */
  readonly fields: Uint8Array | null | undefined
}

/** Removes the native ids that are about to move to another record: each has one holder at any time. */
export async function freeNatives(
  session: Session,
  recordIds: readonly string[],
  systems: readonly string[],
): Promise<void> {
  if (systems.length > 0) await session.rows(free, [recordIds, systems])
}

/** Sets all columns of members, with open lanes. */
export async function placeMembers(session: Session, members: readonly PlacedMember[]): Promise<void> {
  if (members.length === 0) return
  await session.rows(place, [
    members.map(({ recordId }) => recordId),
    members.map(({ system }) => system),
    members.map(({ entity }) => entity),
    members.map(({ storedNativeId }) => storedNativeId),
    members.map(({ state }) => state),
    members.map(({ fields }) => fields ?? null),
    members.map(({ fields }) => fields === undefined),
  ])
}

/**
 * The record becomes part of another one. Its native records without a place there are still to be handled.
 */
export async function dropInto(
  session: Session,
  recordId: string,
  survivorId: string,
  removal: 'archive' | 'delete' | 'keep',
): Promise<void> {
  await handOn(session, recordId, survivorId)
  await session.rows(drop, [recordId, survivorId, removal])
  await session.rows(take, [survivorId, recordId])
  await endReviews(session, [recordId, survivorId])
  await settleConflicts(session, recordId)
}

/**
 * Values that the record has yet to take over from others are passed to the record that it becomes part of.
 */
export async function handOn(session: Session, recordId: string, survivorId: string): Promise<void> {
  await session.rows(hand, [recordId, survivorId])
}

/** Closes the conflicts of a record that is part of another one. */
export async function settleConflicts(session: Session, recordId: string): Promise<void> {
  await session.rows(settle, [recordId])
}

/** Makes the record a separate one again. */
export async function restoreDropped(
  session: Session,
  recordId: string,
  survivorId: string,
  restored: { readonly state: 'active' | 'candidate'; readonly fields: Uint8Array | undefined },
): Promise<void> {
  await session.rows(restore, [recordId, restored.state, restored.fields ?? null])
  await session.rows(release, [survivorId, recordId])
}

export async function endReviews(session: Session, recordIds: readonly string[]): Promise<void> {
  await session.rows(reviews, [recordIds])
  await session.rows(reopen, [recordIds])
}

/** Opens lanes that waited for a decision about a duplicate; returns them. */
export async function openHeldLanes(
  session: Session,
  recordIds: readonly string[],
): Promise<readonly { readonly recordId: string; readonly system: string }[]> {
  const rows = await session.rows<{ record_id: string; system: string }>(lanes, [recordIds])
  return rows.map(({ record_id: recordId, system }) => ({ recordId, system }))
}

/** Returns all keys of a record. */
export function readKeys(
  session: Session,
  recordId: string,
): Promise<{ mac: Uint8Array; rule: number; kind: 'exact' | 'block' }[]> {
  return session.rows<{ mac: Uint8Array; rule: number; kind: 'exact' | 'block' }>(keys, [recordId])
}

/**
 * Removes what remains of a merge in a system that the record is to be kept apart from: it has no counterpart
 * there any more.
 */
export async function forgetGone(session: Session, recordId: string, system: string): Promise<void> {
  await session.rows(gone, [recordId, system])
}

const free = {
  name: 'free-natives',
  text: `update member set rid = null where record_id = any($1::uuid[]) and system = any($2::text[])`,
}

const place = {
  name: 'place-members',
  text: `
    insert into member as m (record_id, system, entity, rid, state, fields, linked_at)
    select record_id, system, entity, rid, state, fields, now_ms()
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::boolean[])
      as u (record_id, system, entity, rid, state, fields, kept)
    on conflict (record_id, system) do update set
      rid = excluded.rid,
      state = excluded.state,
      fields = case
        when (
          select kept from unnest($1::uuid[], $2::text[], $7::boolean[]) as u (record_id, system, kept)
          where u.record_id = m.record_id and u.system = m.system
        ) then m.fields
        else excluded.fields
      end,
      linked_at = case when m.rid is not distinct from excluded.rid then m.linked_at else excluded.linked_at end,
      shadow_mac = null,
      floor = null,
      absorbed_version = null,
      asof = 0,
      settle_at = null,
      lane = 'open',
      lane_until = null,
      lane_reason = null,
      lane_attempts = 0,
      gone_since = null,
      gone_confirmed_at = null,
      reappeared_at = null,
      create_wanted_at = null`,
}

const drop = {
  name: 'drop-into',
  text: `
    update record set
      alias_of = $2,
      state = case when id = $1 then 'deleting' else state end,
      removal = case when id = $1 then $3 else removal end,
      merging = case when id = $1 then '{}' else merging end
    where id = $1 or alias_of = $1`,
}

const take = {
  name: 'take-in',
  text: `update record set merging = array_append(array_remove(merging, $2::uuid), $2::uuid) where id = $1`,
}

const restore = {
  name: 'restore-dropped',
  text: `
    update record set
      alias_of = null,
      removal = null,
      tombstone_rev = null,
      state = $2,
      rev = case when $3::bytea is null then rev else greatest(rev, 1) end,
      fields = coalesce($3::bytea, fields)
    where id = $1`,
}

const release = {
  name: 'release-taken',
  text: `update record set merging = array_remove(merging, $2::uuid) where id = $1`,
}

const reviews = { name: 'end-reviews', text: `delete from review where record_id = any($1::uuid[])` }

const reopen = {
  name: 'reopen-candidates',
  text: `update record set state = 'candidate' where id = any($1::uuid[]) and state = 'review'`,
}

const hand = {
  name: 'hand-on-merging',
  text: `
    update record s set merging = s.merging || l.merging
    from record l
    where s.id = $2 and l.id = $1 and cardinality(l.merging) > 0`,
}

const settle = {
  name: 'settle-conflicts',
  text: `
    update conflict set state = 'decided', winner = 'merge', decided_by = 'merge'
    where record_id = $1 and state = 'open'`,
}

const lanes = {
  name: 'open-held-lanes',
  text: `
    update member set lane = 'open', lane_until = null, lane_reason = null, lane_attempts = 0
    where record_id = any($1::uuid[]) and lane_reason = 'duplicate'
    returning record_id, system`,
}

const keys = {
  name: 'read-keys',
  text: `select mac, rule, kind from match_key where record_id = $1 order by mac`,
}

const gone = {
  name: 'forget-gone',
  text: `
    update member set rid = null, state = 'absent', fields = null, shadow_mac = null, linked_at = null, gone_since = null,
      gone_confirmed_at = null
    where record_id = $1 and system = $2 and state = 'gone'`,
}
