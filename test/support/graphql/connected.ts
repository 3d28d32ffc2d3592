/** The connector `graphql` bound to a shop, or to an API whose responses a test writes itself. */
import { fileURLToPath } from 'node:url'
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import { sendJson, startServer } from '../local-server.ts'
import { type ShopOptions, type ShopServer, startShop } from './shop-server.ts'

export const open: { close(): Promise<void> }[] = []
export const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
export const manifestFile = fileURLToPath(
  new URL('../../../src/connectors/graphql/fixtures/shop.yaml', import.meta.url),
)

/** Closes everything that a test opened, the latest first. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close()
}

export function connect(
  url: string,
  config: Record<string, unknown> = {},
  timeoutMs = 5_000,
): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'graphql',
      config: { url, allowHttp: true, manifest: manifestFile, ...config },
      timing: { readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

export async function shopOf(
  options: ShopOptions = {},
  config: Record<string, unknown> = {},
): Promise<{ shop: ShopServer; system: ConnectedSystem; products: Resource }> {
  const shop = await startShop(options)
  open.push(shop)
  const system = connect(shop.url, config)
  return { shop, system, products: system.resource('products') }
}

export const readThing = 'query ($id: ID!) { thing(id: $id) { ...record } }'

/** A GraphQL API whose responses the test writes itself. */
export async function scripted(
  reply: (query: string, calls: number) => unknown,
  resource: Record<string, unknown> = {},
  status = 200,
): Promise<{ things: Resource; system: ConnectedSystem; seen: () => number }> {
  let calls = 0
  const server = await startServer((request, response) => {
    calls += 1
    const { query } = JSON.parse(request.body) as { query: string }
    sendJson(response, status, reply(query, calls))
  })
  open.push(server)
  const manifest = {
    resources: {
      things: {
        type: 'Thing',
        fields: 'id name',
        read: { query: readThing },
        create: {
          as: 'none',
          query:
            'mutation ($input: T!) { thingCreate(input: $input) { thing { ...record } userErrors { code field } } }',
        },
        update: {
          query:
            'mutation ($id: ID!, $input: T!) { thingUpdate(id: $id, input: $input) { thing { ...record } userErrors { code field } } }',
        },
        ...resource,
      },
    },
  }
  const system = connect(server.url, { manifest }, 1_000)
  return { system, things: system.resource('things'), seen: () => calls }
}

export async function listOf(resource: Resource): Promise<{ nativeIds: string[]; end: ListEnd }> {
  const nativeIds: string[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { nativeIds, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
  }
}

export const body = (seed: number) => ({
  sku: `SKU-${seed}`,
  title: `Product ${seed}`,
  price: { amount: '12.50', currency: 'EUR' },
  stock: seed,
})

export function insert(shop: ShopServer, count: number): string[] {
  return Array.from({ length: count }, (_, seed) => {
    const made = shop.products.create({ status: 'ACTIVE', ...body(seed) })
    return 'row' in made ? made.row.id : ''
  })
}
