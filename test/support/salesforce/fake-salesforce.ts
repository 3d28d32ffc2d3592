/** A fake Salesforce org on the loopback interface: the paths, errors and behaviour of the real one, and a back door. See README.md. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { parseJson, writeJson } from '../../../src/http/json.ts'
import type { ApiContext, ApiOptions, ApiRequest, ApiResponse, Route } from './api.ts'
import { bulkRoutes } from './api-bulk.ts'
import { collectionRoutes } from './api-collections.ts'
import { compositeRoutes } from './api-composite.ts'
import { queryRoutes, replicationRoutes } from './api-query.ts'
import { recordRoutes } from './api-records.ts'
import { notFound, SalesforceError } from './errors.ts'
import { OAuth, type OAuthOptions } from './oauth.ts'
import type { ObjectSpec } from './objects.ts'
import { Org } from './org.ts'

/** Options of the fake. */
export interface FakeSalesforceOptions extends Partial<ApiOptions> {
  readonly objects?: readonly ObjectSpec[]
  readonly oauth?: Partial<OAuthOptions>
  /** API requests a day. @default 100000 */
  readonly dailyRequests?: number
  /** Handles `POST /__back-door/<verb>`, for a fake in a process of its own. @default no such path */
  readonly backDoor?: (org: Org, verb: string, wish: Readonly<Record<string, unknown>>) => unknown
  /** Called before the response to a request; true when it took over the response. */
  readonly intercept?: (request: ApiRequest, response: ServerResponse) => boolean
}

/** A running fake. */
export interface FakeSalesforce extends AsyncDisposable {
  readonly url: string
  readonly org: Org
  readonly oauth: OAuth
  readonly credentials: OAuthOptions
  /** Received requests such as `GET /services/data/v60.0/limits`, in order. */
  readonly seen: string[]
  /** API requests counted today. */
  used: number
  dailyRequests: number
  /** This many of the next writes take effect without a response. */
  loseResponses: number
  close(): Promise<void>
}

const routes: readonly Route[] = [
  compositeRoutes,
  collectionRoutes,
  replicationRoutes,
  recordRoutes,
  queryRoutes,
  bulkRoutes,
]

const newestVersion = 62

