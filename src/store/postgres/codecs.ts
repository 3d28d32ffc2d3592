/** Which codec an operation of the PostgreSQL store uses. */
import type { FieldCodec } from '../contract.ts'
import type { Session } from './database.ts'

/** Hands out codecs. Those of a sealed store contain the keys of the records that they were asked for. */
export interface Codecs {
  /** For keyed hashes and for documents that belong to no record. */
  readonly shared: FieldCodec
  /**
   * For documents of these records; a record without a key gets one.
   *
   * @param session the transaction that the caller is in: a second connection while it holds one could wait for
   *   ever. Outside of a transaction it is left out.
   */
  forRecords(recordIds: Iterable<string>, session?: Session): Promise<FieldCodec>
  /** For reading only: a record without a key stays without one, and what its former key sealed is unreadable. */
  forReading(recordIds: Iterable<string>, session?: Session): Promise<FieldCodec>
  /** For the bodies of deliveries received now. */
  forDeliveries(): Promise<FieldCodec>
}

/** One codec for everything, as in a store that is not sealed. */
export function singleCodec(codec: FieldCodec): Codecs {
  return {
    shared: codec,
    forRecords: async () => codec,
    forReading: async () => codec,
    forDeliveries: async () => codec,
  }
}
