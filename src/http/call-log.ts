/** What is told about every request on the wire. Typed facts only: no header, no body, no query, no value of a path parameter. */
import { isStreamBody } from './bodies/stream-body.ts'
import type { Call, Method } from './call.ts'

/** One attempt, as the call log keeps it. Times in milliseconds. */
export interface CallLogEntry {
  /** HTTP method. */
  readonly method: Method
  /** Scheme, host and port. */
  readonly origin: string
  /** Path template: `/users/{id}`. */
  readonly route: string
  /** 1 for the first. */
  readonly attempt: number
  /** Absent when no response came. */
  readonly status?: number
  /** Error code when the attempt failed. */
  readonly code?: string
  /** Duration of the attempt. */
  readonly durationMs: number
  /** Bytes of the request's body; 0 for a stream of unknown length. */
  readonly requestBytes: number
  /** Body bytes after decompression; of a streamed response those that were read. */
  readonly responseBytes: number
  /** The other side's id of the request, if it names one in an allow-listed header. */
  readonly requestId?: string
  /** Ids that the caller gave with the call: the option of that name. */
  readonly correlationIds?: readonly string[]
}

const requestIdHeaders = ['x-request-id', 'request-id', 'x-correlation-id', 'x-amzn-requestid', 'cf-ray']

/** The other side's own id of a request, for support cases. Bounded and printable, since it goes to logs. */
export function requestIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  const name = requestIdHeaders.find((header) => headers[header] !== undefined)
  const value = name === undefined ? undefined : headers[name]
  return value !== undefined && /^[\w.:/+=-]{1,128}$/.test(value) ? value : undefined
}

/** Bytes of the request's body; 0 when it is a stream of unknown length. */
export function requestBytes({ body }: Call): number {
  if (body === undefined) return 0
  return isStreamBody(body) ? (body.bytes ?? 0) : Buffer.byteLength(body)
}
