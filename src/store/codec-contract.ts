/** How documents are stored: the codec that every store uses. */

/**
 * Encodes field documents to bytes and back, bound to their location, so that bytes moved elsewhere can't be
 * decoded.
 */
export interface FieldCodec {
  /** Encoded documents are unreadable without a key. */
  readonly isSealed: boolean
  encode(plain: Uint8Array, place: FieldPlace): Uint8Array
  decode(bytes: Uint8Array, place: FieldPlace): Uint8Array
  /** Keyed hash for equality without decoding; 32 bytes. */
  mac(plain: Uint8Array, purpose: HashPurpose): Uint8Array
}

/**
 * What a keyed hash is compared with: hashes of different purposes have different keys, so that one can't be
 * looked up among the others.
 */
export type HashPurpose = 'values' | 'match-key' | 'unique-value'

/** Where a document is stored; part of what its encoding is bound to. */
export interface FieldPlace {
  readonly table: string
  readonly column: string
  readonly rowId: string
  /** The record whose key seals the document; absent for documents that belong to no record. */
  readonly recordId?: string | undefined
}
