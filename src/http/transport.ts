/**
 * One request on the wire, on undici's own `Agent`.
 *
 * It is driven through `dispatch` and not through `request()`, because the handler is told the moment at which a request is handed to a
 * connected socket. Everything that fails before that moment provably had no effect, which is what the engine has to know about a write;
 * and a request that must not leave any more (`startBefore`) is stopped at exactly that moment.
 */
import type { LookupFunction } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { AnswerStream } from './bodies/answer-stream.ts'
import { wireBody } from './bodies/request-body.ts'
import { type Call, type HttpClock, outcomeSoFar, type WireAnswer } from './call.ts'
import { HttpError, NetworkError, TimeoutError } from './errors.ts'
import { joinedField } from './header-names.ts'
import { AddressGuard, type AllowedAddress } from './network/address-guard.ts'
import { directHosts, type ProxyOptions, proxyDispatcher } from './network/proxy.ts'
import type { Timeouts } from './options.ts'
import { answerTooLarge, transportError } from './transport-errors.ts'

/** What the sockets are made with. */
export interface TransportOptions {
  readonly timeouts: Timeouts
  readonly maxBytes: number
  readonly connections: number
  readonly ca: readonly string[] | undefined
  readonly clientCertificate: ClientCertificate | undefined
  readonly allowAddresses: readonly AllowedAddress[]
  /** Ports that may be called. @default all */
  readonly allowPorts?: ReadonlySet<number> | undefined
  readonly proxy?: ProxyOptions | undefined
  /** @default the system's resolver */
  readonly lookup?: LookupFunction | undefined
  readonly clock: HttpClock
}

/** What the client proves itself with in the TLS handshake (mutual TLS). PEM texts. */
export interface ClientCertificate {
  /** The certificate, followed by those between it and its authority. */
  readonly certificate: string
  readonly key: string
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined
}

/** A pool of sockets per origin. */
export class Transport {
  readonly #route: Route
  readonly #options: TransportOptions

  constructor(options: TransportOptions) {
    this.#options = options
    this.#route = routeOf(options)
  }

  /** Sends one request and collects the whole answer; settles as soon as the call is stopped. */
  exchange(call: Call): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      const handler = new ExchangeHandler(call, this.#options, resolve, reject)
      if (call.stop.reason !== undefined) return
      const way = this.#route.wayTo(call.origin)
      if (way instanceof NetworkError) {
        reject(way)
        return
      }
      way.dispatch(
        {
          origin: call.origin,
          path: call.path,
          method: call.method,
          headers: call.headers,
          body: wireBody(call),
          headersTimeout: this.#options.timeouts.headersMs,
          bodyTimeout: this.#options.timeouts.bodyIdleMs,
        },
        handler,
      )
    })
  }

  /** Lets running exchanges end for a second, then destroys every socket. A handshake that is stuck does not hold it up. */
  async close(): Promise<void> {
    const { dispatchers } = this.#route
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, 1_000)
    await Promise.race([Promise.all(dispatchers.map((one) => one.close())), patience.promise])
    clearTimeout(timer)
    // Its promise may wait for a stuck handshake's own time bound; nobody needs to.
    for (const one of dispatchers) one.destroy().catch(() => undefined)
  }
}

/** By which dispatcher a target is reached: directly, or through the proxy. */
interface Route {
  readonly dispatchers: readonly Dispatcher[]
  wayTo(origin: string): Dispatcher | NetworkError
}

function routeOf(options: TransportOptions): Route {
  const { connections, timeouts, lookup } = options
  const guard = new AddressGuard(options.allowAddresses, lookup, options.allowPorts)
  const secureContext = secureContextOf(options)
  const agent = new Agent({
    connections,
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: 32 * 1024,
    connect: guardedConnector(guard, timeouts.connectMs, secureContext),
  })
  if (options.proxy === undefined) return { dispatchers: [agent], wayTo: () => agent }
  const isDirect = directHosts(options.proxy.noProxy)
  const proxy = proxyDispatcher(options.proxy, {
    connections,
    connectMs: timeouts.connectMs,
    secureContext,
    lookup,
  })
  return {
    dispatchers: [agent, proxy],
    wayTo(origin) {
      const { hostname, port, protocol } = new URL(origin)
      const number = portOf(port, protocol)
      if (isDirect(hostname, number)) return agent
      // Behind the proxy there is no socket of ours to a target, so this is the only place to look at it.
      return guard.refusalOf(hostname, number) ?? proxy
    },
  }
}

