/**
 * The HTTP interface of a fake system: paths, statuses, pages. Executing a request and responding to it are two steps, so that the response can be
 * lost.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiResponse, FakeResource } from './fake-resource.ts'
import type { FakeSystem } from './fake-system.ts'
import type { Native } from './remote-table.ts'

const limitMax = 10_000

type Send = (response: ServerResponse) => void | Promise<void>

/** Executes a request now; the returned function sends the response. */
export function handleRequest(fake: FakeSystem, request: IncomingMessage, body: unknown): Send {
  const raw = request.url ?? '/'
  const mark = raw.indexOf('?')
  const path = mark < 0 ? raw : raw.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : raw.slice(mark + 1))
  if (path === '/account') return json(200, { tenant: fake.tenant })
  const [, name = '', nativeId, ...rest] = path.split('/')
  const resource = fake.resources.get(name)
  if (resource === undefined || rest.length > 0) return problem(404, 'NO_SUCH_PATH')
  if (nativeId === 'changes') return feed(resource, query)
  if (nativeId === 'changed') return changedSince(resource, query)
  if (nativeId !== undefined) return one(fake, resource, decodeURIComponent(nativeId), request, body)
  if (request.method !== 'POST') return many(resource, query)
  const key = request.headers['idempotency-key']
  return answered(resource, resource.create(asNative(body), typeof key === 'string' ? key : undefined))
}

function one(
  fake: FakeSystem,
  resource: FakeResource,
  nativeId: string,
  request: IncomingMessage,
  body: unknown,
): Send {
  const { write = 'both', readLagMs = 0 } = resource.options
  const ifMatch = request.headers['if-match']
  switch (request.method) {
    case 'GET':
      if (resource.options.virtual !== undefined) return json(200, virtualRecord(Number(nativeId)))
      return answered(resource, resource.read(nativeId, readLagMs > 0 ? fake.chance() * readLagMs : 0))
    case 'PATCH':
      if (write === 'put') return problem(405, 'METHOD_NOT_ALLOWED')
      return answered(resource, resource.write(nativeId, asNative(body), 'patch', ifMatch))
    case 'PUT':
      if (write === 'patch') return problem(405, 'METHOD_NOT_ALLOWED')
      return answered(resource, resource.write(nativeId, asNative(body), 'put', ifMatch))
    case 'DELETE':
      return answered(resource, resource.remove(nativeId, ifMatch))
    default:
      return problem(405, 'METHOD_NOT_ALLOWED')
  }
}

function many(resource: FakeResource, query: URLSearchParams): Send {
  const limit = limitOf(query)
  const { virtual, listCap } = resource.options
  if (virtual !== undefined) return virtualPage(virtual, Number(query.get('after') ?? 0), limit)
  if (query.has('id')) {
    const data = query.getAll('id').flatMap((nativeId) => {
      const version = resource.table.current(nativeId)
      return version?.body === undefined ? [] : [resource.show(version)]
    })
    return json(200, { data, next: null, total: data.length })
  }
  const names = [...query.keys()].filter((name) => !['after', 'offset', 'limit', 'page'].includes(name))
  const wanted = new Map(names.map((name) => [name, query.getAll(name)] as const))
  if (wanted.size > 0) {
    const data = resource.search(wanted).map((version) => resource.show(version))
    return json(200, { data, next: null, total: data.length })
  }
  if (query.has('offset')) {
    const offset = Number(query.get('offset'))
    const nativeIds = [...resource.table.nativeIds()].slice(offset, offset + limit)
    const data = nativeIds.flatMap((nativeId) => {
      const version = resource.table.current(nativeId)
      return version === undefined ? [] : [resource.show(version)]
    })
    return json(200, { data, total: resource.table.size })
  }
  const from = Number(query.get('after') ?? 0)
  const { records, next } = resource.table.page(from, limit)
  const data = records.map((version) => resource.show(version))
  const capped = listCap !== undefined && from + data.length >= listCap
  const end = next === undefined || capped
  return (response) => {
    const cut = response.getHeader('x-fake-cut') !== undefined
    sendJson(response, 200, { data, next: end || cut ? null : String(next), total: resource.table.size })
  }
}

function feed(resource: FakeResource, query: URLSearchParams): Send {
  const since = Number(query.get('since') ?? resource.feedBegins)
  const isKnown =
    Number.isInteger(since) && since >= resource.feedBegins && since <= resource.table.changes.length
  if (!isKnown) return problem(410, 'CURSOR_EXPIRED')
  const page = resource.table.changes.slice(since, since + limitOf(query))
  const next = since + page.length
  return json(200, {
    changes: page.map(({ nativeId, version, body }) => ({
      id: nativeId,
      version,
      deleted: body === undefined,
    })),
    next: String(next),
    more: next < resource.table.changes.length,
  })
}

/** Records changed at or after a time, by `(updatedAt, id)`, ascending. */
function changedSince(resource: FakeResource, query: URLSearchParams): Send {
  const from = Date.parse(query.get('from') ?? '1970-01-01T00:00:00Z')
  const after = query.get('after') ?? ''
  const limit = limitOf(query)
  const found = [...resource.table.nativeIds()]
    .flatMap((nativeId) => resource.table.current(nativeId) ?? [])
    .filter((version) => version.at > from || (version.at === from && version.nativeId > after))
    .sort((a, b) => a.at - b.at || (a.nativeId < b.nativeId ? -1 : 1))
  return json(200, {
    data: found.slice(0, limit).map((version) => resource.show(version)),
    more: found.length > limit,
  })
}

/** Record n of a generated million: the same each time, never stored. */
export function virtualRecord(n: number): Native {
  return {
    id: String(n),
    code: `C${String(n).padStart(8, '0')}`,
    name: `Customer number ${n}`,
    email: `customer${n}@example.org`,
    city: `City ${n % 1000}`,
    phone: `+49 30 ${n}`,
    version: 1,
    updatedAt: '2026-01-01T00:00:00.000Z',
  }
}

function virtualPage(total: number, after: number, limit: number): Send {
  return (response) => {
    const end = Math.min(total, after + limit)
    response.writeHead(200, { 'content-type': 'application/json' })
    let part = '{"data":['
    for (let n = after + 1; n <= end; n += 1) {
      part += (n === after + 1 ? '' : ',') + JSON.stringify(virtualRecord(n))
      if (part.length > 64_000) {
        response.write(part)
        part = ''
      }
    }
    response.end(`${part}],"next":${end < total ? `"${end}"` : 'null'},"total":${total}}`)
  }
}

function answered(resource: FakeResource, reply: ApiResponse): Send {
  if (reply.status === 204) return (response) => void response.writeHead(204).end()
  if ('code' in reply)
    return problem(
      reply.status,
      reply.code,
      reply.mergedInto === undefined ? {} : { mergedInto: reply.mergedInto },
    )
  const shown = resource.show(reply.version)
  const etag = resource.etag(reply.version)
  return (response) => {
    if (etag !== undefined) response.setHeader('etag', etag)
    sendJson(response, reply.status, shown)
  }
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 100)
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, limitMax) : 100
}

function asNative(body: unknown): Native {
  return typeof body === 'object' && body !== null ? (body as Native) : {}
}

function json(status: number, body: unknown): Send {
  return (response) => sendJson(response, status, body)
}

function problem(status: number, code: string, more: Readonly<Record<string, unknown>> = {}): Send {
  return json(status, { error: { code, message: code.toLowerCase().replaceAll('_', ' '), ...more } })
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
