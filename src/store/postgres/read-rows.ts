/** Converts columns to the types of the contract, decoded. */
import { addCauses } from '../../model/cause.ts'
import { readLane } from '../../model/lane.ts'
import type { Intent, Member, SyncRecord } from '../../model/state.ts'
import type { FieldCodec, FieldPlace } from '../contract.ts'
import { decodeIntent, decodeMember, readAgreed, readEvidence } from '../documents.ts'
import type { AgreedDocument } from '../implicit-shadows.ts'
import { type ReadRows, readRecordRows } from '../record-rows.ts'
import { once } from './member-documents.ts'
import type { IntentColumns } from './sql/read-intents.ts'
import type { MemberColumns } from './sql/read-members.ts'
import type { RecordColumns } from './sql/record-columns.ts'
import { fromText } from './text.ts'

/** A row as the record of the contract, decoded. */
export function toRecord(
  codec: FieldCodec,
  row: RecordColumns,
  agreed: () => AgreedDocument = () => readAgreed(codec, row.id, row.fields),
): SyncRecord {
  return {
    id: row.id,
    entity: row.entity,
    state: row.state,
    rev: row.rev,
    // A record that a full run discovered has no document yet: the server can't encode one.
    fields: agreed().fields,
    dirtySeq: row.dirty_seq,
    cleanSeq: row.clean_seq,
    causes: addCauses(row.claimed_causes, row.causes),
    toRead: [...new Set([...row.claimed_look, ...row.look])].sort(),
    attempts: row.attempts,
    discoveredAt: row.discovered_at,
    ...(row.tombstone_rev === null ? {} : { tombstoneRev: row.tombstone_rev }),
    ...(row.released_rev === null ? {} : { releasedRev: row.released_rev }),
    ...(row.alias_of === null ? {} : { aliasOf: row.alias_of }),
    ...(row.removal === null ? {} : { removal: row.removal }),
    ...(row.merging.length === 0 ? {} : { merging: row.merging }),
  }
}

/** A row as the member of the contract, decoded; `agreed` reads the agreed values of its record. */
export function toMember(codec: FieldCodec, row: MemberColumns, agreed: () => AgreedDocument): Member {
  const where = `record ${row.record_id} in ${row.system}`
  return {
    recordId: row.record_id,
    system: row.system,
    entity: row.entity,
    state: row.state,
    fields: decodeMember(codec, row.record_id, row.system, row.fields, agreed),
    asof: row.asof,
    lane: readLane({ state: row.lane, until: row.lane_until, reason: row.lane_reason }, where),
    laneAttempts: row.lane_attempts,
    ...(row.rid === null ? {} : { nativeId: fromText(row.rid) }),
    ...(row.floor === null ? {} : { floor: fromText(row.floor) }),
    ...(row.absorbed_version === null ? {} : { absorbedVersion: fromText(row.absorbed_version) }),
    ...(row.settle_at === null ? {} : { settleAt: row.settle_at }),
    ...(row.gone_since === null ? {} : { goneSince: row.gone_since }),
    ...(row.gone_confirmed_at === null ? {} : { goneConfirmedAt: row.gone_confirmed_at }),
    ...(row.reappeared_at === null ? {} : { reappearedAt: row.reappeared_at }),
    ...(row.create_wanted_at === null ? {} : { createWantedAt: row.create_wanted_at }),
    ...(row.lens === null ? {} : { lens: row.lens }),
    ...(row.evidence === null ? {} : { evidence: readEvidence(row.evidence, where) }),
  }
}

/** Where an intent's document is stored. */
export function intentPlace(id: string, recordId: string): FieldPlace {
  return { table: 'intent', column: 'document', rowId: id, recordId }
}

/** A row as the intent of the contract, decoded. */
export function toIntent(codec: FieldCodec, row: IntentColumns): Intent {
  const { revs, request } = decodeIntent(codec, intentPlace(row.id, row.record_id), row.document)
  return {
    id: row.id,
    recordId: row.record_id,
    system: row.system,
    entity: row.entity,
    operation: row.operation,
    revs,
    request,
    createdAt: row.created_at,
    firstSentAt: row.first_sent_at,
    notAfter: row.not_after,
    state: row.state,
    ...(row.causes.length === 0 ? {} : { causes: row.causes }),
    ...(row.definition === null ? {} : { definition: row.definition }),
    ...(row.outcome === null ? {} : { outcome: fromText(row.outcome) }),
  }
}

/** All rows of a record, each by itself. */
export function readRecord(
  codec: FieldCodec,
  row: RecordColumns,
  members: readonly MemberColumns[],
  intents: readonly IntentColumns[],
): ReadRows {
  const agreed = once(() => readAgreed(codec, row.id, row.fields))
  return readRecordRows({
    record: () => toRecord(codec, row, agreed),
    members,
    toMember: (member) => toMember(codec, member, agreed),
    toBareMember: (member) => toMember(codec, { ...member, fields: null }, agreed),
    intents,
    toIntent: (intent) => toIntent(codec, intent),
  })
}

/** Rows by the record they belong to. */
export function byRecord<Row extends { readonly record_id: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> {
  const grouped = new Map<string, Row[]>()
  for (const row of rows) {
    const own = grouped.get(row.record_id)
    if (own === undefined) grouped.set(row.record_id, [row])
    else own.push(row)
  }
  return grouped
}
