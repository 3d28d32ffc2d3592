/** A Stripe account on the loopback interface. The README beside it lists what it reproduces of the real one and what it does not. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FakeAccount, type Native, type StripeEvent } from './account.ts'
import { carryOut } from './http-face.ts'
import { IdempotencyKeys, type KeptAnswer } from './idempotency.ts'
import { kinds } from './kinds.ts'
import { invalidRequest, StripeRefusal } from './stripe-error.ts'
import { WebhookEndpoint, type WebhookEndpointOptions } from './webhook-endpoint.ts'

export interface FakeStripeOptions {
  /** Accepted test mode key. @default 'sk_test_fake' */
  readonly key?: string
  /** @default 'acct_fake' */
  readonly account?: string
  /** Connected accounts that calls can be made for. @default none */
  readonly connected?: readonly string[]
  /** Delay until the search shows a change, milliseconds. @default 0 */
  readonly searchLagMs?: number
  readonly endpoint?: WebhookEndpointOptions
}

/** A received request. */
export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A fault for the next matching request. */
interface Fault {
  readonly method: string
  readonly status: number
  readonly error: Native
  /** The request takes effect nevertheless. */
  readonly takesEffect: boolean
  /** It stays the response of its idempotency key. */
  readonly isKept: boolean
}

const apiVersion = '2026-10-28.endive'
const seenMax = 100_000

export class FakeStripe implements AsyncDisposable {
  readonly key: string
  readonly account: FakeAccount
  readonly seen: SeenRequest[] = []
  endpoint: WebhookEndpoint | undefined
  readonly #accounts = new Map<string, { readonly account: FakeAccount; readonly keys: IdempotencyKeys }>()
  readonly #server: Server
  readonly #faults: Fault[] = []
  #frozenAt: number | undefined
  #aheadMs = 0
  #requests = 0

