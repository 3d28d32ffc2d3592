/** Converts the errors of undici, Node's sockets and its TLS to the client's errors. */

import { UsageError } from '../model/errors.ts'
import { type Call, outcomeSoFar, type Phase } from './call.ts'
import { HttpError, NetworkError, ResponseValidationError } from './errors.ts'

const timeoutPhases: Readonly<Record<string, Phase>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'headers',
  UND_ERR_BODY_TIMEOUT: 'body',
  ETIMEDOUT: 'connect',
}

/**
 * Alerts and errors by which a server requires another client certificate, or one at all: no retry changes
 * that.
 */
const clientCertificateCodes =
  /ALERT_(?:CERTIFICATE_REQUIRED|UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN)|HANDSHAKE_FAILURE|ACCESS_DENIED)$/

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the address',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while sending',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name could not be resolved right now',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  UND_ERR_SOCKET: 'the connection was closed before the response was complete',
  UND_ERR_ABORTED: 'the proxy refused to open a tunnel',
  UND_ERR_PRX_CONN: 'the proxy closed the connection before the tunnel was open',
  UND_ERR_PRX_TLS: "the proxy's certificate is for another host name",
  UND_ERR_HEADERS_OVERFLOW: "the response's headers are too large",
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; if it is yours, add its authority as "ca"',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate chain ends in an unknown authority; if it is yours, add it as "ca"',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate chain is incomplete; if the authority is yours, add it as "ca"',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clocks of both machines',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
}

/** Returns the error of a call whose exchange failed. */
export function transportError(call: Call, error: Error): HttpError | UsageError {
  const cause = innermost(error)
  // undici's parser error contains the received data, which may echo the request.
  Reflect.deleteProperty(cause, 'data')
  if (cause instanceof HttpError) return cause
  const systemCode = codeOf(cause) ?? codeOf(error)
  const outcome = outcomeSoFar(call.progress)
  const phase = systemCode === undefined ? undefined : timeoutPhases[systemCode]
  if (phase !== undefined) {
    return new HttpError('HTTP_TIMEOUT', `${call.label} timed out in phase "${phase}".`, {
      outcome,
      phase,
    })
  }
  if (systemCode === 'UND_ERR_INVALID_ARG') {
    return new UsageError(
      'HTTP_REQUEST_INVALID',
      `${call.label} can't be sent: a header, path or body has invalid characters.`,
    )
  }
  if (systemCode !== undefined && clientCertificateCodes.test(systemCode)) {
    // The client's handshake of TLS 1.3 ends before the server has verified it: data sent in the meantime was
    // never read.
    call.progress.mayHaveLanded = call.progress.hadLanded
    const message = `${call.label} failed: the server does not accept the client certificate, or requires one; give it as "clientCertificate" (${systemCode}).`
    return new NetworkError('HTTP_TLS_REFUSED', message, {
      outcome: outcomeSoFar(call.progress),
      retry: 'never',
      cause,
      systemCode,
    })
  }
  const reason =
    words[systemCode ?? ''] ??
    (isParserError(systemCode) ? 'the response is not HTTP' : 'the connection failed')
  const code = isTlsRefusal(systemCode) ? 'HTTP_TLS_REFUSED' : 'HTTP_NETWORK'
  return new NetworkError(code, `${call.label} failed: ${reason} (${systemCode ?? cause.name}).`, {
    outcome,
    cause,
    ...(systemCode === undefined ? {} : { systemCode }),
  })
}

/** Returns the error of a request whose response headers were not received in time. */
export function headersTooLate(call: Call): HttpError {
  return new HttpError('HTTP_TIMEOUT', `${call.label} timed out in phase "headers".`, {
    outcome: outcomeSoFar(call.progress),
    phase: 'headers',
  })
}

/**
 * Returns the error of a response that is larger than allowed. The request itself was processed; to what
 * extent is unknown.
 */
export function responseTooLarge(call: Call, status: number, maxBytes: number): ResponseValidationError {
  return new ResponseValidationError(
    'HTTP_RESPONSE_TOO_LARGE',
    `${call.label} answered more than ${maxBytes} bytes; ask for smaller pages, or raise response.maxBytes.`,
    { outcome: outcomeSoFar(call.progress), status },
  )
}

/** Node wraps connection failures: several addresses in an AggregateError, others in `cause`. */
function innermost(error: Error): Error {
  let current = error
  for (let depth = 0; depth < 8; depth += 1) {
    const inner: unknown = current instanceof AggregateError ? current.errors[0] : current.cause
    if (!(inner instanceof Error)) break
    current = inner
  }
  return current
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function isTlsRefusal(code: string | undefined): boolean {
  return code !== undefined && /CERT|ERR_TLS|ERR_SSL|UNABLE_TO_|_SIGNED_|EPROTO/.test(code)
}

function isParserError(code: string | undefined): boolean {
  return code?.startsWith('HPE_') === true
}
