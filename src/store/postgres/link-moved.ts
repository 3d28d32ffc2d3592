/** Counterparts that move from one record to another, with their known state. */
import type { DocumentWriter } from '../document-format.ts'
import { decodeMember, encodeMember } from '../documents.ts'
import { movedFields } from '../moved-member.ts'
import type { Session } from './database.ts'
import { agreedOf } from './member-documents.ts'
import { giveBases } from './sql/give-bases.ts'
import { linkMembers } from './sql/link-members.ts'
import type { MemberColumns } from './sql/read-members.ts'
import { readRecords } from './sql/read-records.ts'

export interface Move {
  readonly from: string
  readonly to: string
  readonly systems: readonly string[]
  /** Members of both records as they were before the move. */
  readonly members: readonly MemberColumns[]
}

/** The native ids are free by now: each has one holder at any time. */
export async function linkMoved(
  session: Session,
  writer: DocumentWriter,
  { from, to, systems, members }: Move,
): Promise<void> {
  const { codec } = writer
  const memberOf = (recordId: string, system: string) =>
    members.find((member) => member.record_id === recordId && member.system === system)
  const moved = systems.flatMap((system) => memberOf(from, system) ?? [])
  if (moved.length === 0) return
  const records = await readRecords(session, [from, to])
  const agreed = agreedOf(writer, records)
  await linkMembers(
    session,
    moved.map(({ system, entity, rid }) => ({ recordId: to, system, entity, storedNativeId: rid ?? '' })),
  )
  await giveBases(
    session,
    moved.map((member) => {
      const { system, floor, asof, settle_at: settleAt, lens } = member
      const own = memberOf(to, system)
      const fields = movedFields({
        system,
        from: agreed(from)().fields,
        fields: decodeMember(codec, from, system, member.fields, agreed(from)),
        to: agreed(to)().fields,
        sent: own?.state === 'absent' ? decodeMember(codec, to, system, own.fields, agreed(to)) : {},
      })
      return {
        recordId: to,
        system,
        fields: encodeMember(writer, to, system, fields),
        floor,
        asof,
        settleAt,
        lens,
      }
    }),
  )
}
