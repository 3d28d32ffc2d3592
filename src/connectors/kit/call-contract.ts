/** The context of every connector call, and the description of a failed one. */
import type { ErrorCode } from '../../model/error-codes.ts'

/** Passed to every call. */
export interface CallContext {
  /** Aborts the call. */
  readonly signal: AbortSignal
  /** Lane of the rate limiter. */
  readonly priority: 'hand' | 'webhook' | 'batch'
  /**
   * Monotonic milliseconds (the engine's clock) after which a *write* must no longer be sent; the call then
   * returns `not-sent`.
   */
  readonly startBefore?: number
  /**
   * Ids of the passes that the call is made for; several for a batch. {@link callOptions} passes them to an
   * API client. @default none
   */
  readonly passIds?: readonly string[]
}

/** Description of a failed call, without secrets or record values. */
export interface CallFailure {
  /** A code from the error code table. */
  readonly code: ErrorCode
  /** One sentence for the user, without secrets or record values. */
  readonly message: string
  /**
   * The system's own message, on one line. It may quote what was sent, so it is shown only where no record
   * was sent.
   */
  readonly said?: string
  /** How long the system asked us to wait before retrying. */
  readonly retryAfterMs?: number
  /**
   * `system` when the whole system is affected (invalid credential, unreachable, throttled), not only this
   * record.
   */
  readonly scope: 'system' | 'record'
  /**
   * The system itself responded about this record with an error whose effect is unknown: no part of the call
   * is still in flight, and retrying eventually gets the same response. @default false: no response, a
   * proxy's response, a server failure
   */
  readonly answered?: true
  /**
   * The kind of system failure, as far as it affects when the system is called again.
   *
   * - `unreachable`: no connection, no response in time, or a gateway's response; worth a cheap probe every
   *   few seconds
   * - `credential`: the credential was refused; never retried just to check, since that may lock the account
   *
   * @default neither
   */
  readonly kind?: 'unreachable' | 'credential'
}

/**
 * A call that yields no information: neither a deletion nor a change, and no reason to believe that a write
 * took no effect.
 */
export interface UnknownResult {
  /** Marks the variant. */
  readonly kind: 'unknown'
  /** Why nothing is known. */
  readonly failure: CallFailure
}
