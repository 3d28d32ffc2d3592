/** What every call of a connector is given, and what is known of one that failed. */
import type { ErrorCode } from '../../model/error-codes.ts'

/** Passed to every call. */
export interface CallContext {
  /** Ends the call. */
  readonly signal: AbortSignal
  /** Lane of the rate limiter. */
  readonly priority: 'hand' | 'webhook' | 'batch'
  /** Monotonic milliseconds (the engine's clock) after which a *write* must not leave any more; the call answers `not-sent`. */
  readonly startBefore?: number
  /** Ids of the passes that the call is made for; several for a batch. {@link callOptions} hands them on to an API client. @default none */
  readonly passIds?: readonly string[]
}

/** What is known of a failed call, without secrets or record values. */
export interface CallFailure {
  /** A row of the error code table. */
  readonly code: ErrorCode
  /** One sentence for a person, without secrets or record values. */
  readonly message: string
  /** What the system itself said about it, in one line. It may quote what was sent, so it is shown only where no record was. */
  readonly said?: string
  /** The system said when to come back. */
  readonly retryAfterMs?: number
  /** The whole system is concerned (credential dead, unreachable, throttled), not this record. */
  readonly scope: 'system' | 'record'
  /**
   * The system itself answered about this record with an error whose effect is not known: nothing of the call is on its way any more, and
   * trying again meets the same response sooner or later. @default false: silence, a proxy, a server that failed
   */
  readonly answered?: true
  /**
   * What kind of failure of the system it is, as far as that changes when it is called again.
   *
   * - `unreachable`: no connection, no response in time, or a gateway's response: worth a cheap probe every few seconds
   * - `credential`: the credential was refused: never repeated just to find out, since that may lock the account
   *
   * @default neither
   */
  readonly kind?: 'unreachable' | 'credential'
}

/** A call that tells nothing: neither a deletion nor a change, and no reason to believe that a write took no effect. */
export interface UnknownResult {
  /** Marks the variant. */
  readonly kind: 'unknown'
  /** Why nothing is known. */
  readonly failure: CallFailure
}
