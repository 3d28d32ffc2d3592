import type { Session } from '../database.ts'

/** The effect of a person's decision on a lane; undefined leaves a part unchanged. */
export interface LaneChange {
  readonly recordId: string
  readonly system: string
  readonly lane: 'open' | 'rejected' | undefined
  readonly reason: string | undefined
  /** Encoded field document. */
  readonly fields: Uint8Array | undefined
}

export async function changeLanes(session: Session, changes: readonly LaneChange[]): Promise<void> {
  if (changes.length === 0) return
  await session.rows(lanes, [
    changes.map(({ recordId }) => recordId),
    changes.map(({ system }) => system),
    changes.map(({ lane }) => lane ?? null),
    changes.map(({ reason }) => reason ?? null),
    changes.map(({ fields }) => fields ?? null),
  ])
}

/** Resets the count of attempts after a person's intervention. */
export async function forgetAttempts(session: Session, recordIds: readonly string[]): Promise<void> {
  await session.rows(attempts, [recordIds])
}

export async function releaseRules(session: Session, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length > 0) await session.rows(rules, [recordIds])
}

/** A held deletion is not carried out: the record stays, without the systems that lost it. */
export async function undoDeletion(session: Session, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length === 0) return
  await session.rows(revive, [recordIds])
  await session.rows(unlink, [recordIds])
}

export async function saveAgreed(
  session: Session,
  recordId: string,
  rev: number,
  fields: Uint8Array,
): Promise<void> {
  await session.rows(agreed, [recordId, rev, fields])
}

const lanes = {
  name: 'change-lanes',
  text: `
    update member m set
      fields = coalesce(u.fields, m.fields),
      lane = coalesce(u.lane, m.lane),
      lane_until = case when u.lane is null then m.lane_until end,
      lane_reason = case when u.lane is null then m.lane_reason else u.reason end,
      lane_attempts = case when u.lane = 'open' then 0 else m.lane_attempts end
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[])
      as u (record_id, system, lane, reason, fields)
    where m.record_id = u.record_id and m.system = u.system`,
}

const attempts = {
  name: 'forget-attempts',
  text: `update record set attempts = 0 where id = any($1::uuid[])`,
}

const rules = {
  name: 'release-rules',
  text: `update record set released_rev = rev where id = any($1::uuid[])`,
}

const revive = {
  name: 'revive-records',
  text: `update record set state = 'active' where id = any($1::uuid[]) and state = 'deleting'`,
}

const unlink = {
  name: 'unlink-gone',
  text: `
    update member set state = 'out-of-scope', gone_since = null, gone_confirmed_at = null
    where record_id = any($1::uuid[]) and state in ('gone', 'suspect')`,
}

const agreed = {
  name: 'save-agreed',
  text: `update record set rev = $2, fields = $3 where id = $1`,
}
