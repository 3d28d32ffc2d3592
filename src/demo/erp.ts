/**
 * The demo's ERP: a real HTTP system with properties that are difficult for integrations.
 *
 * It replaces whole objects (PUT, never PATCH), requires `If-Match`, silently truncates names to 40
 * characters, represents decimals as strings, has no webhooks, and offers a change feed numbered by its own
 * counter. All data is in memory and lost at the end.
 *
 * | call | does |
 * | --- | --- |
 * | `GET /account` | the tenant |
 * | `GET /partners?after=P…&limit=…` | a page, ascending by number, with `total` and `next` |
 * | `GET /partners?externalReference=…` | the partners with a reference |
 * | `GET /partners/changes?since=…&limit=…` | numbers of the partners changed after a counter value |
 * | `GET`, `PUT`, `DELETE /partners/{number}` | one partner, with its `ETag` |
 * | `POST /partners` | a new one; the ERP chooses the number |
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One business partner as the ERP stores it. Missing text is empty, never null. */
export interface ErpPartner {
  readonly partnerNumber: string
  /** At most 40 characters; longer names are truncated. */
  readonly name: string
  readonly mail: string
  readonly telephone: string
  readonly webPage: string
  readonly street: string
  readonly city: string
  readonly postalCode: string
  /** A decimal with two places, as a string: `"1500.00"`. */
  readonly creditLimit: string
  /** Available for ids of other systems. */
  readonly externalReference: string
  /** Grows with every change of this partner; its quoted form is the `ETag`. */
  readonly changeNumber: number
}

/** Input for a partner; omitted properties become empty. */
export type ErpPartnerInput = Partial<Omit<ErpPartner, 'partnerNumber' | 'changeNumber'>>

export interface ErpOptions {
  /** @default 0: a free port */
  readonly port?: number
  /** Partners that exist from the beginning. @default none */
  readonly partners?: readonly ErpPartnerInput[]
  /** Bearer token that every request must have. @default no token required */
  readonly token?: string
}

/** A running ERP, with functions to simulate users and faults. */
export interface Erp {
  readonly url: string
  /** All existing partners, oldest first. */
  partners(): readonly ErpPartner[]
  /** A person adds a partner. */
  add(input: ErpPartnerInput): ErpPartner
  /** A person changes a partner. @throws when there is none with that number */
  edit(partnerNumber: string, change: ErpPartnerInput): ErpPartner
  /** A person deletes a partner. */
  remove(partnerNumber: string): void
  /** The next POST is processed, but its connection is closed before the response. */
  loseNextCreateResponse(): void
  /** While enabled, every request is answered with 503. */
  outage(on: boolean): void
  /** POST, PUT and DELETE requests carried out so far (edits by a person not counted). */
  writes(): number
  close(): Promise<void>
}

const nameLengthMax = 40
const bodyBytesMax = 1_000_000
const pageSizeMax = 1000
const firstNumber = 1_000_001

interface State {
  readonly partners: Map<string, ErpPartner>
  /** Ascending; numbers of deleted partners remain, so that a page can continue after one. */
  readonly numbers: string[]
  readonly changes: { readonly partnerNumber: string; readonly deleted: boolean }[]
  readonly byReference: Map<string, Set<string>>
  readonly token: string | undefined
  loseNextCreateResponse: boolean
  outage: boolean
  writes: number
}

