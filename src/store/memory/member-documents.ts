/** Documents of members, which may leave out what the agreed values of their record contain. */

import type { AgreedFields, MemberFields } from '../../model/state.ts'
import { readOrElse } from '../../model/unreadable-row.ts'
import { decodeMember, encodeMember, readAgreed, rebasedMember, writeAgreed } from '../documents.ts'
import type { AgreedDocument } from '../implicit-shadows.ts'
import { type MemberRow, type MemoryContext, membersOf, type RecordRow } from './tables.ts'

/** Reads the fields of a member. */
export function fieldsOf(
  context: MemoryContext,
  record: RecordRow | undefined,
  row: MemberRow,
): MemberFields {
  const { recordId, system, fields } = row
  return decodeMember(context.codec, recordId, system, fields, () => agreedOf(context, record))
}

/** Encodes the fields of a member of the record. */
export function documentOf(
  context: MemoryContext,
  record: RecordRow,
  system: string,
  fields: MemberFields,
): Uint8Array {
  const agreed = readOrElse(
    () => agreedOf(context, record),
    () => undefined,
  )
  return encodeMember(context, record.id, system, fields, agreed)
}

/** Sets the agreed values, and writes what the documents of the members leave out of them. */
export function replaceAgreed(
  context: MemoryContext,
  record: RecordRow,
  fields: AgreedFields,
  tag?: number,
): void {
  const before = { ...record }
  const { bytes, agreed } = writeAgreed(context, record.id, fields, tag)
  for (const member of membersOf(context.tables, record.id)) {
    const rebased = readOrElse(
      () => rebasedMember(context, member, () => agreedOf(context, before), agreed),
      () => undefined,
    )
    if (rebased !== undefined) member.fields = rebased
  }
  record.fields = bytes
}

function agreedOf({ codec }: MemoryContext, record: RecordRow | undefined): AgreedDocument {
  return record === undefined ? { fields: {}, tag: undefined } : readAgreed(codec, record.id, record.fields)
}
