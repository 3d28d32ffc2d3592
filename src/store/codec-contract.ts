/** How documents are stored: the codec that every store uses. */

/**
 * Encodes field documents to bytes and back, bound to their location, so that bytes moved elsewhere can't be
 * decoded.
 */
export interface FieldCodec {
  encode(plain: Uint8Array, place: FieldPlace): Uint8Array
  decode(bytes: Uint8Array, place: FieldPlace): Uint8Array
  /** Keyed hash for equality without decoding; 32 bytes. */
  mac(plain: Uint8Array): Uint8Array
}

/** Where a document is stored; part of what its encoding is bound to. */
export interface FieldPlace {
  readonly table: string
  readonly column: string
  readonly rowId: string
}
