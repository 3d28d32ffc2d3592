/** Writes of a connector: their requests and results. */
import type { NativeRecord } from '../../model/values.ts'
import type { CallFailure } from './call-contract.ts'

/** Result of one write. */
export type WriteResult =
  /**
   * `accepted`: the system received the write and may apply it later (HTTP 202). Without it the write has
   * been applied. `nativeId` is the id in the response, if it contains one.
   */
  | {
      readonly kind: 'ok'
      /** Id of the record in the response. */
      readonly nativeId: string
      /** The current record, if the response contains it. */
      readonly native?: NativeRecord
      /** Version of the written state, if the response contains it. */
      readonly version?: string
      /** The system received the write and may apply it later. */
      readonly accepted?: true
    }
  /** 412/409 on the version: the record was changed in the meantime. */
  | { readonly kind: 'stale' }
  /** The data was refused: not retried until the value, the remote system or the mapping changes. */
  | {
      readonly kind: 'rejected'
      /** What went wrong. */
      readonly failure: CallFailure
      /** Native names of the refused fields, if the API names them. */
      readonly fields?: readonly string[]
      /**
       * The API reports that another record has a value that must be unique. @default judged by its message
       */
      readonly taken?: true
    }
  /** The record no longer exists. */
  | {
      readonly kind: 'gone'
      /** Id of the survivor, if the system reports that the record was merged into it. */
      readonly mergedInto?: string
      /** Set by the kit: the survivor, when it no longer exists either. */
      readonly goneSurvivor?: string
    }
  /** Provably never took effect (429, refused connection, deadline passed before sending, 401/403). */
  | {
      readonly kind: 'not-sent'
      /** What went wrong. */
      readonly failure: CallFailure
    }
  /**
   * It may have taken effect. `others`: records that the response was about instead; they are read as well.
   */
  | {
      readonly kind: 'unknown'
      /** What went wrong. */
      readonly failure: CallFailure
      /** Records that the response was about instead; they are read as well. */
      readonly others?: readonly string[]
    }

/** A request to create one record. */
export interface CreateRequest {
  /** Native record, as the lens wrote it. */
  readonly body: NativeRecord
  /** Record id; stored where the manifest declares (marker, upsert key, client id). */
  readonly recordId: string
  /** The same for every attempt of one create. */
  readonly idempotencyKey: string
}

/** A request to update one record. */
export interface UpdateRequest {
  /** Id of the record. */
  readonly nativeId: string
  /** Native patch, as the lens wrote it. */
  readonly patch: NativeRecord
  /** Native record last read, for systems that replace whole objects. */
  readonly base?: NativeRecord
  /** Version that the change is based on; the write is refused under any other. @default unconditional */
  readonly ifVersion?: string
  /** The same for every attempt of one update. */
  readonly idempotencyKey: string
}

/** A request to delete or archive one record. */
export interface RemoveRequest {
  /** Id of the record. */
  readonly nativeId: string
  /** Whether the record is deleted or archived. */
  readonly mode: 'delete' | 'archive'
  /** Version that the removal is based on; it is refused under any other. @default unconditional */
  readonly ifVersion?: string
}

/** A request to restore an archived record. */
export interface RestoreRequest {
  /** Id of the record. */
  readonly nativeId: string
}
