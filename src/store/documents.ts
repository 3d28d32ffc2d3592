/**
 * Converts documents to bytes and back, always through the codec. Both stores use these functions, so that each could read the other's documents.
 *
 * Field documents contain canonical values (no numbers except small counters) and use plain JSON. Intents and journal bodies may contain native
 * records with numbers beyond a double and use lossless JSON.
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { LosslessNumber, parse, stringify } from 'lossless-json'
import { canonicalJsonWithoutNulls } from '../model/canonical/equality.ts'
import { IsthmusError, isIsthmusError } from '../model/errors.ts'
import type { KeptAnswer } from '../model/lookup.ts'
import type {
  AgreedFields,
  CreateEvidence,
  Intent,
  IntentRequest,
  MemberField,
  MemberFields,
} from '../model/state.ts'
import type { CanonicalDocument, CanonicalValue } from '../model/values.ts'
import type { FieldCodec, FieldPlace, MatchKey } from './contract.ts'
import { compressed, type DocumentWriter, decompressed } from './document-format.ts'
import { agreedGroups, memberGroups, readAgreedGroups, readMemberGroups } from './field-groups.ts'
import { type AgreedDocument, implicitFields, readImplicitFields } from './implicit-shadows.ts'
import { type ValuePlace, valueKey } from './value-wait-contract.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Canonical values and small counters. */
export function encodePlain(codec: FieldCodec, place: FieldPlace, document: unknown): Uint8Array {
  return codec.encode(encoder.encode(JSON.stringify(document)), place)
}

/** Decodes a document as JSON. */
export function decodePlain<T>(codec: FieldCodec, place: FieldPlace, bytes: Uint8Array): T {
  return unreadableAs(place, () => JSON.parse(decoder.decode(codec.decode(bytes, place))))
}

/** Encodes agreed fields; `tag` is the one that they already have, if they are only written again. */
export function encodeAgreed(
  writer: DocumentWriter,
  recordId: string,
  fields: AgreedFields,
  tag?: number,
): Uint8Array {
  return writeAgreed(writer, recordId, fields, tag).bytes
}

/**
 * Encodes agreed fields, and returns what the documents of the record's members refer to.
 *
 * In the first format each is stored as `[rev, source, at, held by or 0, value]` with the value left out when absent. Where the source reported when it
 * changed, `at` is replaced by `[at, changed at]`. Answers of lookups follow the value. From the third format on, the tag precedes the groups.
 */
export function writeAgreed(
  { codec, format }: DocumentWriter,
  recordId: string,
  fields: AgreedFields,
  knownTag?: number,
): { readonly bytes: Uint8Array; readonly agreed: AgreedDocument } {
  const place = recordPlace(recordId)
  if (format > 2) {
    const groups = JSON.stringify(agreedGroups(fields))
    const tag = knownTag ?? crc32(groups)
    const text = groups === '[]' ? `[${tag}]` : `[${tag},${groups.slice(1)}`
    return { bytes: codec.encode(encoder.encode(text), place), agreed: { fields, tag } }
  }
  const document = format > 1 ? agreedGroups(fields) : agreedRows(fields)
  return { bytes: encodePlain(codec, place, document), agreed: { fields, tag: undefined } }
}

function agreedRows(fields: AgreedFields): object {
  const rows = Object.entries(fields).map(([name, { rev, src, at, changedAt, heldBy, value, answers }]) => {
    const head = [rev, src, changedAt === undefined ? at : [at, changedAt], heldBy ?? 0]
    if (value === undefined) return [name, head]
    return [name, answers === undefined ? [...head, value] : [...head, value, answers]]
  })
  return Object.fromEntries(rows)
}

export function decodeAgreed(codec: FieldCodec, recordId: string, bytes: Uint8Array | null): AgreedFields {
  return readAgreed(codec, recordId, bytes).fields
}

/** A record without a document has no agreed fields yet. */
export function readAgreed(codec: FieldCodec, recordId: string, bytes: Uint8Array | null): AgreedDocument {
  if (bytes === null) return { fields: {}, tag: undefined }
  type Times = number | [at: number, changedAt: number]
  type Row = [
    rev: number,
    src: string,
    times: Times,
    heldBy: string | 0,
    value?: CanonicalValue,
    answers?: readonly KeptAnswer[],
  ]
  const place = recordPlace(recordId)
  const document = decodePlain<unknown>(codec, place, bytes)
  if (Array.isArray(document)) {
    const tag = typeof document[0] === 'number' ? document[0] : undefined
    const groups = tag === undefined ? document : document.slice(1)
    return { fields: readAgreedGroups(groups, (field) => wrongShape(place, field)), tag }
  }
  const fields = Object.fromEntries(
    rowsOf<Row>(place, document).map(([name, row]) => {
      if (!Array.isArray(row) || !isRevision(row[0])) throw wrongShape(place, name)
      const [rev, src, times, heldBy, value, answers] = row
      return [
        name,
        {
          value,
          rev,
          src,
          ...(Array.isArray(times) ? { at: times[0], changedAt: times[1] } : { at: times }),
          ...(heldBy === 0 ? {} : { heldBy }),
          ...(answers === undefined ? {} : { answers }),
        },
      ]
    }),
  )
  return { fields, tag: undefined }
}

