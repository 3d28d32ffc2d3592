import type { MemberUpdate } from '../../contract.ts'
import { writeEvidence } from '../../documents.ts'
import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'
import { toText } from '../text.ts'

export interface MemberChange {
  readonly recordId: string
  readonly entity: string
  readonly update: Omit<MemberUpdate, 'fields'>
  readonly fields: Uint8Array | undefined
  readonly shadowMac: Uint8Array | undefined
}

/** Columns that an update may clear, in the order of their bits: `null` in the update clears, a missing key keeps. */
const clearable = [
  'nativeId',
  'floor',
  'absorbedVersion',
  'settleAt',
  'laneUntil',
  'laneReason',
  'goneSince',
  'createWantedAt',
  'evidence',
] as const satisfies readonly (keyof MemberUpdate)[]

/** Updates existing rows and inserts missing ones. */
export async function updateMembers(session: Session, changes: readonly MemberChange[]): Promise<void> {
  if (changes.length === 0) return
  const updated = await session.rows<{ n: number }>(update, parametersOf(changes))
  if (updated.length === changes.length) return
  const done = new Set(updated.map(({ n }) => n - 1))
  const missing = changes.filter((_change, index) => !done.has(index))
  await session.rows(insert, parametersOf(missing))
}

function parametersOf(changes: readonly MemberChange[]): unknown[] {
  const column = <T>(pick: (change: MemberChange) => T): T[] => changes.map(pick)
  const documents = packBytes(column(({ fields }) => fields))
  return [
    column(({ recordId }) => recordId),
    column(({ entity }) => entity),
    column(({ update: u }) => u.system),
    column(({ update: u }) => maskOf(u)),
    column(({ update: u }) => u.state ?? null),
    documents.starts,
    column(({ shadowMac }) => shadowMac ?? null),
    column(({ update: u }) => toText(u.nativeId)),
    column(({ update: u }) => toText(u.floor)),
    column(({ update: u }) => toText(u.absorbedVersion)),
    column(({ update: u }) => u.asof ?? null),
    column(({ update: u }) => u.settleAt ?? null),
    column(({ update: u }) => u.lane ?? null),
    column(({ update: u }) => u.laneUntil ?? null),
    column(({ update: u }) => toText(u.laneReason)),
    column(({ update: u }) => u.laneAttempts ?? null),
    column(({ update: u }) => u.goneSince ?? null),
    column(({ update: u }) => u.createWantedAt ?? null),
    documents.bytes,
    documents.lengths,
    column(({ update: u }) => u.lens ?? null),
    column(({ update: u }) => writeEvidence(u.evidence)),
  ]
}

function maskOf(update: MemberChange['update']): number {
  return clearable.reduce((mask, name, bit) => (update[name] === undefined ? mask : mask | (1 << bit)), 0)
}

const changesTable = `
  unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::integer[], $7::bytea[], $8::text[],
    $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[],
    $16::integer[], $17::bigint[], $18::bigint[], $20::integer[], $21::integer[],
    $22::text[]) with ordinality
    as u (record_id, entity, system, mask, state, start, shadow_mac, rid, floor, absorbed_version, asof,
      settle_at, lane, lane_until, lane_reason, lane_attempts, gone_since, create_wanted_at, length, lens,
      evidence, n)`

const document = `substring($19::bytea from u.start for u.length)`

const update = {
  name: 'update-members',
  text: `
    update member m set
      state = coalesce(u.state, m.state),
      fields = coalesce(${document}, m.fields),
      shadow_mac = coalesce(u.shadow_mac, m.shadow_mac),
      asof = coalesce(u.asof, m.asof),
      lane = coalesce(u.lane, m.lane),
      lane_attempts = coalesce(u.lane_attempts, m.lane_attempts),
      rid = case when u.mask & 1 <> 0 then u.rid else m.rid end,
      linked_at = case
        when u.mask & 1 = 0 or u.rid is not distinct from m.rid then m.linked_at
        when u.rid is null then null
        else now_ms()
      end,
      floor = case when u.mask & 2 <> 0 then u.floor else m.floor end,
      absorbed_version = case when u.mask & 4 <> 0 then u.absorbed_version else m.absorbed_version end,
      settle_at = case when u.mask & 8 <> 0 then u.settle_at else m.settle_at end,
      lane_until = case when u.mask & 16 <> 0 then u.lane_until else m.lane_until end,
      lane_reason = case when u.mask & 32 <> 0 then u.lane_reason else m.lane_reason end,
      gone_since = case when u.mask & 64 <> 0 then u.gone_since else m.gone_since end,
      create_wanted_at = case when u.mask & 128 <> 0 then u.create_wanted_at else m.create_wanted_at end,
      lens = coalesce(u.lens, m.lens),
      evidence = case when u.mask & 256 <> 0 then u.evidence else m.evidence end
    from ${changesTable}
    where m.record_id = u.record_id and m.system = u.system
    returning u.n`,
}

const insert = {
  name: 'insert-members',
  text: `
    insert into member (record_id, system, entity, rid, state, fields, shadow_mac, floor, absorbed_version,
      asof, settle_at, lane, lane_until, lane_reason, lane_attempts, gone_since, create_wanted_at, lens, evidence,
      linked_at)
    select u.record_id, u.system, u.entity, u.rid, coalesce(u.state, 'absent'), ${document}, u.shadow_mac,
      u.floor, u.absorbed_version, coalesce(u.asof, 0), u.settle_at, coalesce(u.lane, 'open'), u.lane_until,
      u.lane_reason, coalesce(u.lane_attempts, 0), u.gone_since, u.create_wanted_at, u.lens, u.evidence,
      case when u.rid is null then null else now_ms() end
    from ${changesTable}`,
}
