/** The errors of a call as `fetch` throws them. */
import { HttpError, NetworkError } from './errors.ts'

/** undici's names for the errors of these codes. */
const names: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ConnectTimeoutError',
  UND_ERR_HEADERS_TIMEOUT: 'HeadersTimeoutError',
  UND_ERR_BODY_TIMEOUT: 'BodyTimeoutError',
  UND_ERR_SOCKET: 'SocketError',
  UND_ERR_HEADERS_OVERFLOW: 'HeadersOverflowError',
}
const timeoutCodes: Readonly<Record<string, string>> = {
  connect: 'UND_ERR_CONNECT_TIMEOUT',
  headers: 'UND_ERR_HEADERS_TIMEOUT',
  body: 'UND_ERR_BODY_TIMEOUT',
}

/** The error that `fetch` rejects with. */
export function fetchFailure(error: unknown): TypeError {
  return new TypeError('fetch failed', { cause: reasonOf(error) })
}

/** The error of a body that breaks off while it is read. */
export function readFailure(error: unknown): TypeError {
  return new TypeError('terminated', { cause: reasonOf(error) })
}

/**
 * Code written for `fetch` expects the system's code one level down; the client's own error is a level below
 * that.
 */
function reasonOf(error: unknown): unknown {
  const code = systemCodeOf(error)
  if (code === undefined || !(error instanceof Error)) return error
  const reason = new Error(error.message, { cause: error })
  reason.name = names[code] ?? 'Error'
  return Object.assign(reason, { code })
}

function systemCodeOf(error: unknown): string | undefined {
  if (error instanceof NetworkError) return error.systemCode
  return error instanceof HttpError && error.phase !== undefined ? timeoutCodes[error.phase] : undefined
}