/**
 * A member's fields; in the first format those with only a shadow and an acknowledgement, which are the most common, as `[acked, shadow]`.
 *
 * @param agreed the agreed values of the record as this commit leaves them: shadows that equal them are left out, where the format permits it. Without
 *   them the document contains all shadows.
 */
export function encodeMember(
  { codec, format }: DocumentWriter,
  recordId: string,
  system: string,
  fields: MemberFields,
  agreed?: AgreedDocument,
): Uint8Array {
  const place = memberPlace(recordId, system)
  const implicit = format > 2 && agreed !== undefined ? implicitFields(fields, agreed) : undefined
  if (implicit !== undefined) return encodePlain(codec, place, implicit)
  if (format > 1) return encodePlain(codec, place, memberGroups(fields))
  const rows = Object.entries(fields).map(([name, field]) => {
    const plain = field.shadow !== undefined && Object.keys(field).length === 2
    return [name, plain ? [field.acked, field.shadow] : asStored(field)]
  })
  return encodePlain(codec, place, Object.fromEntries(rows))
}

/** Decodes a member's fields. `agreed` reads the stored agreed values of its record, which is only called for where they are needed. */
export function decodeMember(
  codec: FieldCodec,
  recordId: string,
  system: string,
  bytes: Uint8Array | null,
  agreed: () => AgreedDocument,
): MemberFields {
  if (bytes === null) return {}
  const place = memberPlace(recordId, system)
  return memberOf(place, decodePlain<unknown>(codec, place, bytes), agreed)
}

/**
 * The document of a member once its record has other agreed values; undefined when it can stay as it is, since it contains all shadows.
 *
 * @param moved the agreed values after the commit; without them the document will contain all shadows
 */
export function rebasedMember(
  writer: DocumentWriter,
  { recordId, system, fields: bytes }: StoredMember,
  agreed: () => AgreedDocument,
  moved?: AgreedDocument,
): Uint8Array | undefined {
  if (bytes === null) return undefined
  const place = memberPlace(recordId, system)
  const document = decodePlain<unknown>(writer.codec, place, bytes)
  if (!isImplicit(document)) return undefined
  return encodeMember(writer, recordId, system, memberOf(place, document, agreed), moved)
}

/** A member's document as it is stored. */
export interface StoredMember {
  readonly recordId: string
  readonly system: string
  readonly fields: Uint8Array | null
}

function isImplicit(document: unknown): document is readonly unknown[] {
  return Array.isArray(document) && typeof document[0] === 'number'
}

function memberOf(place: FieldPlace, document: unknown, agreed: () => AgreedDocument): MemberFields {
  type Row = StoredField | [acked: number, shadow: CanonicalValue]
  const wrong = (field?: string) => wrongShape(place, field)
  if (isImplicit(document)) {
    const basis = agreed()
    if (basis.tag !== document[0]) throw otherValues(place)
    return readImplicitFields(document, basis, wrong)
  }
  if (Array.isArray(document)) return readMemberGroups(document, wrong)
  const rows = rowsOf<Row>(place, document)
  return Object.fromEntries(
    rows.map(([name, row]) => {
      const field = Array.isArray(row) ? { acked: row[0], shadow: row[1] } : row
      if (!isObject(field) || !isRevision(field.acked)) throw wrongShape(place, name)
      return [name, fromStored(field)]
    }),
  )
}

function otherValues(place: FieldPlace): IsthmusError {
  return new IsthmusError(
    'STORE_DOCUMENT_UNREADABLE',
    `${describe(place)} can't be read: it was stored beside other agreed values than the record has`,
  )
}

/** Documents of the first format keep the name that every released version reads and writes. */
type StoredField = Omit<MemberField, 'awaits'> & {
  readonly awaits?: { readonly since: number; readonly told?: boolean }
}

function asStored(field: MemberField): StoredField {
  const { awaits, ...rest } = field
  if (awaits?.reported === undefined) return field
  return { ...rest, awaits: { since: awaits.since, told: awaits.reported } }
}

function fromStored(field: StoredField): MemberField {
  const { awaits, ...rest } = field
  if (awaits?.told === undefined) return field
  return { ...rest, awaits: { since: awaits.since, reported: awaits.told } }
}

