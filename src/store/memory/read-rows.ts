/** Converts rows to the types of the contract, decoded. */

import { addCauses } from '../../model/cause.ts'
import type { Intent, Member, MemberFields, SyncRecord } from '../../model/state.ts'
import { unreadableCodes } from '../../model/unreadable-row.ts'
import { decodeAgreed, decodeIntent, encodeSeldomRead } from '../documents.ts'
import { type ReadRows, readRecordRows } from '../record-rows.ts'
import { fieldsOf } from './member-documents.ts'
import {
  type IntentRow,
  key,
  type MemberRow,
  type MemoryContext,
  type MemoryTables,
  membersOf,
  type RecordRow,
  union,
} from './tables.ts'

/** A row as the record of the contract. */
export function readRecord({ codec }: MemoryContext, row: RecordRow): SyncRecord {
  const { id, entity, state, rev, dirtySeq, cleanSeq, attempts, discoveredAt, tombstoneRev, releasedRev } =
    row
  return {
    id,
    entity,
    state,
    rev,
    fields: decodeAgreed(codec, id, row.fields),
    dirtySeq,
    cleanSeq,
    causes: addCauses(row.claimedCauses, row.causes),
    toRead: union(row.toRead, row.claimedToRead),
    attempts,
    discoveredAt,
    ...(tombstoneRev === undefined ? {} : { tombstoneRev }),
    ...(releasedRev === undefined ? {} : { releasedRev }),
    ...(row.aliasOf === undefined ? {} : { aliasOf: row.aliasOf }),
    ...(row.removal === undefined ? {} : { removal: row.removal }),
    ...(row.merging.length === 0 ? {} : { merging: row.merging }),
  }
}

/** A row as the member of the contract. */
export function readMember(context: MemoryContext, row: MemberRow): Member {
  return memberOf(row, fieldsOf(context, context.tables.records.get(row.recordId), row))
}

function memberOf(row: MemberRow, fields: MemberFields): Member {
  const { recordId, system, entity, state, asof, lane, laneAttempts } = row
  return {
    recordId,
    system,
    entity,
    state,
    fields,
    asof,
    lane,
    laneAttempts,
    ...(row.nativeId === undefined ? {} : { nativeId: row.nativeId }),
    ...(row.floor === undefined ? {} : { floor: row.floor }),
    ...(row.absorbedVersion === undefined ? {} : { absorbedVersion: row.absorbedVersion }),
    ...(row.settleAt === undefined ? {} : { settleAt: row.settleAt }),
    ...(row.goneSince === undefined ? {} : { goneSince: row.goneSince }),
    ...(row.goneConfirmedAt === undefined ? {} : { goneConfirmedAt: row.goneConfirmedAt }),
    ...(row.reappearedAt === undefined ? {} : { reappearedAt: row.reappearedAt }),
    ...(row.createWantedAt === undefined ? {} : { createWantedAt: row.createWantedAt }),
    ...(row.lens === undefined ? {} : { lens: row.lens }),
    ...(row.evidence === undefined ? {} : { evidence: row.evidence }),
  }
}

/** All rows of a record, each by itself. */
export function readRows(context: MemoryContext, row: RecordRow, intents: readonly IntentRow[]): ReadRows {
  return readRecordRows({
    record: () => readRecord(context, row),
    members: membersOf(context.tables, row.id),
    toMember: (member) => readMember(context, member),
    toBareMember: (member) => memberOf(member, {}),
    intents,
    toIntent: (intent) => readIntent(context, intent),
  })
}

/** `UnreadableRecord.times`; undefined when no such failure is open. */
export function unreadableTimes(tables: MemoryTables, recordId: string): number | undefined {
  const counts = membersOf(tables, recordId).flatMap(({ system }) => {
    const row = tables.failures.get(key(recordId, system))
    const isOpen = row !== undefined && row.closedAt === undefined
    return isOpen && unreadableCodes.some((code) => code === row.code) ? [row.count] : []
  })
  return counts.length === 0 ? undefined : Math.max(...counts)
}

/** An intent as a row. */
export function intentRow(context: MemoryContext, intent: Intent): IntentRow {
  const { id, recordId, system, entity, operation, revs, request } = intent
  const place = { table: 'intent', column: 'request', rowId: id }
  return {
    id,
    recordId,
    system,
    entity,
    operation,
    document: encodeSeldomRead(context, place, { revs, request }),
    createdAt: intent.createdAt,
    firstSentAt: intent.firstSentAt,
    notAfter: intent.notAfter,
    state: intent.state,
    outcome: intent.outcome,
    ...(intent.causes === undefined || intent.causes.length === 0 ? {} : { causes: intent.causes }),
    ...(intent.definition === undefined ? {} : { definition: intent.definition }),
  }
}

/** A row as the intent of the contract. */
export function readIntent({ codec }: MemoryContext, row: IntentRow): Intent {
  const { document, outcome, ...rest } = row
  const place = { table: 'intent', column: 'request', rowId: row.id }
  const decoded = decodeIntent(codec, place, document)
  return { ...rest, ...decoded, ...(outcome === undefined ? {} : { outcome }) }
}
