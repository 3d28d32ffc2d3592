/**
 * The shop on GraphQL Yoga, a third-party server: schema and rows are defined here, parsing, validation, execution and transport are its own. With
 * `cost`, it counts points and throttles as documented by Shopify.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { CounterpartFaults } from '../../../src/connectors/kit/conformance/counterpart.ts'
import { type ShopTables, shopSchema } from './shop-schema.ts'
import { ShopTable } from './shop-table.ts'

export interface ShopOptions {
  /** Maximum number of points, and how many are restored per second. @default no counting */
  readonly cost?: { readonly maximum: number; readonly restoreRate: number }
  /** Required bearer token. @default none */
  readonly token?: string
  /** Epoch ms. @default the machine's clock */
  readonly now?: () => number
}

/** A received request. */
export interface ShopRequest {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  /** The equivalent in a REST API: reads are GET, creates POST, updates PATCH, deletes DELETE. */
  readonly method: string
}

export interface ShopServer extends ShopTables, AsyncDisposable {
  readonly url: string
  readonly requests: readonly ShopRequest[]
  readonly faults: CounterpartFaults
  close(): Promise<void>
}

type Fault =
  | ({ readonly kind: 'response' } & Parameters<CounterpartFaults['respondNext']>[0])
  | ({ readonly kind: 'lose' } & NonNullable<Parameters<CounterpartFaults['loseNextResponse']>[0]>)

/** Points that are restored over time. */
function costPlugin({ maximum, restoreRate }: NonNullable<ShopOptions['cost']>): Plugin {
  let available = maximum
  let at = performance.now()
  const costs = new WeakMap<object, number>()
  const extensionsFor = (cost: number) => ({
    cost: {
      requestedQueryCost: cost,
      throttleStatus: { maximumAvailable: maximum, currentlyAvailable: Math.floor(available), restoreRate },
    },
  })
  return {
    onParams({ params, request, setResult }) {
      const now = performance.now()
      available = Math.min(maximum, available + ((now - at) / 1_000) * restoreRate)
      at = now
      const first = Number(params.variables?.first ?? 0)
      const cost = /^\s*mutation/.test(params.query ?? '') ? 10 : 1 + Math.ceil(first / 10)
      costs.set(request, cost)
      if (cost <= available) {
        available -= cost
        return
      }
      const error = { message: 'Throttled', extensions: { code: 'THROTTLED' } }
      // The plugin types a whole result; a refused request has no data.
      setResult({ errors: [error], extensions: extensionsFor(cost) } as never)
    },
    onExecutionResult({ result, request }) {
      if (result !== undefined && !Array.isArray(result) && 'data' in result)
        Object.assign(result, { extensions: extensionsFor(costs.get(request) ?? 1) })
    },
  }
}

function tokenPlugin(token: string): Plugin {
  return {
    onParams({ request, setResult }) {
      if (request.headers.get('authorization') === `Bearer ${token}`) return
      setResult({ errors: [{ message: 'who are you?', extensions: { code: 'UNAUTHENTICATED' } }] } as never)
    },
  }
}

function methodOf(query: string): string {
  if (!/^\s*mutation/.test(query)) return 'GET'
  const [, verb] = /\b[a-z]+(Create|Update|Delete)\b/.exec(query) ?? []
  return verb === 'Create' ? 'POST' : verb === 'Update' ? 'PATCH' : 'DELETE'
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Starts the shop on a port of the system's choice. */
export async function startShop(options: ShopOptions = {}): Promise<ShopServer> {
  let lastMs = 0
  // No two changes have the same time, unless the test sets the clock.
  const now = options.now ?? (() => (lastMs = Math.max(Date.now(), lastMs + 1)))
  const lengths = { title: 120, description: 2_000, sku: 40 }
  const tables = {
    products: new ShopTable({ type: 'Product', unique: ['sku'], lengths, now }),
    variants: new ShopTable({ type: 'Variant', unique: ['sku'], lengths, now }),
  }
  const plugins = [
    ...(options.token === undefined ? [] : [tokenPlugin(options.token)]),
    ...(options.cost === undefined ? [] : [costPlugin(options.cost)]),
  ]
  const yoga = createYoga({ schema: shopSchema(tables), logging: false, graphiql: false, plugins })
  const requests: ShopRequest[] = []
  let faults: { readonly fault: Fault; after: number }[] = []

  const take = (method: string): Fault | undefined => {
    const index = faults.findIndex(({ fault }) => fault.method === undefined || fault.method === method)
    const armed = faults[index]
    if (armed === undefined) return undefined
    if (armed.after > 0) {
      armed.after -= 1
      return undefined
    }
    faults = faults.filter((_one, at) => at !== index)
    return armed.fault
  }

  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const bytes = await bodyOf(request)
    const { query = '', variables = {} } = JSON.parse(bytes.toString('utf8') || '{}') as Partial<ShopRequest>
    const method = methodOf(query)
    requests.push({ query, variables, method })
    const fault = take(method)
    if (fault?.kind === 'response') {
      const retryAfter = fault.retryAfterSeconds
      response.writeHead(fault.status, {
        'content-type': fault.contentType ?? 'application/json',
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      })
      response.end(fault.body ?? '{}')
      return
    }
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : [],
    )
    const made = await yoga.fetch(`http://127.0.0.1${request.url ?? '/'}`, {
      method: request.method ?? 'POST',
      headers,
      body: new Uint8Array(bytes),
    })
    const text = await made.text()
    if (fault?.kind === 'lose') {
      request.socket.destroy()
      return
    }
    response.writeHead(made.status, {
      'content-type': made.headers.get('content-type') ?? 'application/json',
    })
    response.end(text)
  }
  const server = createServer((request, response) => {
    reply(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    ...tables,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults: {
      respondNext: (fault) =>
        void faults.push({ fault: { kind: 'response', ...fault }, after: fault.after ?? 0 }),
      loseNextResponse: (fault = {}) =>
        void faults.push({ fault: { kind: 'lose', ...fault }, after: fault.after ?? 0 }),
      clear: () => {
        faults = []
      },
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