  constructor(options: FakeStripeOptions) {
    this.key = options.key ?? 'sk_test_fake'
    this.endpoint = options.endpoint === undefined ? undefined : new WebhookEndpoint(options.endpoint)
    const own = options.account ?? 'acct_fake'
    for (const id of [own, ...(options.connected ?? [])]) {
      const account = new FakeAccount({
        id,
        now: () => this.now,
        searchLagMs: options.searchLagMs ?? 0,
        connected: id !== own,
        apiVersion,
        onEvent: (event: StripeEvent) => this.endpoint?.take(event),
      })
      this.#accounts.set(id, { account, keys: new IdempotencyKeys(() => this.now) })
    }
    this.account = this.accountOf(own)
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  /** Epoch ms by its own clock. */
  get now(): number {
    return this.#frozenAt ?? Date.now() + this.#aheadMs
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  accountOf(id: string): FakeAccount {
    const found = this.#accounts.get(id)
    if (found === undefined) throw new RangeError(`there is no account ${id}`)
    return found.account
  }

  /** Sends events there from now on. */
  sendTo(endpoint: WebhookEndpoint): void {
    this.endpoint = endpoint
  }

  /** Stops its clock, so that everything happens within one second. */
  freeze(): void {
    this.#frozenAt = this.now
  }

  /** Resumes its clock. */
  thaw(): void {
    if (this.#frozenAt === undefined) return
    this.#aheadMs = this.#frozenAt - Date.now()
    this.#frozenAt = undefined
  }

  /** Advances its clock. */
  advance(ms: number): void {
    if (this.#frozenAt === undefined) this.#aheadMs += ms
    else this.#frozenAt += ms
  }

  /** Through the back door: creates an object and returns its id. `ageMs`: it becomes visible now with a time this long ago. */
  insert(resource: string, properties: Native, ageMs = 0): string {
    const kind = kinds.get(resource)
    if (kind === undefined) throw new RangeError(`there is no resource ${resource}`)
    return String(this.account.create(kind, properties, this.now - ageMs).native.id)
  }

  /** Through the back door; `event` names another event than an ordinary change. */
  change(id: string, properties: Native, event?: string): void {
    const stored = this.account.objects.get(id)
    if (stored === undefined || stored.deleted) throw new RangeError(`there is no object ${id}`)
    this.account.change(stored, properties, ...(event === undefined ? [] : [event]))
  }

  remove(id: string): void {
    const stored = this.account.objects.get(id)
    if (stored === undefined || stored.deleted) throw new RangeError(`there is no object ${id}`)
    this.account.remove(stored)
  }

  /** The next request of this method ends in a 500, which stays the response of its idempotency key, if any. */
  failNext(fault: { readonly method: string; readonly takesEffect: boolean }): void {
    const error = { type: 'api_error', message: 'An unknown error occurred' }
    this.#faults.push({ ...fault, status: 500, error, isKept: true })
  }

  /** The next request finds its object locked by another one. */
  lockNext(method: string): void {
    const error = {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message: 'This object cannot be accessed right now',
    }
    this.#faults.push({ method, takesEffect: false, status: 429, error, isKept: false })
  }

  /** The next request exceeds the rate limit. */
  limitNext(method: string): void {
    const error = { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests' }
    this.#faults.push({ method, takesEffect: false, status: 429, error, isKept: false })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async close(): Promise<void> {
    await this.endpoint?.settled()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = 'GET', url = '/', headers } = request
    const body = Buffer.concat(chunks).toString('utf8')
    if (this.seen.length < seenMax) this.seen.push({ method, url, headers, body })
    this.#requests += 1
    const requestId = `req_${String(this.#requests).padStart(8, '0')}`
    const { response: reply, replayed } = this.#response({ method, url, headers, body }, requestId)
    const text = JSON.stringify(reply.body, undefined, 2)
    response.writeHead(reply.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      date: new Date(this.now).toUTCString(),
      'request-id': requestId,
      'stripe-version': String(headers['stripe-version'] ?? apiVersion),
      ...(replayed ? { 'idempotent-replayed': 'true', 'original-request': reply.requestId } : {}),
    })
    response.end(text)
  }

  #response(seen: SeenRequest, requestId: string): { response: KeptAnswer; replayed: boolean } {
    try {
      const { account, keys } = this.#admitted(seen.headers)
      const given = seen.headers['idempotency-key']
      const key = seen.method === 'POST' && typeof given === 'string' ? given : undefined
      if (key === undefined)
        return { response: this.#carriedOut(account, seen, requestId).response, replayed: false }
      const kept = keys.begin(key, seen.method, seen.url, seen.body)
      if (kept !== undefined) return { response: kept, replayed: true }
      const { response: reply, isKept } = this.#carriedOut(account, seen, requestId)
      if (isKept) keys.keep(key, reply)
      else keys.forget(key)
      return { response: reply, replayed: false }
    } catch (error) {
      return { response: refused(error, requestId), replayed: false }
    }
  }

  /** Requests that never began (refused parameters, limits, locks) leave no response for their key. */
  #carriedOut(
    account: FakeAccount,
    seen: SeenRequest,
    requestId: string,
  ): { response: KeptAnswer; isKept: boolean } {
    const [path = '', query = ''] = seen.url.split('?', 2)
    const fault = this.#takeFault(seen.method)
    if (fault?.takesEffect === false) {
      return {
        response: { status: fault.status, body: { error: fault.error }, requestId },
        isKept: fault.isKept,
      }
    }
    try {
      const body = carryOut(account, { method: seen.method, path, query, body: seen.body })
      if (fault === undefined) return { response: { status: 200, body, requestId }, isKept: true }
      return {
        response: { status: fault.status, body: { error: fault.error }, requestId },
        isKept: fault.isKept,
      }
    } catch (error) {
      return { response: refused(error, requestId), isKept: false }
    }
  }

  #takeFault(method: string): Fault | undefined {
    const index = this.#faults.findIndex((fault) => fault.method === method)
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]
  }

  #admitted(headers: IncomingMessage['headers']): { account: FakeAccount; keys: IdempotencyKeys } {
    if (keyOf(headers.authorization) !== this.key) {
      throw invalidRequest(401, 'Invalid API Key provided')
    }
    const version = headers['stripe-version']
    if (version !== undefined && !/^\d{4}-\d{2}-\d{2}(\.[a-z_]+)?$/.test(String(version))) {
      throw invalidRequest(400, `Invalid Stripe API version: ${String(version)}`)
    }
    const id = headers['stripe-account'] ?? this.account.id
    const found = this.#accounts.get(String(id))
    if (found !== undefined) return found
    throw new StripeRefusal(403, {
      type: 'invalid_request_error',
      code: 'account_invalid',
      message: `The provided key does not have access to account '${String(id)}'.`,
    })
  }
}

function keyOf(authorization: string | undefined): string | undefined {
  const [scheme, value = ''] = authorization?.split(' ') ?? []
  if (scheme === 'Bearer') return value
  return scheme === 'Basic' ? Buffer.from(value, 'base64').toString('utf8').split(':', 1)[0] : undefined
}

function refused(error: unknown, requestId: string): KeptAnswer {
  if (error instanceof StripeRefusal) return { status: error.status, body: error.body, requestId }
  return { status: 500, body: { error: { type: 'api_error', message: String(error) } }, requestId }
}

/** Starts a fake. Close it, or let `await using` do that. */
export async function startFakeStripe(options: FakeStripeOptions = {}): Promise<FakeStripe> {
  return new FakeStripe(options).start()
}
