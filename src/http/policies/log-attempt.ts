/**
 * Reports each attempt to the listener. A listener that throws is a bug in the application and must not fail
 * the call.
 */

import type { Call, DecodedResponse, HttpClock, Policy } from '../call.ts'
import { type CallLogEntry, requestBytes, requestIdOf } from '../call-log.ts'
import { isHttpError } from '../errors.ts'

/** One entry for each request on the wire; for a streamed response, once its body has ended. */
export function logAttemptPolicy(listener: (entry: CallLogEntry) => void, clock: HttpClock): Policy {
  return {
    name: 'log-attempt',
    async run(call, next) {
      const startedAt = clock.monotonic()
      try {
        const response = await next(call)
        const { body } = response
        if (isStreamedBody(call, body)) {
          const ended = (bytes: number, failure: unknown): void => {
            const entry = answeredEntry(call, { ...response, bytes }, clock.monotonic() - startedAt)
            emit(listener, failure === undefined ? entry : { ...entry, ...codeOf(failure) })
          }
          return { ...response, body: (maxBytes: number) => counted(body(maxBytes), ended) }
        }
        emit(listener, answeredEntry(call, response, clock.monotonic() - startedAt))
        return response
      } catch (error) {
        emit(listener, failedEntry(call, error, clock.monotonic() - startedAt))
        throw error
      }
    },
  }
}

type StreamedBody = (maxBytes: number) => AsyncIterable<Uint8Array>

function isStreamedBody({ streams }: Call, body: unknown): body is StreamedBody {
  return streams === true && typeof body === 'function'
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  ended: (bytes: number, failure: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  let failure: unknown
  try {
    for await (const chunk of source) {
      bytes += chunk.byteLength
      yield chunk
    }
  } catch (error) {
    failure = error
    throw error
  } finally {
    ended(bytes, failure)
  }
}

function answeredEntry(call: Call, response: DecodedResponse, durationMs: number): CallLogEntry {
  const requestId = requestIdOf(response.headers)
  return {
    ...requestFacts(call, durationMs),
    status: response.status,
    responseBytes: response.bytes,
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function failedEntry(call: Call, error: unknown, durationMs: number): CallLogEntry {
  return { ...requestFacts(call, durationMs), responseBytes: 0, ...errorFacts(error) }
}

function requestFacts(call: Call, durationMs: number): Omit<CallLogEntry, 'responseBytes'> {
  const { method, origin, route, progress, correlationIds } = call
  return {
    method,
    origin,
    route,
    attempt: progress.attempt,
    durationMs,
    requestBytes: requestBytes(call),
    ...(correlationIds === undefined ? {} : { correlationIds }),
  }
}

function codeOf(error: unknown): Pick<CallLogEntry, 'code'> {
  return { code: isHttpError(error) ? error.code : 'INTERNAL' }
}

function errorFacts(error: unknown): Partial<CallLogEntry> {
  if (!isHttpError(error)) return codeOf(error)
  const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined
  return { ...codeOf(error), ...(status === undefined ? {} : { status }) }
}

function emit(listener: (entry: CallLogEntry) => void, entry: CallLogEntry): void {
  try {
    listener(entry)
  } catch {
    // The failing listener is itself the place for reports.
  }
}
