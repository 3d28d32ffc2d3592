/** How a credential gets onto a request. One small interface, so that a connector can bring its own scheme. */
import type { Call } from '../call.ts'

/** What a credential adds to one request. */
export interface Credential {
  /** Headers to send. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  /** Added to the query; avoid where the API allows a header, since addresses end up in other people's logs. */
  readonly query?: Readonly<Record<string, string>>
  /** Tells one token from its successor: a refusal of an old one must not throw away the new one. */
  readonly generation?: number
}

/** Gives credentials to requests. Bring an own one for a scheme that is not built in. */
export interface Authenticator {
  /** Kind of credential, for messages. */
  readonly name: string
  /** The credential for a request that is about to be sent. @throws AuthenticationError when none can be had */
  credential(call: Call): Credential | Promise<Credential>
  /** The API refused (401) a credential of this generation. True: another one may work, send the request again, once. */
  refused?(generation: number): boolean
}
