/** What the server needs of the runtime. */
import type { WebhookDelivery, WebhookReply } from '../connectors/kit/contract.ts'
import type { StatusReader } from '../runtime/status/status-reader.ts'
import type { AdminStore } from '../store/admin-contract.ts'
/** What became of a delivery, as far as its sender is concerned. */
export interface DeliveryOutcome {
  /** Whether it was committed, refused, or meant for a system that is not there. */
  readonly kind: 'accepted' | 'refused' | 'unknown'
  /** What the sender wants to hear. @default an empty response */
  readonly response?: WebhookReply
}

/** What the server needs of the runtime. */
export interface ServerDependencies {
  /** Reads the journal, for the live events of the page: `runtime.store.admin`. */
  readonly admin: Pick<AdminStore, 'journal'>
  /** Reads how things are: `runtime.status`. */
  readonly status: StatusReader
  /**
   * Verifies and commits a delivery; throws when it can't be committed. Refused and unknown ones are answered alike, so that nobody can
   * try out names.
   */
  receive(system: string, delivery: WebhookDelivery): Promise<DeliveryOutcome>
  /** Throws when the database takes no writes. */
  checkReady(): Promise<void>
  /** Epoch ms on the database's clock. */
  now(): number
}
