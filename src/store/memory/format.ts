/** The upgrade of the documents: see `format-contract.ts`. */
import { readOrElse } from '../../model/unreadable-row.ts'
import { newestFormat } from '../document-format.ts'
import { decodeAgreed, decodeMember, encodeAgreed, encodeMember } from '../documents.ts'
import type { FormatState } from '../format-contract.ts'
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
  row.fields = readOrElse(
    () => encodeAgreed(context, id, decodeAgreed(codec, id, row.fields)),
    () => row.fields,
  )
  for (const member of membersOf(tables, id)) {
    const { system } = member
    member.fields = readOrElse(
      () => encodeMember(context, id, system, decodeMember(codec, id, system, member.fields)),
      () => member.fields,
    )
  }
}
