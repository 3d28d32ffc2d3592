/** Field documents are bound to their record: one that moves to another record is encoded again. */
import type { FieldCodec } from '../contract.ts'
import { decodeMember, encodeMember } from '../documents.ts'
import type { MemberColumns } from './sql/read-members.ts'

/** Returns the document of a member as the other record's; null when there is none. */
export function movedFields(
  codec: FieldCodec,
  member: MemberColumns | undefined,
  toRecordId: string,
): Uint8Array | null {
  if (member?.fields === undefined || member.fields === null) return null
  const { record_id: recordId, system, fields } = member
  return encodeMember(codec, toRecordId, system, decodeMember(codec, recordId, system, fields))
}
