/**
 * Collects one response from undici.
 *
 * waiting (no socket yet) → sent (passed to a socket) → answering (headers received) → settled. The stop, an
 * error and the end of the response lead to settled from every state; later events are ignored.
 *
 * The times to the headers and between the parts of the body are measured here and not by undici, whose
 * timers have a resolution of half a second and wake an idle process after each call.
 */
import { type Dispatcher, errors } from 'undici'
import { ResponseStream } from './bodies/response-stream.ts'
import { type Call, type HttpClock, outcomeSoFar, type WireResponse } from './call.ts'
import type { Deadline, Deadlines } from './deadlines.ts'
import { HttpError, NetworkError } from './errors.ts'
import { joinedField } from './header-names.ts'
import { isStreamBody } from './stream-body.ts'
import { reportProgress } from './transfer-progress.ts'
import { headersTooLate, responseTooLarge, transportError } from './transport-errors.ts'

/** Shared dependencies of all exchanges of a transport. */
export interface ExchangeLimits {
  readonly maxBytes: number
  readonly headersMs: number
  readonly bodyIdleMs: number
  readonly clock: HttpClock
  readonly deadlines: Deadlines
}

/**
 * Fields with a time to retry are also read from a trailer, since a server may reach its limit while it
 * writes the body.
 */
const trailerFields = /^(?:x-)?(?:retry-after|rate-?limit)/