export async function startFakeSalesforce(options: FakeSalesforceOptions = {}): Promise<FakeSalesforce> {
  const org = new Org(options.objects)
  const credentials: OAuthOptions = {
    clientId: '3MVG9fake.consumer.key',
    clientSecret: 'fake-consumer-secret',
    refreshToken: '5Aep861fake',
    username: 'integration@example.com',
    audience: 'https://login.salesforce.com',
    sessionMs: 7_200_000,
    ...options.oauth,
  }
  const oauth = new OAuth(credentials, () => Date.now())
  let count = 0
  const context: ApiContext = {
    org,
    options: { queryBatch: 2_000, bulkPage: 50_000, bulkPolls: 2, bulkHeaders: true, ...options },
    cursors: new Map(),
    jobs: new Map(),
    next: () => (count += 1),
    handle: (request) => handleApi(request, context),
  }
  const server = createServer((request, response) => void face(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = (): Promise<void> => stop(server)
  const fake: FakeSalesforce = {
    url,
    org,
    oauth,
    credentials,
    seen: [],
    used: 0,
    dailyRequests: options.dailyRequests ?? 100_000,
    loseResponses: 0,
    close,
    [Symbol.asyncDispose]: close,
  }
  return fake

  async function face(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(incoming)
    const address = new URL(incoming.url ?? '/', url)
    fake.seen.push(`${incoming.method} ${address.pathname}`)
    if (fake.seen.length > 100_000) fake.seen.shift()
    const reply = guarded(() => route(incoming, address, text, response))
    const isWrite = incoming.method !== 'GET' && address.pathname.includes('/sobjects')
    if (isWrite && fake.loseResponses > 0) {
      fake.loseResponses -= 1
      response.destroy()
      return
    }
    if (reply !== undefined) send(response, reply, fake)
  }

  function route(
    incoming: IncomingMessage,
    address: URL,
    text: string,
    response: ServerResponse,
  ): ApiResponse | undefined {
    const { authorization } = incoming.headers
    const verb = /^\/__back-door\/([\w-]+)$/.exec(address.pathname)?.[1]
    if (verb !== undefined && options.backDoor !== undefined) {
      return { status: 200, body: options.backDoor(org, verb, JSON.parse(text === '' ? '{}' : text)) ?? null }
    }
    if (address.pathname === '/services/oauth2/token') {
      return oauth.token(new URLSearchParams(text), authorization, url, org.id)
    }
    const versions = [
      { label: 'Fake', url: `/services/data/v${newestVersion}.0`, version: `${newestVersion}.0` },
    ]
    if (address.pathname === '/services/data' || address.pathname === '/services/data/') {
      return { status: 200, body: versions }
    }
    if (!oauth.holds(authorization)) {
      throw new SalesforceError(401, 'INVALID_SESSION_ID', 'Session expired or invalid')
    }
    if (address.pathname === '/services/oauth2/userinfo') {
      return {
        status: 200,
        body: {
          user_id: '005000000000001AAA',
          organization_id: org.id,
          preferred_username: credentials.username,
        },
      }
    }
    const request = apiRequest(incoming, address, text)
    if (options.intercept?.(request, response) === true) return undefined
    fake.used += 1
    if (fake.used > fake.dailyRequests) {
      throw new SalesforceError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
    }
    if (request.path.length === 1 && request.path[0] === 'limits') return limits(fake)
    return handleApi(request, context)
  }
}

function handleApi(request: ApiRequest, context: ApiContext): ApiResponse {
  return guarded(() => {
    for (const route of routes) {
      const reply = route(request, context)
      if (reply !== undefined) return reply
    }
    throw notFound()
  })
}

function guarded<Result extends ApiResponse | undefined>(act: () => Result): Result | ApiResponse {
  try {
    return act()
  } catch (error) {
    if (error instanceof SalesforceError) return { status: error.status, body: error.faults }
    const message = `An unexpected error occurred. ${error instanceof Error ? (error.stack ?? error.message) : ''}`
    return { status: 500, body: [{ errorCode: 'UNKNOWN_EXCEPTION', message }] }
  }
}

function apiRequest(incoming: IncomingMessage, address: URL, text: string): ApiRequest {
  const [, services, data, version = '', ...path] = address.pathname.split('/')
  const number = /^v(\d{2})\.0$/.exec(version)?.[1]
  if (services !== 'services' || data !== 'data' || number === undefined || Number(number) > newestVersion) {
    throw notFound()
  }
  const headers = Object.entries(incoming.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ])
  return {
    method: incoming.method ?? 'GET',
    path: path.filter((step) => step !== '').map(decodeURIComponent),
    query: address.searchParams,
    headers: Object.fromEntries(headers),
    body: jsonOf(incoming, text),
    version,
  }
}

function jsonOf(incoming: IncomingMessage, text: string): unknown {
  if (text === '' || !/json/.test(incoming.headers['content-type'] ?? '')) return text
  const parsed = parseJson(text, { maxDepth: 100, numbers: 'lossless' })
  if (parsed.ok) return parsed.value
  throw new SalesforceError(400, 'JSON_PARSER_ERROR', 'Unexpected character at [line:1, column:2]')
}

function limits(fake: FakeSalesforce): ApiResponse {
  const remaining = Math.max(0, fake.dailyRequests - fake.used)
  return {
    status: 200,
    body: {
      DailyApiRequests: { Max: fake.dailyRequests, Remaining: remaining },
      DailyBulkV2QueryJobs: { Max: 10_000, Remaining: 9_999 },
      DailyBulkV2QueryFileStorageMB: { Max: 976_562, Remaining: 976_562 },
      DataStorageMB: { Max: 5, Remaining: 4 },
      HourlyAsyncReportRuns: { Max: 1_200, Remaining: 1_200 },
    },
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, reply: ApiResponse, fake: FakeSalesforce): void {
  const { status, body, text, headers = {} } = reply
  const usage = {
    date: new Date(fake.org.now()).toUTCString(),
    'sforce-limit-info': `api-usage=${fake.used}/${fake.dailyRequests}`,
  }
  if (text !== undefined) {
    response.writeHead(status, { ...usage, ...headers })
    Readable.from(typeof text === 'string' ? [text] : text).pipe(response)
    return
  }
  if (body === undefined) {
    response.writeHead(status, { ...usage, ...headers }).end()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...usage, ...headers })
  response.end(writeJson(body))
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
