/**
 * A fake business system over real HTTP.
 *
 * | call | does |
 * | --- | --- |
 * | `GET /account` | which tenant answers |
 * | `GET /{resource}?after=…&limit=…` | a page in the order of creation: `{ data, next, total }`; `next` is null at the end |
 * | `GET /{resource}?offset=…&limit=…` | the same by offset, with all that is wrong with offsets |
 * | `GET /{resource}?name=value` | a search, with its index lag |
 * | `GET /{resource}?id=1&id=2` | several records at once |
 * | `GET /{resource}/changes?since=…&limit=…` | `{ changes: [{ id, version, deleted }], next, more }` |
 * | `GET /{resource}/changed?from=…&after=…&limit=…` | records by `(updatedAt, id)`: `{ data, next }` |
 * | `POST /{resource}`, `GET`, `PATCH`, `PUT`, `DELETE /{resource}/{id}` | one record |
 * | `/__admin/…` | edits by a person, faults, the hidden history: for tests in other processes |
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { handleAdmin } from './admin.ts'
import { FakeResource } from './fake-resource.ts'
import { Faults } from './faults.ts'
import { handleRequest, sendJson } from './http-face.ts'
import type { FakeSystemOptions, FakeWebhookOptions, Fault } from './options.ts'
import { WebhookSender } from './webhook-sender.ts'

const bodyBytesMax = 64_000_000

/** One received request. */
export interface CallLine {
  readonly method: string
  readonly path: string
  readonly at: number
}

export class FakeSystem {
  readonly options: FakeSystemOptions
  readonly resources: ReadonlyMap<string, FakeResource>
  readonly faults: Faults
  /** Received requests, the newest 10,000. */
  readonly calls: CallLine[] = []
  readonly server: Server
  /** The account returned by `GET /account`. */
  tenant: string
  token: string | undefined
  #hooks: WebhookSender | undefined
  #down = false
  #seed: number

  constructor(options: FakeSystemOptions) {
    this.options = options
    this.tenant = `tenant-of-${options.name}`
    this.token = options.token
    this.#seed = options.seed ?? 1
    this.resources = new Map(options.resources.map((one) => [one.name, new FakeResource(one)]))
    this.faults = new Faults(this.#seed)
    this.server = createServer((request, response) => {
      this.#response(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy()
        else sendJson(response, 500, { error: { code: 'INTERNAL', message: String(error) } })
      })
    })
    this.server.keepAliveTimeout = 60_000
    for (const resource of this.resources.values())
      resource.table.onChange((version) => this.#hooks?.announce(resource.name, version))
    if (options.webhooks !== undefined) this.sendWebhooksTo(options.webhooks)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  resource(name: string): FakeResource {
    const resource = this.resources.get(name)
    if (resource === undefined) throw new RangeError(`${this.options.name} has no ${name}`)
    return resource
  }

  /** Sends webhooks there from now on. */
  sendWebhooksTo(options: FakeWebhookOptions): void {
    this.#hooks?.close()
    this.#hooks = new WebhookSender(options, () => this.chance())
  }

  /** Deliveries that received a 2xx response. */
  get webhooksAccepted(): number {
    return this.#hooks?.accepted ?? 0
  }

  fault(fault: Fault): void {
    this.faults.add(fault)
  }

  /** While down, connections are closed at their first byte. */
  outage(down: boolean): void {
    this.#down = down
  }

  /** Remembered requests of a method (and path) since the fake was started. */
  countCalls(method: string, path = /./): number {
    return this.calls.filter((call) => call.method === method && path.test(call.path)).length
  }

  /** Seeded, [0, 1). */
  chance(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return this.#seed / 4_294_967_296
  }

  async close(): Promise<void> {
    this.#hooks?.close()
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  async #response(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    const method = request.method ?? 'GET'
    if (path.startsWith('/__admin/')) return handleAdmin(this, path, await readBody(request), response)
    if (this.#down) return void request.socket.destroy()
    if (this.calls.push({ method, path, at: Date.now() }) > 10_000) this.calls.splice(0, 5000)
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return sendJson(response, 401, {
        error: { code: 'UNAUTHENTICATED', message: 'Wrong or missing token.' },
      })
    const body = method === 'GET' || method === 'DELETE' ? undefined : await readBody(request)
    const { latencyMs } = this.options
    if (latencyMs !== undefined && latencyMs > 0) await sleep(latencyMs)
    const carryOut = () => handleRequest(this, request, body)
    const fault = this.faults.any ? this.faults.strike(method, path) : undefined
    if (fault === undefined) return carryOut()(response)
    return this.#goWrong(fault, carryOut, request, response)
  }

  async #goWrong(
    fault: Fault,
    carryOut: () => (response: ServerResponse) => void | Promise<void>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    switch (fault.kind) {
      case 'status': {
        if (fault.apply) carryOut()
        if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter)
        const status = fault.status ?? 500
        return sendJson(
          response,
          status,
          fault.body ?? { error: { code: `FAULT_${status}`, message: 'As asked for.' } },
        )
      }
      case 'lose-response':
        carryOut()
        return void request.socket.destroy()
      case 'drop':
        return void request.socket.destroy()
      case 'zombie':
        request.socket.destroy()
        await sleep(fault.delayMs ?? 500)
        return void carryOut()
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' })
        return void response.end('<!doctype html><title>Sign in</title><p>Please sign in.</p>')
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' })
        return void response.end('{"data": [{"id": "1", "na')
      case 'empty-list':
        return sendJson(response, 200, { data: [], next: null, total: 0 })
      case 'oversize':
        response.writeHead(200, { 'content-type': 'application/json' })
        return void response.end(
          JSON.stringify({
            data: [{ id: '1', name: 'x'.repeat(fault.bytes ?? 10_000_000) }],
            next: null,
            total: 1,
          }),
        )
      case 'slow':
        await sleep(fault.delayMs ?? 500)
        return carryOut()(response)
      case 'cut-list':
        response.setHeader('x-fake-cut', '1')
        return carryOut()(response)
      case 'hang':
        return
    }
  }
}

/** Starts a fake system on the loopback interface. */
export async function startFakeSystem(options: FakeSystemOptions): Promise<FakeSystem> {
  const fake = new FakeSystem(options)
  await new Promise<void>((resolve, reject) => {
    fake.server.once('error', reject)
    fake.server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return fake
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > bodyBytesMax) throw new RangeError('the body is too large')
    chunks.push(chunk as Buffer)
  }
  return size === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
