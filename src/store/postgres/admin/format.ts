/** The end of an upgrade: older packages are kept out, and documents are converted. */
import { readOrElse } from '../../../model/unreadable-row.ts'
import { newestFormat } from '../../document-format.ts'
import { decodeMember, encodeMember, readAgreed, writeAgreed } from '../../documents.ts'
import type { FormatState } from '../../format-contract.ts'
import type { AgreedDocument } from '../../implicit-shadows.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { once } from '../member-documents.ts'
import { lockBinding } from '../sql/bind-integration.ts'
import { lockRecords } from '../sql/lock-records.ts'
import { adoptExpansions } from '../sql/migration-table.ts'
import { readMembers } from '../sql/read-members.ts'
import { readNow } from '../sql/read-now.ts'
import { readRecords } from '../sql/read-records.ts'
import {
  beginContract,
  type ConvertedDocument,
  lockFormat,
  nextRecords,
  raiseFormat,
  readFormat,
  rewriteFields,
  saveConverted,
} from '../sql/store-format.ts'

/** Implements `FormatAdmin.documentFormat`. */
export async function readFormatState(context: PostgresContext): Promise<FormatState> {
  const row = await readFormat(context.database.session('reading the format'))
  context.formats.note(row?.number ?? 1)
  return {
    written: context.format,
    newest: newestFormat,
    converted: row?.number === newestFormat && row.converted_at !== null,
  }
}

/** Implements `FormatAdmin.contract`. */
export async function contract(context: PostgresContext, actor: string): Promise<boolean> {
  const raised = await context.journal.borrow((append) =>
    context.database.transaction('contracting the schema', async (session) => {
      // No decision commits meanwhile: none that was begun by an older package commits later.
      await lockBinding(session, context.lockClass)
      await adoptExpansions(session)
      if (!(await raiseFormat(session, newestFormat))) return false
      await beginContract(session)
      const body = { contract: newestFormat }
      await append(session, [{ kind: 'person', actor, body }], await readNow(session))
      return true
    }),
  )
  context.formats.note(newestFormat)
  return raised
}

/** Implements `FormatAdmin.convertDocuments`. */
export function convertDocuments(context: PostgresContext, limit: number): Promise<number> {
  return context.database.transaction('converting documents', async (session) => {
    const progress = await lockFormat(session)
    if (progress === undefined || progress.number < newestFormat || progress.converted_at !== null) return 0
    context.formats.note(progress.number)
    const ids = await nextRecords(session, progress.converted_to, limit)
    await rewriteFields(session, await newDocuments(context, session, ids))
    await saveConverted(session, ids.at(-1) ?? progress.converted_to, ids.length < limit)
    return ids.length
  })
}

async function newDocuments(
  storeContext: PostgresContext,
  session: Session,
  ids: readonly string[],
): Promise<readonly ConvertedDocument[]> {
  // The members are read under the locks of their records, which every change of them takes first.
  const locked = (await lockRecords(session, ids)).map(({ id }) => id)
  const [records, members] = await Promise.all([readRecords(session, locked), readMembers(session, locked)])
  const context = await contextOf(storeContext, locked, session)
  const rewritten: ConvertedDocument[] = []
  const add = (
    recordId: string,
    system: string | undefined,
    before: Uint8Array | null,
    encode: () => Uint8Array,
  ) => {
    const fields = before === null ? undefined : readOrElse(encode, () => undefined)
    if (fields !== undefined && before !== null && Buffer.compare(fields, before) !== 0)
      rewritten.push({ recordId, system, fields })
  }
  for (const { id, fields, lease_owner: owner } of records) {
    const agreed = once(() => readAgreed(context.codec, id, fields))
    let converted: AgreedDocument | undefined
    add(id, undefined, fields, () => {
      const written = writeAgreed(context, id, agreed().fields, agreed().tag)
      // An older package may still hold the record: it writes agreed values without the documents of the members.
      if (owner === null) converted = written.agreed
      return written.bytes
    })
    for (const member of members)
      if (member.record_id === id)
        add(id, member.system, member.fields, () => {
          const known = decodeMember(context.codec, id, member.system, member.fields, agreed)
          return encodeMember(context, id, member.system, known, converted)
        })
  }
  return rewritten
}
