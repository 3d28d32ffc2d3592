/**
 * Documents to bytes and back, always through the codec. Both stores use these functions, so that what one reads the other would read too.
 *
 * Field documents hold canonical values (no numbers but small counters) and go through plain JSON. Intents and journal bodies may hold
 * native records with numbers beyond a double and go through lossless JSON.
 */
import { LosslessNumber, parse, stringify } from 'lossless-json'
import { canonicalJson } from '../model/canonical/equality.ts'
import { IsthmusError } from '../model/errors.ts'
import type { MemberFields } from '../model/state.ts'
import type { CanonicalDocument, CanonicalValue } from '../model/values.ts'
import type { FieldCodec, FieldPlace, MatchKey } from './contract.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Canonical values and small counters. */
export function encodePlain(codec: FieldCodec, place: FieldPlace, document: unknown): Uint8Array {
  return codec.encode(encoder.encode(JSON.stringify(document)), place)
}

export function decodePlain<T>(codec: FieldCodec, place: FieldPlace, bytes: Uint8Array): T {
  return unreadableAs(place, () => JSON.parse(decoder.decode(codec.decode(bytes, place))))
}

/** Anything that JSON off the wire can be, numbers of any size included. */
export function encodeLossless(codec: FieldCodec, place: FieldPlace, document: unknown): Uint8Array {
  return codec.encode(encoder.encode(stringify(document) ?? 'null'), place)
}

export function decodeLossless<T>(codec: FieldCodec, place: FieldPlace, bytes: Uint8Array): T {
  return unreadableAs(place, (): T => {
    const decoded: unknown = parse(decoder.decode(codec.decode(bytes, place)), undefined, numberOrLossless)
    return decoded as T // the shape was checked by the compiler when it was encoded
  })
}

/** The key under which a member's field document lies. */
export function memberPlace(recordId: string, system: string): FieldPlace {
  return { table: 'member', column: 'fields', rowId: `${recordId}/${system}` }
}

export function recordPlace(recordId: string): FieldPlace {
  return { table: 'record', column: 'fields', rowId: recordId }
}

/** Keyed hash of what a system was last seen to hold: what a full run compares listed records with. */
export function shadowMac(codec: FieldCodec, fields: MemberFields): Uint8Array {
  const shadows: [string, CanonicalValue][] = []
  for (const [field, state] of Object.entries(fields)) {
    if (state.shadow !== undefined) shadows.push([field, state.shadow])
  }
  return codec.mac(encoder.encode(canonicalJson(Object.fromEntries(shadows))))
}

/** Keyed hash of a listed record, equal to {@link shadowMac} of a member that holds the same values. */
export function valuesMac(codec: FieldCodec, values: CanonicalDocument): Uint8Array {
  return codec.mac(encoder.encode(canonicalJson(values)))
}

/** Blind index of a match key. */
export function matchKeyMac(codec: FieldCodec, entity: string, key: MatchKey): Uint8Array {
  return codec.mac(encoder.encode(`match\u0000${entity}\u0000${key.rule}\u0000${key.kind}\u0000${key.text}`))
}

/** A number stays one only if it comes out as the same text: a resend must be the same byte for byte. */
function numberOrLossless(text: string): number | LosslessNumber {
  const number = Number(text)
  return String(number) === text ? number : new LosslessNumber(text)
}

function unreadableAs<T>(place: FieldPlace, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new IsthmusError(
      'STORE_DOCUMENT_UNREADABLE',
      `decoding ${place.table}.${place.column} of ${place.rowId}`,
      { cause },
    )
  }
}
