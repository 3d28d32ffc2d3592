/**
 * The CRM's HTTP API: that of json-server 0.17 for `/users`.
 *
 * | call | does |
 * | --- | --- |
 * | `GET /users?…` | users by filters, with `X-Total-Count` where a limit is given |
 * | `GET`, `PUT`, `PATCH`, `DELETE /users/{id}` | one user; no versions and no preconditions |
 * | `POST /users` | a new one, with the next number |
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UserRecord, UsersTable } from './users-table.ts'

const bodyBytesMax = 1_000_000

interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** The change that was made. */
  readonly changed?: { readonly verb: 'created' | 'updated' | 'deleted'; readonly id: number }
}

const notFound: Reply = { status: 404, body: {} }

/** Responds to a request; returns the change that it made. Never rejects. */
export async function answerUsersRequest(
  table: UsersTable,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply['changed']> {
  const reply = await replyTo(table, request).catch((): Reply => ({ status: 400, body: {} }))
  const text = JSON.stringify(reply.body)
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...reply.headers,
  })
  response.end(text)
  return reply.changed
}

async function replyTo(table: UsersTable, request: IncomingMessage): Promise<Reply> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://crm')
  const [, resource, id] = pathname.split('/')
  if (resource !== 'users') return notFound
  if (id !== undefined) return replyToOne(table, request, Number(id))
  if (request.method === 'POST') {
    const user = table.create(await bodyOf(request))
    return { status: 201, body: user, changed: { verb: 'created', id: user.id } }
  }
  if (request.method !== 'GET') return notFound
  const { users, total } = table.query(searchParams)
  const headers = searchParams.has('_limit') ? { 'x-total-count': String(total) } : {}
  return { status: 200, body: users, headers }
}

async function replyToOne(table: UsersTable, request: IncomingMessage, id: number): Promise<Reply> {
  switch (request.method) {
    case 'GET':
      return found(table.get(id))
    case 'PUT':
    case 'PATCH': {
      const keep = request.method === 'PATCH'
      const user = table.update(id, await bodyOf(request), { keep })
      return user === undefined ? notFound : { ...found(user), changed: { verb: 'updated', id } }
    }
    case 'DELETE':
      return table.delete(id) ? { status: 200, body: {}, changed: { verb: 'deleted', id } } : notFound
    default:
      return notFound
  }
}

function found(user: UserRecord | undefined): Reply {
  return user === undefined ? notFound : { status: 200, body: user }
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly [property: string]: unknown }> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new RangeError('the body is too large')
    chunks.push(chunk)
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
  throw new TypeError('the body is no object')
}