/** Made once: reading all authorities anew for every socket would cost more than the handshake. */
function secureContextOf({ ca, clientCertificate: own }: TransportOptions): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ...ca] }),
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
    ...(own?.passphrase === undefined ? {} : { passphrase: own.passphrase }),
  })
}

function guardedConnector(
  guard: AddressGuard,
  timeout: number,
  secureContext: SecureContext,
): buildConnector.connector {
  const connect = buildConnector({
    timeout,
    // Said explicitly, so that neither NODE_TLS_REJECT_UNAUTHORIZED nor --tls-min-v1.0 weakens it.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    lookup: guard.lookup,
    secureContext,
  })
  return (target, callback) => {
    const refusal = guard.refusalOf(target.hostname, portOf(target.port, target.protocol))
    if (refusal === undefined) connect(target, callback)
    else callback(refusal, null)
  }
}

function portOf(port: string, protocol: string): number {
  return Number(port || (protocol === 'https:' ? 443 : 80))
}

/**
 * Collects one answer.
 *
 * waiting (no socket yet) → sent (handed to a socket) → answering (headers came) → settled. The stop, an error and the end of the answer
 * lead to settled from every state; what comes after that is ignored.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #call: Call
  readonly #options: TransportOptions
  readonly #resolve: (answer: WireAnswer) => void
  readonly #reject: (error: Error) => void
  readonly #onStop = (reason: Error): void => this.#fail(reason)
  #settled = false
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: Readonly<Record<string, string>> = {}
  #chunks: Uint8Array[] = []
  #received = 0
  #stream: AnswerStream | undefined

  constructor(
    call: Call,
    options: TransportOptions,
    resolve: (answer: WireAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#call = call
    this.#options = options
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
    if (startBefore !== undefined && this.#options.clock.monotonic() > startBefore) {
      this.#fail(
        new TimeoutError('HTTP_START_TOO_LATE', `${label} was not sent: its start time had passed.`, {
          outcome: outcomeSoFar(progress),
          phase: 'connect',
        }),
      )
      return
    }
    progress.mayHaveLanded = true
    progress.phase = 'headers'
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    this.#controller = controller
    this.#call.progress.phase = 'body'
    this.#status = status
    this.#headers = joinHeaders(headers)
    if (this.#call.streams === true && status < 300) {
      this.#startStream(controller)
      return
    }
    if (
      Number(this.#headers['content-length'] ?? 0) > this.#options.maxBytes &&
      this.#call.method !== 'HEAD'
    ) {
      this.#fail(answerTooLarge(this.#call, status, this.#options.maxBytes))
    }
  }

  /** From here on the reader sets the pace; the call itself is over, the caller's signal still ends it. */
  #startStream(controller: Dispatcher.DispatchController): void {
    const stream = new AnswerStream({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort: () => controller.abort(stopped),
    })
    const signal = this.#call.callerSignal
    const onAbort = (): void => void stream.destroy(givenUp(this.#call))
    signal?.addEventListener('abort', onAbort)
    stream.once('close', () => signal?.removeEventListener('abort', onAbort))
    this.#stream = stream
    this.#settle()
    this.#resolve({ status: this.#status, headers: this.#headers, bytes: noBytes, stream })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#stream?.accept(chunk)
    if (this.#settled) return
    this.#received += chunk.byteLength
    if (this.#received > this.#options.maxBytes) {
      this.#fail(answerTooLarge(this.#call, this.#status, this.#options.maxBytes))
      return
    }
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#stream?.finish()
    if (!this.#settle()) return
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, headers: this.#headers, bytes: bytes ?? new Uint8Array() })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = error instanceof HttpError ? error : transportError(this.#call, error)
    this.#stream?.destroy(failure)
    this.#fail(failure)
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
    this.#call.stop.forget(this.#onStop)
    return true
  }
}

/** Ends the socket's work; nobody waits for it any more, so one instance without a stack of its own serves all. */
const stopped = new DOMException('The call has ended.', 'AbortError')

const noBytes = new Uint8Array()

function givenUp(call: Call): NetworkError {
  return new NetworkError('HTTP_ABORTED', `${call.label} was given up by its caller.`, {
    outcome: 'answered',
  })
}

/** undici makes the object anew for each answer, so it is taken over; only repeated fields come as lists. */
function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value)) headers[name] = joinedField(name, value)
  }
  return headers as Record<string, string>
}
