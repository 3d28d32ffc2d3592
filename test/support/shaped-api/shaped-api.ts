/**
 * A small business API over HTTP that is independent of Isthmus: one collection in memory, with the shape, paging, writes and login that a test
 * configures.
 */

import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { elapse } from '../elapse.ts'
import { type ListPage, type Shape, shapes } from './shapes.ts'

export type Row = Record<string, unknown> & { id: string }

export interface ShapedApiOptions {
  readonly collection: string
  readonly shape: keyof typeof shapes
  readonly paging?: 'none' | 'offset' | 'page' | 'cursor' | 'link'
  readonly pageSize?: number
  readonly update?: 'PUT' | 'PATCH'
  /** Sends ETags and requires `If-Match` for changes. */
  readonly etags?: boolean
  readonly rows: readonly Record<string, unknown>[]
  /** Headers or query parameters that every request must carry. */
  readonly login?: { readonly header?: string; readonly query?: string; readonly value: string }
  /** Treats every query parameter as a filter, even one that no record has. @default false */
  readonly filtersByAll?: boolean
  /** Whether OPTIONS returns the methods. @default true */
  readonly tellsMethods?: boolean
}

export interface ShapedApi {
  readonly url: string
  readonly rows: Map<string, Row>
  /** `PATCH /people/3` and so on, only writes. */
  readonly writes: string[]
  /** Changes a record like a user, and sends a webhook if requested. */
  edit(id: string, change: Record<string, unknown>): void
  /** Sends deliveries there from now on, signed as in Standard Webhooks. */
  sendWebhooks(to: string, secret: string): void
  close(): Promise<void>
}

/** Starts it on a free port of the loopback interface. */
export async function startShapedApi(options: ShapedApiOptions): Promise<ShapedApi> {
  const { collection, rows: given, update = 'PATCH' } = options
  const shape: Shape = shapes[options.shape]
  const rows = new Map<string, Row>()
  const writes: string[] = []
  let nextId = 1
  let hook: { readonly to: string; readonly secret: string } | undefined
  const insert = (row: Record<string, unknown>): Row => {
    const id = String(nextId++)
    const made = { ...row, id }
    rows.set(id, made)
    return made
  }
  for (const row of given) insert(row)

  const notify = (id: string, kind: string): void => {
    if (hook !== undefined) void deliver(hook, { type: `${collection}.${kind}`, data: { id } })
  }

  const read = (url: URL, id: string | undefined): Reply => {
    if (id === undefined) return pageOf(options, shape, [...rows.values()], url)
    const row = rows.get(id)
    return row === undefined ? notFound : [200, shape.one(row, collection), etagHeader(options, row)]
  }

  const write = (request: IncomingMessage, id: string | undefined, body: unknown): Reply => {
    const { method = '' } = request
    writes.push(`${method} ${request.url}`)
    const sent = body === undefined ? undefined : shape.sent(body)
    if (method === 'POST' && id === undefined && sent !== undefined) {
      const made = insert(sent)
      notify(made.id, 'created')
      return [201, shape.one(made, collection), etagHeader(options, made)]
    }
    const row = id === undefined ? undefined : rows.get(id)
    if (row === undefined) return notFound
    const ifMatch = request.headers['if-match']
    if (options.etags === true && ifMatch === undefined) return [428, { error: 'send If-Match' }]
    if (options.etags === true && ifMatch !== etagOf(row)) return [412, { error: 'changed meanwhile' }]
    if (method === 'DELETE') {
      rows.delete(row.id)
      notify(row.id, 'deleted')
      return [204]
    }
    if (method !== update || sent === undefined) return [405, { error: `use ${update}` }]
    const changed = { ...(update === 'PUT' ? {} : row), ...sent, id: row.id }
    rows.set(row.id, changed)
    notify(row.id, 'updated')
    return [200, shape.one(changed, collection), etagHeader(options, changed)]
  }

  const answer = (request: IncomingMessage, text: string): Reply => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const [, name, id] = /^\/api\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? []
    if (!isLoggedIn(options, request, url)) return [401, { error: 'log in' }]
    if (name !== collection) return [404, { error: 'no such collection' }]
    if (request.method === 'OPTIONS' && options.tellsMethods !== false)
      return [204, undefined, { allow: id === undefined ? 'GET, POST' : `GET, ${update}, DELETE` }]
    if (request.method === 'GET') return read(url, id)
    return write(request, id, text === '' ? undefined : (JSON.parse(text) as unknown))
  }

  const { url, close } = await listen(answer)
  return {
    url: `${url}/api`,
    rows,
    writes,
    edit: (id, change) => {
      const row = rows.get(id)
      if (row === undefined) throw new RangeError(`there is no record ${id}`)
      rows.set(id, { ...row, ...change })
      notify(id, 'updated')
    },
    sendWebhooks: (to, secret) => {
      hook = { to, secret }
    },
    close,
  }
}

