/**
 * The hash chain of the journal. Every writer has a stream of its own, so that batches never wait for each
 * other; each line's hash covers the hash before it and the line as stored (bodies encoded), so that
 * verification needs no key.
 *
 * A changed, missing, swapped or inserted line is detected. A truncated tail is not: that requires a head
 * stored elsewhere.
 */
import { createHash } from 'node:crypto'
import type { FieldPlace, JournalEntry } from './contract.ts'
import type { DocumentWriter } from './document-format.ts'
import { encodeSeldomRead } from './documents.ts'

const noHash = new Uint8Array(0)

/** A line of the journal, chained to the one before it. */
export interface JournalLine {
  readonly stream: string
  /** Counts from 1 within the stream. */
  readonly position: number
  readonly at: number
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
  entries: readonly JournalEntry[],
  at: number,
): { readonly lines: readonly JournalLine[]; readonly head: JournalHead } {
  let { position, hash } = head
  const lines = entries.map((entry) => {
    position += 1
    const place = journalPlace(head.stream, position, entry.recordId)
    const body = encodeSeldomRead(writer, place, entry.body)
    const { kind, recordId, actor } = entry
    const previousHash = writer.format > 2 ? noHash : hash
    const line = { stream: head.stream, position, at, kind, recordId, actor, body, previousHash }
    hash = lineHash(hash, line)
    return { ...line, hash }
  })
  return { lines, head: { stream: head.stream, position, hash } }
}

export function journalPlace(stream: string, position: number, recordId: string | undefined): FieldPlace {
  return { table: 'journal', column: 'body', rowId: `${stream}/${position}`, recordId }
}

/** Returns the problem of a line that follows `head`; undefined when there is none. */
export function chainProblem(head: JournalHead, line: JournalLine): string | undefined {
  if (line.position !== head.position + 1) return `line ${head.position + 1} is missing`
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
