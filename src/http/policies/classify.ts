/** Turns a response with an error status into a typed error, by one table. */
import { waitAskedFor } from '../backoff/retry-after.ts'
import type { Call, DecodedResponse, HttpClock, ResponseStep } from '../call.ts'
import { AuthenticationError, type HttpError, HttpStatusError, RateLimitedError } from '../errors.ts'
import { limitsFromHeaders, resetsFromHeaders } from '../limits/limit-headers.ts'
import { saidIn } from '../said.ts'
import { isRateLimitRefusal, meansTooMany } from './rate-limit-refusal.ts'

/** Statuses after which the same request may succeed. Waiting does not change a 501 or 505. */
const transient = new Set([408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 529])
/** Refusals that are temporary when they specify a time to retry (RFC 9110, 15.5.14, for example). */
const transientWithTime = new Set([409, 413, 423])

/** A month: more is a mistake, and exceeds what a timer can hold. */
const longestResetMs = 30 * 86_400_000

/** The clock is needed for `Retry-After` dates. */
export function classifyStep(clock: HttpClock): ResponseStep {
  return {
    name: 'classify',
    take(call, response) {
      if (response.status >= 200 && response.status < 300) return
      if (response.status === 304 && call.revalidates === true) return
      const error = statusError(call, response, clock.now())
      // The API reports that it did nothing: this attempt no longer counts as possibly effective.
      if (provesNoEffect(response.status, error)) call.progress.mayHaveLanded = call.progress.hadLanded
      throw error
    },
  }
}

function provesNoEffect(status: number, error: HttpError): boolean {
  return status === 401 || status === 403 || error instanceof RateLimitedError
}

/**
 * Without a Retry-After the time to retry is the end of the exhausted window; of several the latest. A
 * refusal that means "too many requests" and does not report what is left of any window applies to all
 * windows that it names.
 */
function resetOfUsedUp({ status, headers }: DecodedResponse, now: number): number | undefined {
  const limits = limitsFromHeaders(headers, now)
  const isUntold = limits.every(({ remaining }) => remaining === undefined)
  const usedUp = limits.filter(({ remaining }) => remaining === 0).flatMap(({ resetMs }) => resetMs ?? [])
  const resets = isUntold && meansTooMany(status) ? resetsFromHeaders(headers, now) : usedUp
  return resets.length === 0 ? undefined : Math.min(longestResetMs, Math.ceil(Math.max(...resets)))
}

function statusError(call: Call, response: DecodedResponse, now: number): HttpError {
  const { status, statusText, body, mediaType, headers, plain } = response
  const asked = waitAskedFor(response, now)
  const said = saidIn(body)
  const kept = {
    response: { status, statusText, body, mediaType, headers, plain },
    ...(said === undefined ? {} : { details: { said } }),
  }
  const reset = resetOfUsedUp(response, now)
  if (isRateLimitRefusal({ status, body, asked, isUsedUp: reset !== undefined })) {
    const afterMs = asked ?? reset
    const when = afterMs === undefined ? '' : ` Come back in ${Math.ceil(afterMs / 1_000)} s.`
    const message = `${call.label} was refused: too many requests (${status}).${when}`
    return new RateLimitedError('HTTP_RATE_LIMITED', message, {
      outcome: 'answered',
      ...kept,
      ...(afterMs === undefined ? {} : { retry: { afterMs } }),
    })
  }
  if (status === 401) {
    const message = `${call.label} was refused: the credential is not accepted (401).`
    return new AuthenticationError('HTTP_UNAUTHENTICATED', message, { outcome: 'answered', ...kept })
  }
  if (status < 400) {
    const message = `${call.label} answered a redirect (${status}), which is not followed: correct the base URL or path.`
    return new HttpStatusError('HTTP_REDIRECTED', message, { outcome: 'answered', ...kept })
  }
  const after = asked === undefined ? {} : ({ retry: { afterMs: asked } } as const)
  if (transient.has(status)) {
    const message = `${call.label} failed at the other side (${status}).`
    return new HttpStatusError('HTTP_STATUS_TRANSIENT', message, { outcome: 'unknown', ...kept, ...after })
  }
  const message = `${call.label} was refused (${status}).`
  if (asked !== undefined && transientWithTime.has(status)) {
    return new HttpStatusError('HTTP_STATUS_TRANSIENT', message, { outcome: 'answered', ...kept, ...after })
  }
  const outcome = status >= 500 ? 'unknown' : 'answered'
  return new HttpStatusError('HTTP_STATUS_FINAL', message, { outcome, ...kept })
}
