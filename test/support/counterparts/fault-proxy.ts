/**
 * A proxy on the loopback interface that injects faults for any HTTP server: the connector talks to the proxy, the proxy to the server.
 *
 * Bodies are streamed in both directions; only the last response to each method is kept, for `repeatNextResponse`. The `Host` header is the
 * connector's own, so the next links of a server that derives them from it lead back through the proxy; for a server that uses its own address,
 * `rewriteLinks` replaces it by the proxy's in responses.
 *
 * ```ts
 * const proxy = await startFaultProxy(server.url, { spare: (path) => path.startsWith('/oauth/') })
 * return { settings: { connector: 'shop', url: proxy.url }, faults: proxy.faults, … }
 * ```
 */
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Transform } from 'node:stream'
import type { CounterpartFaults } from '../../../src/connectors/kit/conformance/counterpart.ts'

/** A request as the connector sent it. */
export interface ProxiedRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Its outcome. */
  readonly fate: 'passed' | 'answered' | 'answer lost'
}

export interface FaultProxyOptions {
  /** Requests that are exempt from faults and not counted: tokens, metadata. @default none */
  readonly spare?: (path: string, method: string) => boolean
  /** Replaces the server's own address by the proxy's in responses (body, `Location`, `Link`). @default false */
  readonly rewriteLinks?: boolean
}

export interface FaultProxy extends AsyncDisposable {
  /** The address of the system for the connector; the path of the server's URL is kept. */
  readonly url: string
  readonly faults: CounterpartFaults
  /** The newest 1,000 requests. */
  readonly requests: readonly ProxiedRequest[]
  close(): Promise<void>
}

const requestsMax = 1_000
const faultsMax = 100

type Armed =
  | ({ readonly kind: 'response' } & Parameters<CounterpartFaults['respondNext']>[0])
  | ({ readonly kind: 'lose' } & NonNullable<Parameters<CounterpartFaults['loseNextResponse']>[0]>)
  | { readonly kind: 'repeat'; readonly method?: string; readonly after?: number }

/** The last response to a method. */
interface KeptAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A larger response is not kept. */
const keptMax = 1_000_000

/** Faults that wait for their request. */
class ArmedFaults implements CounterpartFaults {
  #waiting: { readonly fault: Armed; after: number }[] = []

  respondNext(fault: Parameters<CounterpartFaults['respondNext']>[0]): void {
    this.#arm({ kind: 'response', ...fault })
  }

  loseNextResponse(fault: Parameters<CounterpartFaults['loseNextResponse']>[0] = {}): void {
    this.#arm({ kind: 'lose', ...fault })
  }

  repeatNextResponse(fault: { readonly method?: string; readonly after?: number } = {}): void {
    this.#arm({ kind: 'repeat', ...fault })
  }

  clear(): void {
    this.#waiting = []
  }

  #arm(fault: Armed): void {
    if (this.#waiting.length >= faultsMax) throw new RangeError(`more than ${faultsMax} faults are armed`)
    this.#waiting.push({ fault, after: fault.after ?? 0 })
  }

  /** Returns the fault of this request. A request without a fault counts for all faults that still let requests through. */
  strike(method: string): Armed | undefined {
    const fitting = this.#waiting.filter(({ fault }) => (fault.method ?? method) === method)
    const due = fitting.find(({ after }) => after === 0)
    if (due === undefined) for (const one of fitting) one.after -= 1
    else this.#waiting = this.#waiting.filter((one) => one !== due)
    return due?.fault
  }
}