/** Status, body and headers. */
type Reply = readonly [status: number, body?: unknown, headers?: Record<string, string>]

const notFound: Reply = [404, { error: 'not found' }]

async function listen(
  answer: (request: IncomingMessage, text: string) => Reply,
): Promise<Pick<ShapedApi, 'url' | 'close'>> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [status, body, headers] = answer(request, Buffer.concat(chunks).toString('utf8'))
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(body === undefined ? undefined : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function etagHeader({ etags }: ShapedApiOptions, row: Row): Record<string, string> {
  return etags === true ? { etag: etagOf(row) } : {}
}

function etagOf(row: Row): string {
  return `"${createHash('sha256').update(JSON.stringify(row)).digest('hex').slice(0, 16)}"`
}

function isLoggedIn({ login }: ShapedApiOptions, request: IncomingMessage, url: URL): boolean {
  if (login === undefined) return true
  if (login.header !== undefined) return request.headers[login.header.toLowerCase()] === login.value
  return url.searchParams.get(login.query ?? '') === login.value
}

function pageOf(options: ShapedApiOptions, shape: Shape, all: readonly Row[], url: URL): Reply {
  const { collection, paging = 'none', pageSize = 10 } = options
  const known = new Set(all.flatMap((row) => Object.keys(row)))
  const filters = [...url.searchParams].filter(([name]) => options.filtersByAll === true || known.has(name))
  const rows = all.filter((row) => filters.every(([name, value]) => String(row[name]) === value))
  const asked = Number(url.searchParams.get('limit') ?? pageSize)
  const limit = paging === 'none' ? rows.length : Math.min(Math.max(1, asked), 50)
  const start = startOf(paging, limit, url)
  const end = start + limit
  const more = end < rows.length
  const next = new URL(url)
  next.searchParams.set('cursor', tokenOf(end))
  const address = `${next.pathname}${next.search}`
  const page: ListPage = {
    rows: rows.slice(start, end),
    total: rows.length,
    start,
    limit,
    ...(more ? { nextToken: tokenOf(end), nextAddress: address } : {}),
  }
  const headers: Record<string, string> = {}
  if (paging === 'link')
    headers.link = [...(more ? [`<${address}>; rel="next"`] : []), `<${url.pathname}>; rel="first"`].join(
      ', ',
    )
  return [200, shape.list(page, collection), headers]
}

const tokenOf = (start: number): string => Buffer.from(`after ${start}`).toString('base64url')

function startOf(paging: ShapedApiOptions['paging'], limit: number, { searchParams }: URL): number {
  const number = (name: string): number => Number(searchParams.get(name) ?? 0)
  if (paging === 'offset') return number('offset')
  if (paging === 'page') return Math.max(0, (number('page') || 1) - 1) * limit
  const token = searchParams.get('cursor') ?? searchParams.get('after')
  if (token === null || paging === 'none') return 0
  return Number(/^after (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1] ?? 0)
}

/** Retries once after a second without a successful response, like real senders. */
async function deliver(
  { to, secret }: { readonly to: string; readonly secret: string },
  event: object,
): Promise<void> {
  const id = `msg_${randomUUID()}`
  const body = JSON.stringify(event)
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const time = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
      .update(`${id}.${time}.${body}`)
      .digest('base64')
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': time,
      'webhook-signature': `v1,${signature}`,
    }
    const response = await fetch(to, { method: 'POST', headers, body }).catch(() => undefined)
    if (response?.ok === true) return
    await elapse(1_000, 'the delay between two attempts of a delivery')
  }
}
