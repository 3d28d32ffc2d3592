/**
 * A signature for each request, for APIs with their own scheme (AWS, HMAC over the body). Each attempt is
 * signed separately.
 */

import { UsageError } from '../../model/errors.ts'
import type { Call } from '../call.ts'
import type { Authenticator, Credential } from './authenticator.ts'

/** A request that is about to be sent. */
export interface RequestToSign {
  /** HTTP method, upper case. */
  readonly method: string
  /** Absolute address with query, encoded as sent. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Bytes to be sent; undefined without a body. A streamed one can't be signed. */
  readonly body: Uint8Array | undefined
}

/** Returns the headers and parameters that the signature adds to a request. */
export type SignRequest = (request: RequestToSign) => Credential | Promise<Credential>

/** Creates an authenticator from a signing function. */
export function signRequests(sign: SignRequest): Authenticator {
  return {
    name: 'sign',
    credential: (call) =>
      sign({
        method: call.method,
        url: call.origin + call.path,
        headers: call.headers,
        body: bytesOf(call),
      }),
  }
}

function bytesOf({ body, label }: Call): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body, 'utf8')
  throw new UsageError(
    'HTTP_REQUEST_INVALID',
    `${label} can't be signed: its body is a stream. Give its bytes, or another credential.`,
  )
}