/** Starts a proxy in front of a server on this machine. */
export async function startFaultProxy(target: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const upstream = new URL(target)
  if (upstream.protocol !== 'http:') throw new RangeError(`${target} is not an http address`)
  const faults = new ArmedFaults()
  const requests: ProxiedRequest[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 128 })
  const kept = new Map<string, KeptAnswer>()
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/' } = request
    const fault = options.spare?.(path, method) === true ? undefined : faults.strike(method)
    const fate = fault === undefined ? 'passed' : fault.kind === 'lose' ? 'answer lost' : 'answered'
    if (requests.push({ method, path, fate }) > requestsMax) requests.shift()
    if (fault?.kind === 'response') return respondInPlace(fault, request, response)
    if (fault?.kind === 'repeat') return repeatResponse(kept.get(method), request, response)
    const ends = options.rewriteLinks === true ? { from: upstream.origin, to: origin() } : undefined
    const isSpared = options.spare?.(path, method) === true
    const keep = (reply: KeptAnswer): void => {
      if (!isSpared) kept.set(method, reply)
    }
    forward({ upstream, agent, request, response, keep, loses: fault !== undefined, ...(ends && { ends }) })
  })
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = async (): Promise<void> => {
    agent.destroy()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
  const url = origin() + (upstream.pathname === '/' ? '' : upstream.pathname)
  return { url, faults, requests, close, [Symbol.asyncDispose]: close }
}

/** The request is read and discarded, so that the connection stays usable. */
function respondInPlace(
  fault: Extract<Armed, { kind: 'response' }>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, body = '', contentType = 'application/json', retryAfterSeconds } = fault
  request.resume()
  request.once('end', () => {
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds))
    if (body !== '') response.setHeader('content-type', contentType)
    response.writeHead(status).end(body)
  })
}

function repeatResponse(
  reply: KeptAnswer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume()
  request.once('end', () => {
    if (reply === undefined) return void response.writeHead(502).end()
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = reply.headers
    response.writeHead(reply.status, headers).end(reply.body)
  })
}

/** Forwards a response and passes on its body once it is complete. */
function keeping(done: (body: Buffer) => void): Transform {
  const chunks: Buffer[] = []
  let length = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      length += chunk.length
      if (length <= keptMax) chunks.push(chunk)
      next(null, chunk)
    },
    flush(next) {
      if (length <= keptMax) done(Buffer.concat(chunks))
      next()
    },
  })
}

interface Forwarding {
  readonly upstream: URL
  readonly agent: Agent
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly loses: boolean
  readonly keep: (reply: KeptAnswer) => void
  readonly ends?: LinkEnds
}

function forward({ upstream, agent, request, response, loses, keep, ends }: Forwarding): void {
  const headers: IncomingHttpHeaders = { ...request.headers }
  if (ends !== undefined) headers['accept-encoding'] = 'identity'
  const onward = sendRequest(
    {
      host: upstream.hostname,
      port: upstream.port,
      method: request.method,
      path: request.url,
      headers,
      agent,
    },
    (reply) => {
      // The request has taken effect once the whole response is here; only then is the connection broken.
      if (loses) return void reply.resume().once('close', () => request.socket.destroy())
      const status = reply.statusCode ?? 502
      const headers = rewrittenHeaders(reply.headers, ends)
      response.writeHead(status, headers)
      const keeper = keeping((body) => keep({ status, headers, body }))
      const parts =
        ends === undefined ? [reply, keeper, response] : [reply, rewriting(ends), keeper, response]
      pipeline(parts, (error) => error != null && response.destroy())
    },
  )
  onward.once('error', () => response.destroy())
  response.once('close', () => !loses && onward.destroy())
  pipeline(request, onward, () => undefined)
}

interface LinkEnds {
  readonly from: string
  readonly to: string
}

function rewrittenHeaders(headers: IncomingHttpHeaders, ends: LinkEnds | undefined): IncomingHttpHeaders {
  if (ends === undefined) return headers
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = headers
  for (const name of ['location', 'link'] as const) {
    const value = rest[name]
    if (typeof value === 'string') rest[name] = value.replaceAll(ends.from, ends.to)
  }
  return rest
}

/** Replaces an address in a stream; bytes that could be the beginning of an address are held back until the next chunk. */
function rewriting({ from, to }: LinkEnds): Transform {
  let held = ''
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = (held + chunk.toString('latin1')).replaceAll(from, to)
      const keep = Math.min(from.length - 1, text.length)
      held = text.slice(text.length - keep)
      done(null, Buffer.from(text.slice(0, text.length - keep), 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(held, 'latin1'))
    },
  })
}
