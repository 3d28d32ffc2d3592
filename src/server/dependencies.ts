/** The interface that the server requires from the runtime. */
import type { WebhookDelivery, WebhookReply } from '../connectors/kit/contract.ts'
import type { StatusReader } from '../runtime/status/status-reader.ts'
import type { AdminStore } from '../store/admin-contract.ts'
import type { AdminDependencies } from './admin/dependencies.ts'

/** The result of a delivery for its sender. */
export interface DeliveryOutcome {
  /** Whether it was committed, refused, or addressed to an unknown system. */
  readonly kind: 'accepted' | 'refused' | 'unknown'
  /** Response that the sender requires. @default an empty response */
  readonly response?: WebhookReply
}

/** The interface that the server requires from the runtime. */
export interface ServerDependencies {
  /** Reads the journal, for the live events of the page: `runtime.store.admin`. */
  readonly admin: Pick<AdminStore, 'journal'>
  /** Reads the status: `runtime.status`. */
  readonly status: StatusReader
  /**
   * Verifies and commits a delivery; throws when it can't be committed. Refused and unknown ones get the same
   * response, so that names of systems can't be guessed.
   */
  receive(system: string, delivery: WebhookDelivery): Promise<DeliveryOutcome>
  /** Throws when the database accepts no writes. */
  checkReady(): Promise<void>
  /** Epoch ms on the database's clock. */
  now(): number
  /** What the admin API needs. @default the API is not served */
  readonly api?: AdminDependencies
}
