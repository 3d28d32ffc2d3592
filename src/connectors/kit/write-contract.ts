/** Writes of a connector: their requests and results. */
import type { NativeRecord } from '../../model/values.ts'
import type { CallFailure } from './call-contract.ts'

/** What came of one write. */
export type WriteResult =
  /**
   * `accepted`: the system took the write and may apply it later (HTTP 202). Without it the write has been applied. `nativeId` is the id that the
   * answer carries, where it carries one.
   */
  | {
      readonly kind: 'ok'
      /** Id of the record, as the response carries it. */
      readonly nativeId: string
      /** The record as it is now, where the response carries it. */
      readonly native?: NativeRecord
      /** Version of the written state, where the response carries it. */
      readonly version?: string
      /** The system took the write and may apply it later. */
      readonly accepted?: true
    }
  /** 412/409 on the version: somebody changed it. */
  | { readonly kind: 'stale' }
  /** The data was refused: not retried until the value, the remote or the mapping changes. */
  | {
      readonly kind: 'rejected'
      /** What went wrong. */
      readonly failure: CallFailure
      /** Native names of the refused fields, where the API names them. */
      readonly fields?: readonly string[]
      /** The API says that another record holds a value that must be unique. @default judged by its words */
      readonly taken?: true
    }
  /** The record does not exist any more. */
  | {
      readonly kind: 'gone'
      /** Id of the survivor, where the system says that the record was merged into it. */
      readonly mergedInto?: string
      /** Set by the kit: the survivor, where that one is gone too. */
      readonly goneSurvivor?: string
    }
  /** Provably never took effect (429, refused connection, deadline passed before sending, 401/403). */
  | {
      readonly kind: 'not-sent'
      /** What went wrong. */
      readonly failure: CallFailure
    }
  /** It may have taken effect. `others`: records that the response was about instead; they are looked at as well. */
  | {
      readonly kind: 'unknown'
      /** What went wrong. */
      readonly failure: CallFailure
      /** Records that the response was about instead; they are looked at as well. */
      readonly others?: readonly string[]
    }

/** Makes one record. */
export interface CreateRequest {
  /** Native record, as the lens wrote it. */
  readonly body: NativeRecord
  /** Record id; put where the manifest says (marker, upsert key, client id). */
  readonly recordId: string
  /** The same for every attempt of one create. */
  readonly idempotencyKey: string
}

/** Changes one record. */
export interface UpdateRequest {
  /** Id of the record. */
  readonly nativeId: string
  /** Native patch, as the lens wrote it. */
  readonly patch: NativeRecord
  /** Native record last read, for systems that replace whole objects. */
  readonly base?: NativeRecord
  /** Version that the change is made on; the write is refused under any other. @default unconditional */
  readonly ifVersion?: string
  /** The same for every attempt of one update. */
  readonly idempotencyKey: string
}

/** Deletes or archives one record. */
export interface RemoveRequest {
  /** Id of the record. */
  readonly nativeId: string
  /** What becomes of the record. */
  readonly mode: 'delete' | 'archive'
  /** Version that the removal is based on; it is refused under any other. @default unconditional */
  readonly ifVersion?: string
}

/** Takes an archived record back. */
export interface RestoreRequest {
  /** Id of the record. */
  readonly nativeId: string
}
