import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'

export interface FormatColumns {
  readonly number: number
  readonly converted_to: string | null
  readonly converted_at: number | null
}

export async function readFormat(session: Session): Promise<FormatColumns | undefined> {
  const [row] = await session.rows<FormatColumns & Record<string, unknown>>(read, [])
  return row
}

/** Locks the format until the transaction ends: one conversion at a time. */
export async function lockFormat(session: Session): Promise<FormatColumns | undefined> {
  const [row] = await session.rows<FormatColumns & Record<string, unknown>>(lock, [])
  return row
}

/** Returns false when it was that one already. */
export async function raiseFormat(session: Session, format: number): Promise<boolean> {
  const rows = await session.rows(raise, [format])
  return rows.length > 0
}

/** Workers that compare the epoch claim nothing any more. */
export async function beginContract(session: Session): Promise<void> {
  await session.rows(countContract, [])
}

export async function saveConverted(session: Session, to: string | null, done: boolean): Promise<void> {
  await session.rows(progress, [to, done])
}

/** The ids of the next records, in order. */
export async function nextRecords(
  session: Session,
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const rows = await session.rows<{ id: string }>(next, [after, limit])
  return rows.map(({ id }) => id)
}

/** A document of a record, or of its member in a system. */
export interface ConvertedDocument {
  readonly recordId: string
  readonly system: string | undefined
  readonly fields: Uint8Array
}

export async function rewriteFields(
  session: Session,
  documents: readonly ConvertedDocument[],
): Promise<void> {
  const ofRecords = documents.filter(({ system }) => system === undefined)
  const ofMembers = documents.filter(({ system }) => system !== undefined)
  if (ofRecords.length > 0) await session.rows(records, parametersOf(ofRecords))
  if (ofMembers.length > 0)
    await session.rows(members, [...parametersOf(ofMembers), ofMembers.map(({ system }) => system)])
}

function parametersOf(documents: readonly ConvertedDocument[]): unknown[] {
  const packed = packBytes(documents.map(({ fields }) => fields))
  return [packed.bytes, documents.map(({ recordId }) => recordId), packed.starts, packed.lengths]
}

const columns = 'number, converted_to, converted_at'

const read = { name: 'read-format', text: `select ${columns} from store_format` }

const lock = { name: 'lock-format', text: `select ${columns} from store_format for update` }

const raise = {
  name: 'raise-format',
  text: `
    update store_format set number = $1, converted_to = null, converted_at = null
    where number < $1
    returning number`,
}

const countContract = {
  name: 'begin-contract',
  text: `update integration set epoch = epoch + 1, contracts = contracts + 1`,
}

const progress = {
  name: 'save-converted',
  text: `update store_format set converted_to = $1, converted_at = case when $2::boolean then now_ms() end`,
}

const next = {
  name: 'next-converted-records',
  text: `select id from record where $1::uuid is null or id > $1 order by id limit $2`,
}

const records = {
  name: 'rewrite-record-fields',
  text: `
    update record r set fields = substring($1::bytea from u.start for u.length)
    from unnest($2::uuid[], $3::integer[], $4::integer[]) as u (id, start, length)
    where r.id = u.id`,
}

const members = {
  name: 'rewrite-member-fields',
  text: `
    update member m set fields = substring($1::bytea from u.start for u.length)
    from unnest($2::uuid[], $3::integer[], $4::integer[], $5::text[]) as u (record_id, start, length, system)
    where m.record_id = u.record_id and m.system = u.system`,
}