/** undici's handler of one request. */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #call: Call
  readonly #limits: ExchangeLimits
  readonly #resolve: (response: WireResponse) => void
  readonly #reject: (error: Error) => void
  readonly #onStop = (reason: Error): void => this.#fail(reason)
  #settled = false
  #controller: Dispatcher.DispatchController | undefined
  #headersDue: Deadline | undefined
  #bodyDue: Deadline | undefined
  /** When the last part of the body was received. */
  #bodyAt = 0
  #status = 0
  #statusText = ''
  #headers: Readonly<Record<string, string>> = {}
  #chunks: Uint8Array[] = []
  #received = 0
  /** Bytes on the wire, for the caller's listener: a stream passes them on without counting. */
  #downloaded = 0
  #stream: ResponseStream | undefined

  constructor(
    call: Call,
    limits: ExchangeLimits,
    resolve: (response: WireResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#call = call
    this.#limits = limits
    this.#resolve = resolve
    this.#reject = reject
    call.progress.phase = 'connect'
    call.stop.onStop(this.#onStop)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#settled) {
      controller.abort(stopped)
      return
    }
    const { startBefore, progress, label } = this.#call
    if (startBefore !== undefined && this.#limits.clock.monotonic() > startBefore) {
      this.#fail(
        new HttpError('HTTP_START_TOO_LATE', `${label} was not sent: its latest start time had passed.`, {
          outcome: outcomeSoFar(progress),
          phase: 'connect',
        }),
      )
      return
    }
    progress.mayHaveLanded = true
    progress.phase = 'headers'
    this.onBodyMoved()
  }

  /** The request, or a part of its body, was sent: from now on the response headers are awaited. */
  readonly onBodyMoved = (): void => {
    if (this.#settled || this.#status !== 0) return
    const { deadlines, headersMs } = this.#limits
    if (this.#headersDue !== undefined) {
      // Progress of a body is reported so often that the time limit is only extended when half of it is over.
      if (!isStreamBody(this.#call.body) || this.#headersDue.at - performance.now() > headersMs / 2) return
      deadlines.remove(this.#headersDue)
    }
    this.#headersDue = deadlines.add(headersMs, () => this.#fail(headersTooLate(this.#call)))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText = '',
  ): void {
    if (status < 200) return
    this.#forgetHeadersDue()
    this.#controller = controller
    this.#call.progress.phase = 'body'
    this.#status = status
    this.#statusText = statusText
    this.#headers = joinHeaders(headers)
    this.#bodyAt = performance.now()
    this.#awaitBody(this.#limits.bodyIdleMs)
    if (this.#call.streams === true && status < 300) {
      this.#startStream(controller)
      return
    }
    if (
      Number(this.#headers['content-length'] ?? 0) > this.#limits.maxBytes &&
      this.#call.method !== 'HEAD'
    ) {
      this.#breakOff(responseTooLarge(this.#call, status, this.#limits.maxBytes))
    }
  }

  /**
   * From here on the reader sets the pace; the call itself is over, but the caller's signal still ends it.
   */
  #startStream(controller: Dispatcher.DispatchController): void {
    const stream = new ResponseStream({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort: () => controller.abort(stopped),
    })
    const signal = this.#call.callerSignal
    const onAbort = (): void => void stream.destroy(givenUp(this.#call))
    signal?.addEventListener('abort', onAbort)
    stream.once('close', () => {
      this.#forgetBodyDue()
      signal?.removeEventListener('abort', onAbort)
    })
    this.#stream = stream
    this.#settle()
    this.#resolve({ ...this.#head(), bytes: noBytes, stream })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#bodyAt = performance.now()
    if (this.#call.onDownload !== undefined) this.#reportDownload(chunk.byteLength)
    this.#stream?.accept(chunk)
    if (this.#settled) return
    this.#received += chunk.byteLength
    if (this.#received > this.#limits.maxBytes) {
      this.#breakOff(responseTooLarge(this.#call, this.#status, this.#limits.maxBytes))
      return
    }
    this.#chunks.push(chunk)
  }

  onResponseEnd(
    _controller: Dispatcher.DispatchController,
    trailers: Record<string, string | string[] | undefined> = {},
  ): void {
    this.#forgetBodyDue()
    this.#stream?.finish()
    if (!this.#settle()) return
    this.#headers = withTrailers(this.#headers, trailers)
    this.#resolve({ ...this.#head(), bytes: this.#bytes() })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#forgetBodyDue()
    const failure = error instanceof HttpError ? error : transportError(this.#call, error)
    this.#stream?.destroy(failure)
    this.#breakOff(failure)
  }

  /** The body is incomplete. The status and headers of a refusal are valid nevertheless. */
  #breakOff(error: Error): void {
    if (this.#status < 300 || this.#call.raw === true) {
      this.#fail(error)
      return
    }
    if (!this.#settle()) return
    this.#resolve({ ...this.#head(), bytes: this.#bytes(), isCut: true })
    this.#controller?.abort(stopped)
  }

  #head(): Pick<WireResponse, 'status' | 'statusText' | 'headers'> {
    return { status: this.#status, statusText: this.#statusText, headers: this.#headers }
  }

  #bytes(): Uint8Array {
    return (this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)) ?? noBytes
  }

  #reportDownload(bytes: number): void {
    this.#downloaded += bytes
    const length = this.#headers['content-length']
    reportProgress(this.#call.onDownload, this.#downloaded, length === undefined ? undefined : Number(length))
  }
  #fail(error: Error): void {
    if (!this.#settle()) return
    this.#chunks = []
    this.#reject(error)
    this.#controller?.abort(stopped)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#forgetHeadersDue()
    if (this.#stream === undefined) this.#forgetBodyDue()
    this.#call.stop.forget(this.#onStop)
    return true
  }

  /** Parts arrive too often to set a timer for each: the time since the last one is looked at when it ends. */
  #awaitBody(ms: number): void {
    const { deadlines, bodyIdleMs } = this.#limits
    this.#bodyDue = deadlines.add(ms, () => {
      this.#bodyDue = undefined
      // A reader that makes the server wait is not the server's silence.
      const silent = this.#stream?.makesSocketWait === true ? 0 : performance.now() - this.#bodyAt
      if (silent < bodyIdleMs) this.#awaitBody(bodyIdleMs - silent)
      else this.#controller?.abort(new errors.BodyTimeoutError())
    })
  }

  #forgetBodyDue(): void {
    if (this.#bodyDue === undefined) return
    this.#limits.deadlines.remove(this.#bodyDue)
    this.#bodyDue = undefined
  }

  #forgetHeadersDue(): void {
    if (this.#headersDue === undefined) return
    this.#limits.deadlines.remove(this.#headersDue)
    this.#headersDue = undefined
  }
}

/**
 * Ends the socket's work. No caller waits for it any more, so a single instance without its own stack is
 * sufficient.
 */
const stopped = new DOMException('The call has ended.', 'AbortError')

const noBytes = new Uint8Array()

function givenUp(call: Call): NetworkError {
  return new NetworkError('HTTP_ABORTED', `${call.label} was aborted by its caller.`, {
    outcome: 'answered',
    cause: call.callerSignal?.reason,
  })
}

/** undici creates the object for each response, so it is reused; only repeated fields are lists. */
function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value)) headers[name] = joinedField(name, value)
  }
  return headers as Record<string, string>
}

function withTrailers(
  headers: Readonly<Record<string, string>>,
  trailers: Record<string, string | string[] | undefined>,
): Readonly<Record<string, string>> {
  let merged: Record<string, string> | undefined
  for (const name in trailers) {
    const value = trailers[name]
    if (value === undefined || !trailerFields.test(name)) continue
    merged ??= { ...headers }
    const known = headers[name]
    merged[name] = joinedField(name, [...(known === undefined ? [] : [known]), ...[value].flat()])
  }
  return merged ?? headers
}
