/**
 * The hash chain of the journal, and of the audit trail. Every writer has a stream of its own, so that batches never wait for each
 * other; each line's hash covers the hash before it and the line as stored (bodies encoded), so that
 * verification needs no key.
 *
 * A changed, missing, swapped or inserted line is detected. A truncated tail is not: that requires a head
 * stored elsewhere.
 */
import { createHash } from 'node:crypto'
import { readOrElse } from '../model/unreadable-row.ts'
import type { Chain } from './audit-contract.ts'
import type { FieldCodec, FieldPlace } from './contract.ts'
import type { DocumentWriter } from './document-format.ts'
import { decodeLossless, encodeSeldomRead } from './documents.ts'

/** Between the kinds of a line's entries. */
const separator = ','
const noHash = new Uint8Array(0)

/** What becomes a line. */
export interface ChainEntry {
  readonly kind: string
  readonly recordId?: string | undefined
  readonly actor: string
  readonly body: unknown
}

/** A line of the journal, chained to the one before it. */
export interface JournalLine {
  readonly stream: string
  /** Counts entries, from 1, within the stream: that of the last one. */
  readonly position: number
  readonly at: number
  /** The kinds of its entries, which are several about one record; see {@link readEntries}. */
  readonly kind: string
  readonly recordId: string | undefined
  readonly actor: string
  readonly body: Uint8Array
  /** Empty from the third format on: the line before has it. */
  readonly previousHash: Uint8Array
  readonly hash: Uint8Array
}

/** The end of a stream, which the next line follows. */
export interface JournalHead {
  readonly stream: string
  readonly position: number
  readonly hash: Uint8Array
}

/** A stream without lines. */
export function newStream(stream: string): JournalHead {
  return { stream, position: 0, hash: new Uint8Array(32) }
}

/**
 * Returns lines for the entries, to be stored in one transaction; the new head is valid only once that is
 * committed.
 */
export function appendToChain(
  writer: DocumentWriter,
  head: JournalHead,
  entries: readonly ChainEntry[],
  at: number,
  chain: Chain = 'journal',
): { readonly lines: readonly JournalLine[]; readonly head: JournalHead } {
  let { position, hash } = head
  const lines = groupsOf(writer, entries).map((group) => {
    position += group.length
    const [{ recordId, actor }] = group
    const kind = group.map((entry) => entry.kind).join(separator)
    const bodies = group.map((entry) => entry.body)
    const place = linePlace(chain, head.stream, position, recordId)
    const body = encodeSeldomRead(writer, place, group.length === 1 ? bodies[0] : bodies)
    const previousHash = writer.format > 2 ? noHash : hash
    const line = { stream: head.stream, position, at, kind, recordId, actor, body, previousHash }
    hash = lineHash(hash, line)
    return { ...line, hash }
  })
  return { lines, head: { stream: head.stream, position, hash } }
}

type Group = readonly [ChainEntry, ...ChainEntry[]]

/** From the third format on, what a commit says about one record is one line. */
function groupsOf({ format }: DocumentWriter, entries: readonly ChainEntry[]): readonly Group[] {
  const groups: [ChainEntry, ...ChainEntry[]][] = []
  for (const entry of entries) {
    const last = groups.at(-1)
    const { recordId, actor } = last?.[0] ?? {}
    const isSame = recordId !== undefined && recordId === entry.recordId && actor === entry.actor
    if (format > 2 && last !== undefined && isSame) last.push(entry)
    else groups.push([entry])
  }
  return groups
}

/** The kinds of the entries of a line. */
function kindsOf({ kind }: Pick<JournalLine, 'kind'>): readonly string[] {
  return kind.split(separator)
}

/** The number of entries of a line. */
export function entriesIn(line: Pick<JournalLine, 'kind'>): number {
  return kindsOf(line).length
}

/** One entry of a line. */
export interface LineEntry {
  readonly kind: string
  /** How many entries of the line come after it: sequence numbers and positions count entries, and a line has those of its last one. */
  readonly following: number
  readonly body: unknown
  readonly unreadable?: string
}

/** Decodes the entries of a line. */
export function readEntries(
  codec: FieldCodec,
  line: Pick<JournalLine, 'stream' | 'position' | 'kind' | 'recordId' | 'body'>,
): readonly LineEntry[] {
  const kinds = kindsOf(line)
  const place = journalPlace(line.stream, line.position, line.recordId)
  const read = readOrElse<{ readonly bodies: readonly unknown[]; readonly unreadable?: string }>(
    () => {
      const document = decodeLossless<unknown>(codec, place, line.body)
      return { bodies: kinds.length > 1 && Array.isArray(document) ? document : [document] }
    },
    (unreadable) => ({ bodies: [], unreadable }),
  )
  return kinds.map((kind, index) => ({
    kind,
    following: kinds.length - 1 - index,
    body: read.bodies[index],
    ...(read.unreadable === undefined ? {} : { unreadable: read.unreadable }),
  }))
}

export function linePlace(
  table: Chain,
  stream: string,
  position: number,
  recordId: string | undefined,
): FieldPlace {
  return { table, column: 'body', rowId: `${stream}/${position}`, recordId }
}

export function journalPlace(stream: string, position: number, recordId: string | undefined): FieldPlace {
  return linePlace('journal', stream, position, recordId)
}

/** Returns the problem of a line that follows `head`; undefined when there is none. */
export function chainProblem(head: JournalHead, line: JournalLine): string | undefined {
  if (line.position !== head.position + entriesIn(line)) return `line ${head.position + 1} is missing`
  if (line.previousHash.length > 0 && !sameBytes(line.previousHash, head.hash))
    return 'it does not continue the line before it'
  if (!sameBytes(line.hash, lineHash(head.hash, line))) return 'its content does not match its hash'
  return undefined
}

function lineHash(previous: Uint8Array, line: Omit<JournalLine, 'hash' | 'previousHash'>): Uint8Array {
  const hash = createHash('sha256').update(previous)
  // A JSON array delimits the parts, so that text can't move from one into the next.
  hash.update(
    JSON.stringify([line.stream, line.position, line.at, line.kind, line.recordId ?? null, line.actor]),
  )
  return hash.update(line.body).digest()
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
