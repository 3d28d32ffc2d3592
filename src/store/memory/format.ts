/** The upgrade of the documents: see `format-contract.ts`. */

import { readOrElse } from '../../model/unreadable-row.ts'
import { newestFormat } from '../document-format.ts'
import { encodeMember, readAgreed } from '../documents.ts'
import type { FormatState } from '../format-contract.ts'
import { documentOf, fieldsOf, replaceAgreed } from './member-documents.ts'
import { appendJournal, type MemoryContext, membersOf, type RecordRow } from './tables.ts'

export function formatState({ tables }: MemoryContext): FormatState {
  return { written: tables.format, newest: newestFormat, converted: tables.converted }
}

export function contract(context: MemoryContext, actor: string): boolean {
  const { tables } = context
  if (tables.format === newestFormat) return false
  tables.format = newestFormat
  appendJournal(context, [{ kind: 'person', actor, body: { contract: newestFormat } }])
  return true
}

export function convertDocuments(context: MemoryContext, limit: number): number {
  const { tables } = context
  if (tables.format < newestFormat || tables.converted) return 0
  const rows = [...tables.records.values()].filter(({ id }) => id > (tables.convertedTo ?? ''))
  const next = rows.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit)
  for (const row of next) convert(context, row)
  tables.convertedTo = next.at(-1)?.id ?? tables.convertedTo
  tables.converted = next.length < limit
  return next.length
}

function convert(context: MemoryContext, row: RecordRow): void {
  const { codec, tables } = context
  const { id } = row
  const agreed = readOrElse(
    () => readAgreed(codec, id, row.fields),
    () => undefined,
  )
  if (agreed !== undefined) replaceAgreed(context, row, agreed.fields, agreed.tag)
  for (const member of membersOf(tables, id)) {
    member.fields = readOrElse(
      // An older package may still hold the record: it writes agreed values without the documents of the members.
      () =>
        row.leaseOwner === undefined
          ? documentOf(context, row, member.system, fieldsOf(context, row, member))
          : encodeMember(context, id, member.system, fieldsOf(context, row, member)),
      () => member.fields,
    )
  }
}
