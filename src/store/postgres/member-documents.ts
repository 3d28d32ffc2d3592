/**
 * Documents of members, which may leave out what the agreed values of their record contain. All of this runs under the records' locks.
 */
import { readOrElse } from '../../model/unreadable-row.ts'
import type { MemberUpdate, RecordUpdate } from '../contract.ts'
import type { DocumentWriter } from '../document-format.ts'
import { encodeMember, readAgreed, rebasedMember, writeAgreed } from '../documents.ts'
import type { AgreedDocument } from '../implicit-shadows.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { type BasisColumns, readBases } from './sql/read-bases.ts'
import { readMembers } from './sql/read-members.ts'
import { readRecords } from './sql/read-records.ts'
import { rewriteFields } from './sql/store-format.ts'

/** What a pass writes of one record. */
export interface DocumentUpdates {
  readonly lease: { readonly recordId: string }
  readonly record?: RecordUpdate
  readonly members?: readonly MemberUpdate[]
}

/** The stored agreed values and member documents that the documents of a pass depend on, by record. */
export type Bases = ReadonlyMap<string, readonly BasisColumns[]>

/** A document of a member that a pass writes. */
export interface WrittenMember {
  readonly system: string
  readonly fields: Uint8Array
}

/** Reads what the documents of these passes depend on. */
export async function basesOf(
  { format }: PostgresContext,
  session: Session,
  items: readonly DocumentUpdates[],
): Promise<Bases> {
  const concerned = items.filter(
    ({ record, members }) =>
      record?.fields !== undefined || members?.some(({ fields }) => fields !== undefined) === true,
  )
  // A record that was claimed when the database had an earlier format has no document that depends on another.
  if (format < 3 || concerned.length === 0) return new Map()
  const rows = await readBases(
    session,
    concerned.map(({ lease, record, members }) => ({
      recordId: lease.recordId,
      moves: record?.fields !== undefined,
      given: (members ?? []).flatMap(({ system, fields }) => (fields === undefined ? [] : [system])),
    })),
  )
  const bases = new Map<string, BasisColumns[]>()
  for (const row of rows) bases.set(row.record_id, [...(bases.get(row.record_id) ?? []), row])
  return bases
}

/** Encodes what a pass writes of a record: its agreed values, if they move, and the documents of its members. */
export function passDocuments(
  writer: DocumentWriter,
  { lease: { recordId }, record, members = [] }: DocumentUpdates,
  bases: Bases,
): { readonly agreed: Uint8Array | undefined; readonly members: readonly WrittenMember[] } {
  const rows = bases.get(recordId) ?? []
  const stored = once(() => readAgreed(writer.codec, recordId, rows[0]?.agreed ?? null))
  const written = record?.fields === undefined ? undefined : writeAgreed(writer, recordId, record.fields)
  const current = (): AgreedDocument | undefined => {
    if (written !== undefined) return written.agreed
    return rows.length === 0 ? undefined : readOrElse(stored, () => undefined)
  }
  const own = members.flatMap(({ system, fields }): WrittenMember[] =>
    fields === undefined
      ? []
      : [{ system, fields: encodeMember(writer, recordId, system, fields, current()) }],
  )
  // The other members' documents were stored beside the former values.
  const others = rows.flatMap(({ system, fields }): WrittenMember[] => {
    if (system === null || written === undefined) return []
    const rebased = readOrElse(
      () => rebasedMember(writer, { recordId, system, fields }, stored, written.agreed),
      () => undefined,
    )
    return rebased === undefined ? [] : [{ system, fields: rebased }]
  })
  return { agreed: written?.bytes, members: [...own, ...others] }
}

/**
 * Writes all shadows of the record's members into their documents, before other agreed values are written: for commits that are too rare to care for the
 * space, which the next pass saves again.
 */
export async function detachMembers(
  writer: DocumentWriter,
  session: Session,
  recordId: string,
): Promise<void> {
  const [record] = await readRecords(session, [recordId])
  const agreed = once(() => readAgreed(writer.codec, recordId, record?.fields ?? null))
  const members = await readMembers(session, [recordId])
  await rewriteFields(
    session,
    members.flatMap(({ system, fields }) => {
      const detached = readOrElse(
        () => rebasedMember(writer, { recordId, system, fields }, agreed),
        () => undefined,
      )
      return detached === undefined ? [] : [{ recordId, system, fields: detached }]
    }),
  )
}

/** Reads the agreed values of records at most once each, when a member's document needs them. */
export function agreedOf(
  { codec }: DocumentWriter,
  records: readonly { readonly id: string; readonly fields: Uint8Array | null }[],
): (recordId: string) => () => AgreedDocument {
  const known = new Map(
    records.map(({ id, fields }) => [id, once(() => readAgreed(codec, id, fields))] as const),
  )
  return (recordId) => known.get(recordId) ?? (() => ({ fields: {}, tag: undefined }))
}

/** The function, whose result is kept. */
export function once<T>(read: () => T): () => T {
  let kept: { readonly value: T } | undefined
  return () => {
    kept ??= { value: read() }
    return kept.value
  }
}
