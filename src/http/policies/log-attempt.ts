/** Tells the listener about each attempt. A listener that throws is its author's bug and must not fail the call. */

import type { Call, DecodedAnswer, HttpClock, Policy } from '../call.ts'
import { type CallLogEntry, requestBytes, requestIdOf } from '../call-log.ts'
import { isHttpError } from '../errors.ts'

/** One entry for each request on the wire. */
export function logAttemptPolicy(listener: (entry: CallLogEntry) => void, clock: HttpClock): Policy {
  return {
    name: 'log-attempt',
    async run(call, next) {
      const startedAt = clock.monotonic()
      try {
        const answer = await next(call)
        tell(listener, answeredEntry(call, answer, clock.monotonic() - startedAt))
        return answer
      } catch (error) {
        tell(listener, failedEntry(call, error, clock.monotonic() - startedAt))
        throw error
      }
    },
  }
}

function answeredEntry(call: Call, answer: DecodedAnswer, durationMs: number): CallLogEntry {
  const requestId = requestIdOf(answer.headers)
  return {
    method: call.method,
    origin: call.origin,
    route: call.route,
    attempt: call.progress.attempt,
    durationMs,
    requestBytes: requestBytes(call),
    status: answer.status,
    responseBytes: answer.bytes,
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function failedEntry(call: Call, error: unknown, durationMs: number): CallLogEntry {
  return {
    method: call.method,
    origin: call.origin,
    route: call.route,
    attempt: call.progress.attempt,
    durationMs,
    requestBytes: requestBytes(call),
    responseBytes: 0,
    ...errorFacts(error),
  }
}

function errorFacts(error: unknown): Partial<CallLogEntry> {
  if (!isHttpError(error)) return { code: 'INTERNAL' }
  const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined
  return { code: error.code, ...(status === undefined ? {} : { status }) }
}

function tell(listener: (entry: CallLogEntry) => void, entry: CallLogEntry): void {
  try {
    listener(entry)
  } catch {
    // Nobody to tell: the listener is the one who reports.
  }
}