/** Starts an ERP on the loopback interface. */
export async function startErp(options: ErpOptions = {}): Promise<Erp> {
  const state: State = {
    partners: new Map(),
    numbers: [],
    changes: [],
    byReference: new Map(),
    token: options.token,
    loseNextCreateResponse: false,
    outage: false,
    writes: 0,
  }
  for (const partner of options.partners ?? []) addPartner(state, partner)
  const server = createServer((request, response) => {
    reply(state, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else sendError(response, 500, 'INTERNAL', error instanceof Error ? error.message : 'unknown')
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return handles(state, server, `http://127.0.0.1:${port}`)
}

function handles(state: State, server: Server, url: string): Erp {
  return {
    url,
    partners: () => [...state.partners.values()],
    add: (input) => addPartner(state, input),
    edit(partnerNumber, change) {
      const before = state.partners.get(partnerNumber)
      if (before === undefined) throw new RangeError(`no partner ${partnerNumber}`)
      return storePartner(state, partnerNumber, { ...before, ...change })
    },
    remove: (partnerNumber) => void removePartner(state, partnerNumber),
    loseNextCreateResponse: () => {
      state.loseNextCreateResponse = true
    },
    outage: (on) => {
      state.outage = on
    },
    writes: () => state.writes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

// ── operations on partners

function addPartner(state: State, input: ErpPartnerInput): ErpPartner {
  const partnerNumber = `P${firstNumber + state.numbers.length}`
  state.numbers.push(partnerNumber)
  return storePartner(state, partnerNumber, input)
}

function storePartner(state: State, partnerNumber: string, input: ErpPartnerInput): ErpPartner {
  const before = state.partners.get(partnerNumber)
  const partner: ErpPartner = {
    partnerNumber,
    name: text(input.name).slice(0, nameLengthMax).trimEnd(),
    mail: text(input.mail),
    telephone: text(input.telephone),
    webPage: text(input.webPage),
    street: text(input.street),
    city: text(input.city),
    postalCode: text(input.postalCode),
    creditLimit: decimal(input.creditLimit),
    externalReference: text(input.externalReference),
    changeNumber: (before?.changeNumber ?? 0) + 1,
  }
  state.partners.set(partnerNumber, partner)
  state.changes.push({ partnerNumber, deleted: false })
  if (before !== undefined) state.byReference.get(before.externalReference)?.delete(partnerNumber)
  if (partner.externalReference !== '') {
    const carriers = state.byReference.get(partner.externalReference) ?? new Set()
    state.byReference.set(partner.externalReference, carriers.add(partnerNumber))
  }
  return partner
}

function removePartner(state: State, partnerNumber: string): boolean {
  const partner = state.partners.get(partnerNumber)
  if (partner === undefined) return false
  state.partners.delete(partnerNumber)
  state.byReference.get(partner.externalReference)?.delete(partnerNumber)
  state.changes.push({ partnerNumber, deleted: true })
  return true
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Two places, rounded half up, computed on digits: a double would lose cents of large amounts. */
function decimal(value: unknown): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text(value).trim())
  if (match === null) return '0.00'
  const [, sign = '', whole = '0', fraction = ''] = match
  const cents =
    BigInt(whole + fraction.padEnd(2, '0').slice(0, 2)) + (Number(fraction[2] ?? 0) >= 5 ? 1n : 0n)
  const digits = cents.toString().padStart(3, '0')
  return `${cents === 0n ? '' : sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

// ── the HTTP side

async function reply(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://erp')
  if (state.outage) return sendError(response, 503, 'UNAVAILABLE', 'The ERP is being maintained.')
  if (state.token !== undefined && request.headers.authorization !== `Bearer ${state.token}`)
    return sendError(response, 401, 'UNAUTHENTICATED', 'The token is missing or wrong.')
  if (url.pathname === '/account') return send(response, 200, { tenant: 'erp-demo' })
  if (url.pathname === '/partners/changes') return sendChanges(state, url, response)
  if (url.pathname === '/partners') {
    if (request.method === 'POST') return create(state, request, response)
    return url.searchParams.has('externalReference')
      ? sendByReference(state, url, response)
      : sendPage(state, url, response)
  }
  const number = /^\/partners\/(P\d+)$/.exec(url.pathname)?.[1]
  if (number === undefined) return sendError(response, 404, 'NO_SUCH_PATH', 'There is nothing at this path.')
  return handleOne(state, number, request, response)
}

async function handleOne(
  state: State,
  number: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const input = request.method === 'PUT' ? await readBody(request) : {}
  const partner = state.partners.get(number)
  if (partner === undefined) return sendError(response, 404, 'NO_SUCH_PARTNER', `There is no ${number}.`)
  if (request.method === 'GET') return sendPartner(response, 200, partner)
  const expected = request.headers['if-match']
  if (request.method === 'PUT' && expected === undefined)
    return sendError(response, 428, 'PRECONDITION_REQUIRED', 'PUT needs If-Match.')
  if (expected !== undefined && expected !== etag(partner))
    return sendError(response, 412, 'CHANGED_MEANWHILE', `${number} is at ${etag(partner)}.`)
  if (request.method === 'PUT') {
    state.writes += 1
    return sendPartner(response, 200, storePartner(state, number, input))
  }
  if (request.method !== 'DELETE')
    return sendError(response, 405, 'METHOD_NOT_ALLOWED', 'Use GET, PUT or DELETE.')
  state.writes += 1
  removePartner(state, number)
  response.writeHead(204).end()
}

async function create(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const partner = addPartner(state, await readBody(request))
  state.writes += 1
  if (state.loseNextCreateResponse) {
    state.loseNextCreateResponse = false
    request.socket.destroy()
    return
  }
  response.setHeader('location', `/partners/${partner.partnerNumber}`)
  sendPartner(response, 201, partner)
}

function sendPage(state: State, url: URL, response: ServerResponse): void {
  const after = url.searchParams.get('after') ?? ''
  const limit = pageLimit(url, 100)
  // With a number that was never assigned, or none: from the first one above it.
  const start = after === '' ? 0 : Math.max(0, Number(after.slice(1)) - firstNumber + 1)
  const partners: ErpPartner[] = []
  let index = start
  for (; index < state.numbers.length && partners.length < limit; index += 1) {
    const partner = state.partners.get(state.numbers[index] ?? '')
    if (partner !== undefined) partners.push(partner)
  }
  const next = index < state.numbers.length ? (partners.at(-1)?.partnerNumber ?? null) : null
  send(response, 200, { partners, next, total: state.partners.size })
}

function sendByReference(state: State, url: URL, response: ServerResponse): void {
  const numbers = state.byReference.get(url.searchParams.get('externalReference') ?? '') ?? []
  const partners = [...numbers].flatMap((number) => state.partners.get(number) ?? [])
  send(response, 200, { partners, next: null, total: partners.length })
}

function sendChanges(state: State, url: URL, response: ServerResponse): void {
  const since = Math.max(0, Number(url.searchParams.get('since') ?? 0) || 0)
  const limit = pageLimit(url, 500)
  const page = state.changes.slice(since, since + limit)
  const next = since + page.length
  const changes = page.map(({ partnerNumber, deleted }) => ({
    partnerNumber,
    changeNumber: state.partners.get(partnerNumber)?.changeNumber ?? null,
    deleted,
  }))
  send(response, 200, { changes, since: next, more: next < state.changes.length })
}

function pageLimit(url: URL, fallback: number): number {
  const limit = Number(url.searchParams.get('limit') ?? fallback)
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, pageSizeMax) : fallback
}

async function readBody(request: IncomingMessage): Promise<ErpPartnerInput> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > bodyBytesMax) throw new RangeError('the body is larger than 1 MB')
    chunks.push(chunk as Buffer)
  }
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')
  return typeof parsed === 'object' && parsed !== null ? parsed : {}
}

function etag(partner: ErpPartner): string {
  return `"${partner.changeNumber}"`
}

function sendPartner(response: ServerResponse, status: number, partner: ErpPartner): void {
  response.setHeader('etag', etag(partner))
  send(response, status, partner)
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  send(response, status, { error: { code, message } })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
    .end(bytes)
}