/** The fields of a document of the first format by name; what each holds is checked by the caller. */
function rowsOf<Row>(place: FieldPlace, document: unknown): readonly [string, Row][] {
  if (!isObject(document)) throw wrongShape(place)
  return Object.entries(document as Readonly<Record<string, Row>>)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isRevision(value: unknown): boolean {
  return Number.isSafeInteger(value)
}

function wrongShape(place: FieldPlace, field?: string): IsthmusError {
  const which = field === undefined ? 'the document' : `field ${JSON.stringify(field)}`
  return new IsthmusError(
    'STORE_DOCUMENT_UNREADABLE',
    `${describe(place)} can't be read: ${which} has a form that no version stores`,
  )
}

function describe({ table, column, rowId }: FieldPlace): string {
  return `${table}.${column} of ${rowId}`
}

/** Evidence for a create as text; JSON escapes characters that a database would not accept. */
export function writeEvidence(evidence: CreateEvidence | null | undefined): string | null {
  return evidence === undefined || evidence === null ? null : JSON.stringify(evidence)
}

export function readEvidence(text: string, where: string): CreateEvidence {
  const evidence = parsedObject(text)
  if (evidence === undefined) {
    throw new IsthmusError(
      'STORE_ROW_INVALID',
      `the evidence of ${where} can't be read: it is not a JSON object`,
    )
  }
  // The compiler checked the shape when it was written; `rids` is the name used by earlier versions.
  const { rids, ...rest } = evidence as CreateEvidence & { readonly rids?: readonly string[] }
  return rids === undefined ? rest : { ...rest, nativeIds: rids }
}

function parsedObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The stored form of an intent. One that was open when an earlier version stopped has the native id under the name `rid`. */
export function decodeIntent(
  codec: FieldCodec,
  place: FieldPlace,
  bytes: Uint8Array,
): Pick<Intent, 'revs' | 'request'> {
  const stored = decodeLossless<Pick<Intent, 'revs' | 'request'>>(codec, place, bytes)
  if (!isObject(stored) || !isObject(stored.revs) || !isObject(stored.request)) throw wrongShape(place)
  const { revs, request } = stored
  const { rid, ...rest } = request as IntentRequest & { readonly rid?: string }
  return { revs, request: rid === undefined ? request : { ...rest, nativeId: rid } }
}

/** Any JSON from a response, including numbers of any size. */
export function encodeLossless(codec: FieldCodec, place: FieldPlace, document: unknown): Uint8Array {
  return codec.encode(encoder.encode(stringify(document) ?? 'null'), place)
}

/** The same for documents that are written once and rarely read: long ones are compressed where the format permits it. */
export function encodeSeldomRead(
  { codec, format }: DocumentWriter,
  place: FieldPlace,
  document: unknown,
): Uint8Array {
  const text = encoder.encode(stringify(document) ?? 'null')
  return codec.encode(format > 1 ? compressed(text) : text, place)
}

export function decodeLossless<T>(codec: FieldCodec, place: FieldPlace, bytes: Uint8Array): T {
  return unreadableAs(place, (): T => {
    const decoded: unknown = parse(
      decoder.decode(decompressed(codec.decode(bytes, place))),
      undefined,
      numberOrLossless,
    )
    return decoded as T // the shape was checked by the compiler when it was encoded
  })
}

/** The location to which a member's field document is bound. */
function memberPlace(recordId: string, system: string): FieldPlace {
  return { table: 'member', column: 'fields', rowId: `${recordId}/${system}`, recordId }
}

function recordPlace(recordId: string): FieldPlace {
  return { table: 'record', column: 'fields', rowId: recordId, recordId }
}

/** Keyed hash of the values last observed in a system, which a full run compares with listed records. */
export function shadowMac(codec: FieldCodec, fields: MemberFields): Uint8Array {
  const shadows: [string, CanonicalValue][] = []
  for (const [field, state] of Object.entries(fields)) {
    if (state.shadow !== undefined && state.writeOnly === undefined) shadows.push([field, state.shadow])
  }
  return valuesMac(codec, Object.fromEntries(shadows))
}

/** Keyed hash of a listed record, equal to {@link shadowMac} of a member that holds the same values. */
export function valuesMac(codec: FieldCodec, values: CanonicalDocument): Uint8Array {
  // The merge treats absent and null as the same, and a system may show either for a cleared value.
  return codec.mac(encoder.encode(canonicalJsonWithoutNulls(values)), 'values')
}

/** Blind index of a match key. */
export function matchKeyMac(codec: FieldCodec, entity: string, key: MatchKey): Uint8Array {
  const text = `match\u0000${entity}\u0000${key.rule}\u0000${key.kind}\u0000${key.text}`
  return codec.mac(encoder.encode(text), 'match-key')
}

/** Blind index of a value that is unique in one system. */
export function valueMac(codec: FieldCodec, place: ValuePlace, value: CanonicalValue): Uint8Array {
  return codec.mac(encoder.encode(valueKey(place, value)), 'unique-value')
}

/** One hash for all keys that a record is registered under, from their keyed hashes; neither order nor repetition matters. */
export function hashKeyMacs(macs: readonly Uint8Array[]): string {
  const sorted = [...new Set(macs.map((mac) => Buffer.from(mac).toString('hex')))].sort()
  return createHash('sha256').update(sorted.join(' ')).digest('hex')
}

/** A number stays one only if it is converted back to the same text: a resend must be the same byte for byte. */
function numberOrLossless(text: string): number | LosslessNumber {
  const number = Number(text)
  return String(number) === text ? number : new LosslessNumber(text)
}

function unreadableAs<T>(place: FieldPlace, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (isIsthmusError(cause)) throw cause
    // Without the parser's message, which quotes the text and so the values in it.
    throw new IsthmusError(
      'STORE_DOCUMENT_UNREADABLE',
      `${describe(place)} can't be read: its bytes are not a document`,
      { cause },
    )
  }
}
