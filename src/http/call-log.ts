/**
 * Reports about every request on the wire. Typed facts only: no header, no body, no query, no value of a path
 * parameter.
 */

import type { Call, Method } from './call.ts'
import { isStreamBody } from './stream-body.ts'

/** One attempt, as recorded in the call log. Times in milliseconds. */
export interface CallLogEntry {
  /** HTTP method. */
  readonly method: Method
  /** Scheme, host and port. */
  readonly origin: string
  /** Path template: `/users/{id}`. */
  readonly route: string
  /** 1 for the first. */
  readonly attempt: number
  /** Absent when no response was received. */
  readonly status?: number
  /** Error code when the attempt failed. */
  readonly code?: string
  /** Duration of the attempt. */
  readonly durationMs: number
  /** Bytes of the request body; 0 for a stream of unknown length. */
  readonly requestBytes: number
  /** Body bytes after decompression; for a streamed response those that were read. */
  readonly responseBytes: number
  /** The API's id of the request, if an allow-listed header contains one. */
  readonly requestId?: string
  /** Ids that the caller passed with the call, in the option of the same name. */
  readonly correlationIds?: readonly string[]
}

const requestIdHeaders = ['x-request-id', 'request-id', 'x-correlation-id', 'x-amzn-requestid', 'cf-ray']

/** Returns the API's own id of a request, for support cases. Bounded and printable, since it is logged. */
export function requestIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  const name = requestIdHeaders.find((header) => headers[header] !== undefined)
  const value = name === undefined ? undefined : headers[name]
  return value !== undefined && /^[\w.:/+=-]{1,128}$/.test(value) ? value : undefined
}

/** Returns the bytes of the request body; 0 when it is a stream of unknown length. */
export function requestBytes({ body }: Call): number {
  if (body === undefined) return 0
  return isStreamBody(body) ? (body.bytes ?? 0) : Buffer.byteLength(body)
}
