/** Adds credentials to requests. A small interface, so that a connector can implement its own scheme. */
import type { Call } from '../call.ts'

/** The headers and parameters that a credential adds to one request. */
export interface Credential {
  /** Headers to send. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Added to the query; prefer a header where the API allows one, since addresses end up in third-party logs.
   */
  readonly query?: Readonly<Record<string, string>>
  /** Distinguishes a token from its successor: the refusal of an old token must not discard the new one. */
  readonly generation?: number
}

/** Provides credentials for requests. Implement it for a scheme that is not built in. */
export interface Authenticator {
  /** Kind of credential, for messages. */
  readonly name: string
  /**
   * Returns the credential for a request that is about to be sent. @throws AuthenticationError when none can
   * be obtained
   */
  credential(call: Call): Credential | Promise<Credential>
  /**
   * Reports that the API refused (401) a credential of this generation. Returns true if another one may work:
   * the request is sent again, once.
   */
  refused?(generation: number): boolean
}
