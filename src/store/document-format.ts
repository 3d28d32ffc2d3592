/**
 * How documents are written. Every package reads all formats that it knows; a newer one is written only once no
 * older package can run on the database: see `format-contract.ts`.
 *
 * - 1: fields one by one, everything else as JSON
 * - 2: fields in groups (`field-groups.ts`), long intents and journal lines compressed
 * - 3: a member's shadows only where they differ from the agreed values (`implicit-shadows.ts`), the journal's
 *   entries about one record in one line, without the hash of the line before
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { FieldCodec } from './contract.ts'
import type { DocumentFormat } from './format-contract.ts'

export type { DocumentFormat } from './format-contract.ts'

/** The newest format, which a new database has from the beginning. */
export const newestFormat: DocumentFormat = 3

/** Encodes documents; `format` is the one that may be written at this moment. */
export interface DocumentWriter {
  readonly codec: FieldCodec
  readonly format: DocumentFormat
}

/** First byte of compressed text; no JSON begins with it. */
const compressedMark = 1
/** Shorter texts would save less than they cost. */
const compressFromBytes = 400
/** A small window costs a third of the default one, and is as long as most of these texts. */
const compression = { level: 1, memLevel: 4, windowBits: 12 }
/** No document is as long as this: the text is not one of ours. */
const inflatedMaxBytes = 512 * 1024 * 1024

/** Compresses a text that is rarely read; short ones are returned as they are. */
export function compressed(text: Uint8Array): Uint8Array {
  if (text.length < compressFromBytes) return text
  const deflated = deflateRawSync(text, compression)
  if (deflated.length + 1 >= text.length) return text
  const bytes = new Uint8Array(deflated.length + 1)
  bytes[0] = compressedMark
  bytes.set(deflated, 1)
  return bytes
}

/** Returns the text that {@link compressed} was given. */
export function decompressed(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== compressedMark) return bytes
  return inflateRawSync(bytes.subarray(1), { maxOutputLength: inflatedMaxBytes })
}
