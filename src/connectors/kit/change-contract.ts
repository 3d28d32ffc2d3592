/** How a connector learns of changes: feeds, webhooks, and connections that a system keeps open. */
import type { UnknownResult } from './call-contract.ts'

/** A record of which a feed or a webhook says that it changed. */
export interface ChangedRecord {
  /** Id of the record. */
  readonly nativeId: string
  /** Version of the new state, where the feed tells it. */
  readonly version?: string
  /** The feed says that it was deleted. @default false */
  readonly deleted?: boolean
}

/** A changed record, and the resource it belongs to. */
export interface ChangeOfResource extends ChangedRecord {
  /** Name of the resource. */
  readonly resource: string
}

/** One page of a change feed. */
export interface ChangesPage {
  /** What changed, in the order of the feed. */
  readonly changed: readonly ChangedRecord[]
  /** Opaque to the engine; committed in one transaction with the dirty marks of this page. */
  readonly cursor: string
  /** There is another page. */
  readonly more: boolean
  /** Entries of the page without an id: nothing can be looked at for them. In words, without values. @default none */
  readonly unreadable?: string
}

/** A change feed answers this when the cursor is no longer valid: the engine runs a full listing instead of starting at "now". */
export type ChangesResult =
  /** A page of changes. */
  | ({ readonly kind: 'page' } & ChangesPage)
  /** The cursor is no longer valid: a full listing has to take its place. */
  | { readonly kind: 'expired' }
  | UnknownResult

/** A webhook delivery as it came in: raw bytes, so that signatures can be checked. */
export interface WebhookDelivery {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Query parameters of the address it was sent to, for systems that let a secret be set nowhere else. */
  readonly query?: Readonly<Record<string, string | undefined>>
  /** The bytes of the body, unparsed. */
  readonly body: Uint8Array
  /** Epoch ms, for the timestamp tolerance. */
  readonly receivedAt: number
}

/** The body of a response to a delivery, for senders that look into it. */
export interface WebhookReply {
  /** Media type of the body. */
  readonly contentType: string
  /** The body as text. */
  readonly body: string
}

/** What became of a webhook delivery. */
export type WebhookResult =
  /** The signature is right, and the delivery says what changed. */
  | {
      readonly kind: 'accepted'
      /** Id of the delivery, by which copies are recognised. */
      readonly deliveryId: string
      /** Records that the delivery names. */
      readonly changed: readonly ChangeOfResource[]
      /** What the sender wants to hear once the delivery is committed. @default an empty response */
      readonly response?: WebhookReply
    }
  /** `reason` goes to counters and debug logs, never to the sender. */
  | {
      readonly kind: 'refused'
      /** Why, for counters and debug logs; never shown to the sender. */
      readonly reason: string
    }

/** What a system tells over a connection that it keeps open. Both are cheap, never throw, and may be called as often as one likes. */
export interface SystemListener {
  /** These records changed; they are looked at. */
  changed(records: readonly ChangeOfResource[]): void
  /** Something changed in a resource, or anywhere: its feed is read now. */
  touched(resource?: string): void
}
