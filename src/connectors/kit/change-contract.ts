/** How a connector learns of changes: feeds, webhooks, and connections that a system keeps open. */
import type { UnknownResult } from './call-contract.ts'

/** A record that a feed or a webhook reports as changed. */
export interface ChangedRecord {
  /** Id of the record. */
  readonly nativeId: string
  /** Version of the new state, if the feed reports it. */
  readonly version?: string
  /** The feed reports the record as deleted. @default false */
  readonly deleted?: boolean
}

/** A changed record and the resource it belongs to. */
export interface ChangeOfResource extends ChangedRecord {
  /** Name of the resource. */
  readonly resource: string
}

/** One page of a change feed. */
export interface ChangesPage {
  /** The changes, in the order of the feed. */
  readonly changed: readonly ChangedRecord[]
  /** Opaque to the engine; committed in one transaction with the dirty marks of this page. */
  readonly cursor: string
  /** There is another page. */
  readonly more: boolean
  /**
   * Description, without values, of the page's entries that have no id and therefore can't be read. @default
   * none
   */
  readonly unreadable?: string
}

/**
 * Result of reading a change feed. When the cursor is no longer valid, the engine runs a full listing instead
 * of starting at "now".
 */
export type ChangesResult =
  /** A page of changes. */
  | ({ readonly kind: 'page' } & ChangesPage)
  /** The cursor is no longer valid; a full listing has to replace it. */
  | { readonly kind: 'expired' }
  | UnknownResult

/** A webhook delivery as received: raw bytes, so that signatures can be verified. */
export interface WebhookDelivery {
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Query parameters of the request URL, for systems where a secret can't be configured anywhere else. */
  readonly query?: Readonly<Record<string, string | undefined>>
  /** The unparsed bytes of the body. */
  readonly body: Uint8Array
  /** Epoch ms, for the timestamp tolerance. */
  readonly receivedAt: number
}

/** The body of a response to a delivery, for senders that evaluate it. */
export interface WebhookReply {
  /** Media type of the body. */
  readonly contentType: string
  /** The body as text. */
  readonly body: string
}

/** Result of handling a webhook delivery. */
export type WebhookResult =
  /** The signature is valid, and the delivery says what changed. */
  | {
      readonly kind: 'accepted'
      /** Id of the delivery, used to recognise duplicates. */
      readonly deliveryId: string
      /** Records that the delivery names. */
      readonly changed: readonly ChangeOfResource[]
      /** Response that the sender expects once the delivery is committed. @default an empty response */
      readonly response?: WebhookReply
    }
  /** `reason` goes to counters and debug logs, never to the sender. */
  | {
      readonly kind: 'refused'
      /** Why, for counters and debug logs; never shown to the sender. */
      readonly reason: string
    }

/**
 * Receives what a system announces over an open connection. Both methods are cheap, never throw, and may be
 * called any number of times.
 */
export interface SystemListener {
  /** Reports changed records; the engine reads them. */
  changed(records: readonly ChangeOfResource[]): void
  /** Reports a change in a resource, or anywhere in the system; the engine reads its feed now. */
  touched(resource?: string): void
}
