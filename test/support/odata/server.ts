/** A fake OData system on the loopback interface: one or more services over one store. See README.md for what it reproduces. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { metadataOf } from './metadata.ts'
import { type FakeService, type FakeSet, Refusal, type StoredRecord } from './model.ts'
import {
  type BatchPart,
  batchResponse,
  type PartRequest,
  type PartResponse,
  parseBatch,
} from './multipart.ts'
import { handleRequest, jsonHeaders, refusalResponse, type ServiceEnvironment } from './service-requests.ts'
import { Sessions } from './sessions.ts'
import { FakeStore } from './store.ts'

export interface ODataServerOptions {
  readonly services: readonly FakeService[]
  /** Whether a request is admitted, by its `Authorization`. @default every request */
  readonly admits?: (authorization: string | undefined) => boolean | Promise<boolean>
  /** Writes need a CSRF token. @default false */
  readonly csrf?: boolean
  /** Lifetime of an unused session. @default 1800000 */
  readonly sessionIdleMs?: number
  /** Maximum number of records per page. @default 5000 */
  readonly pageSizeMax?: number
  /** `sap-client` that contains the data; others are refused. @default any */
  readonly client?: string
}

/** A received request. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface ODataServer extends AsyncDisposable {
  readonly url: string
  readonly store: FakeStore
  readonly sessions: Sessions
  /** The newest 1,000 requests. */
  readonly seen: SeenRequest[]
  /** Responses instead of the service's, for the next request for which it returns one. */
  intercept: ((request: SeenRequest) => PartResponse | undefined) | undefined
  /** The back door: edits by users of the system itself. */
  table(path: string, set: string): BackDoor
  close(): Promise<void>
}

/** One set, as users of the system edit it. */
export interface BackDoor {
  create(values: StoredRecord): StoredRecord
  change(key: StoredRecord, patch: StoredRecord): StoredRecord
  delete(key: StoredRecord): void
  get(key: StoredRecord): StoredRecord | undefined
  all(): readonly StoredRecord[]
  count(): number
  lock(key: StoredRecord): void
  unlock(key: StoredRecord): void
}

const seenMax = 1_000
const bodyBytesMax = 64 * 1024 * 1024

export async function startODataServer(options: ODataServerOptions): Promise<ODataServer> {
  const store = new FakeStore()
  const sessions = new Sessions(() => store.clock.now(), options.sessionIdleMs ?? 1_800_000)
  const seen: SeenRequest[] = []
  const system: ODataServer = {
    url: '',
    store,
    sessions,
    seen,
    intercept: undefined,
    table: (path, set) => backDoor(options, store, path, set),
    close: () => closed(),
    [Symbol.asyncDispose]: () => closed(),
  }
  const server = createServer((request, response) => {
    void received(request).then(async (body) => {
      const one: SeenRequest = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body,
      }
      seen.push(one)
      if (seen.length > seenMax) seen.shift()
      send(response, store, system.intercept?.(one) ?? (await answered(options, system, one)), one.method)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const closed = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return Object.assign(system, { url })
}

async function received(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const piece = Buffer.from(chunk)
    bytes += piece.byteLength
    if (bytes > bodyBytesMax) break
    chunks.push(piece)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, store: FakeStore, reply: PartResponse, method: string): void {
  const { status, headers, body } = reply
  response.sendDate = false
  response.writeHead(status, { date: new Date(store.clock.now()).toUTCString(), ...headers })
  response.end(method === 'HEAD' ? undefined : body)
}

const writes = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'MERGE'])

async function answered(
  options: ODataServerOptions,
  system: ODataServer,
  request: SeenRequest,
): Promise<PartResponse> {
  const { headers, url, method } = request
  if ((await options.admits?.(headers.authorization)) === false) {
    return page(401, 'Anmeldung fehlgeschlagen', {
      'www-authenticate': 'Basic realm="SAP NetWeaver Application Server"',
    })
  }
  const { pathname, searchParams } = new URL(url, 'http://host')
  const service = options.services.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`))
  if (service === undefined) return page(403, 'No service found', {})
  const client = searchParams.get('sap-client')
  if (options.client !== undefined && client !== null && client !== options.client) {
    return page(401, 'Client does not exist', {})
  }
  const needsToken = options.csrf === true && writes.has(method)
  if (needsToken && !system.sessions.accepts(String(headers['x-csrf-token'] ?? ''), headers.cookie)) {
    return {
      status: 403,
      headers: { 'x-csrf-token': 'Required', 'content-type': 'text/plain' },
      body: 'CSRF token validation failed',
    }
  }
  const wantsToken = options.csrf === true && /^fetch$/i.test(String(headers['x-csrf-token'] ?? ''))
  const reply = serviceResponse(options, system, service, request, pathname)
  return wantsToken
    ? { ...reply, headers: { ...reply.headers, ...system.sessions.open(headers.cookie) } }
    : reply
}

/** The framework in front of the services responds with web pages. */
function page(status: number, text: string, headers: Readonly<Record<string, string>>): PartResponse {
  return {
    status,
    headers: { 'content-type': 'text/html', ...headers },
    body: `<html><body>${text}</body></html>`,
  }
}

function serviceResponse(
  options: ODataServerOptions,
  system: ODataServer,
  service: FakeService,
  request: SeenRequest,
  pathname: string,
): PartResponse {
  const rest = pathname.slice(service.path.length)
  if (rest === '' || rest === '/') {
    const names = service.sets.map(({ name }) => name)
    const body =
      service.version === 2
        ? { d: { EntitySets: names } }
        : { value: names.map((name) => ({ name, url: name })) }
    return { status: 200, headers: jsonHeaders(service), body: JSON.stringify(body) }
  }
  if (rest === '/$metadata') {
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: metadataOf(service) }
  }
  const environment: ServiceEnvironment = {
    service,
    store: system.store,
    pageSizeMax: options.pageSizeMax ?? 5_000,
    // Links use the address of the request, which may be a proxy.
    origin: `http://${request.headers.host ?? ''}`,
  }
  if (rest === '/$batch') return batch(environment, request)
  return handleRequest(environment, {
    method: request.method,
    url: request.url,
    headers: flat(request.headers),
    body: request.body,
    contentId: undefined,
  })
}

function flat(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function batch(environment: ServiceEnvironment, request: SeenRequest): PartResponse {
  const contentType = request.headers['content-type'] ?? ''
  const { service } = environment
  if (contentType.startsWith('application/json')) return jsonBatch(environment, request.body)
  // V2 continues after a failure; V4 only on request.
  const goesOn = service.version === 2 || /continue-on-error/.test(String(request.headers.prefer ?? ''))
  const groups: { isSet: boolean; responses: readonly PartResponse[] }[] = []
  for (const part of parseBatch(contentType, request.body)) {
    const group = partResponses(environment, part)
    groups.push(group)
    if (!goesOn && group.responses.some(({ status }) => status >= 400)) break
  }
  const { contentType: type, body } = batchResponse(groups)
  return { status: service.version === 2 ? 202 : 200, headers: { 'content-type': type }, body }
}

function partResponses(
  environment: ServiceEnvironment,
  part: BatchPart,
): { isSet: boolean; responses: readonly PartResponse[] } {
  if (part.kind === 'single') {
    const isRead = part.request.method === 'GET'
    const reply = isRead
      ? handleRequest(environment, part.request)
      : refusalResponse(
          environment.service,
          new Refusal(400, '/IWFND/CM_MGW/505', 'Writes need a change set'),
        )
    return { isSet: false, responses: [reply] }
  }
  try {
    return { isSet: true, responses: changeSet(environment, part.requests) }
  } catch (error) {
    if (!(error instanceof FailedSet)) throw error
    // One response for the whole set, outside of any multipart.
    return { isSet: false, responses: [error.response] }
  }
}

class FailedSet extends Error {
  readonly response: PartResponse

  constructor(reply: PartResponse) {
    super('rolled back')
    this.response = reply
  }
}

function changeSet(
  environment: ServiceEnvironment,
  requests: readonly PartRequest[],
): readonly PartResponse[] {
  return environment.store.allOrNothing(() =>
    requests.map((request) => {
      const reply = { ...handleRequest(environment, request), contentId: request.contentId }
      if (reply.status >= 400) throw new FailedSet(reply)
      return reply
    }),
  )
}

function jsonBatch(environment: ServiceEnvironment, body: string): PartResponse {
  const { requests } = JSON.parse(body) as {
    requests: { id: string; method: string; url: string; headers?: Record<string, string>; body?: unknown }[]
  }
  const responses = requests.map(({ id, method, url, headers, body: json }) => {
    const reply = handleRequest(environment, {
      method,
      url,
      headers: headers ?? {},
      body: json === undefined ? '' : JSON.stringify(json),
      contentId: id,
    })
    return {
      id,
      status: reply.status,
      headers: reply.headers,
      ...(reply.body === '' ? {} : { body: JSON.parse(reply.body) as unknown }),
    }
  })
  return { status: 200, headers: jsonHeaders(environment.service), body: JSON.stringify({ responses }) }
}

function backDoor(options: ODataServerOptions, store: FakeStore, path: string, name: string): BackDoor {
  const service = options.services.find((one) => one.path === path)
  const set: FakeSet | undefined = service?.sets.find((one) => one.name === name)
  if (service === undefined || set === undefined) throw new Error(`no set ${name} at ${path}`)
  return {
    create: (values) => store.allOrNothing(() => store.create(service, set, values)),
    change: (key, patch) => store.allOrNothing(() => store.update(service, set, key, patch)),
    delete: (key) => store.delete(service, set, key),
    get: (key) => store.get(service, set, key),
    all: () => store.all(service, set),
    count: () => store.size(service, set),
    lock: (key) => store.lock(set, key),
    unlock: (key) => store.unlock(set, key),
  }
}
