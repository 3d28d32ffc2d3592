/** Mutations that a GraphQL API refuses inside a response of 200: end to end, with a third-party server library. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSchema, createYoga } from 'graphql-yoga'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime, type IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { elapse } from '../support/elapse.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { until } from '../support/running-pair.ts'
import { testKey } from '../support/test-key.ts'
import { fakeResourceManifest, partners, writeDefinition } from '../support/two-systems.ts'

const directory = mkdtempSync(join(tmpdir(), 'isthmus-graphql-'))
const open: (() => Promise<unknown>)[] = []
let database: TestDatabase
let schemas = 0

beforeAll(async () => {
  database = await withTestDatabase()
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(async () => {
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Customer {
  readonly id: string
  code: string
  name: string
  email: string
}

type Refuse = (taken: string) => unknown

/** A shop whose mutations respond with `Customer` or with the result of `refuse` where an address is taken. */
async function startShop(
  refuse: Refuse,
): Promise<{ url: string; rows: Map<string, Customer>; mutations: () => number }> {
  const rows = new Map<string, Customer>()
  let mutations = 0
  const isTaken = (id: string | undefined, email: unknown): boolean =>
    [...rows.values()].some((row) => row.id !== id && row.email === email)
  const schema = createSchema({
    typeDefs: `type Customer { id: ID! code: String name: String email: String }
      type EmailTaken { errorCode: String! message: String! }
      union Result = Customer | EmailTaken
      input In { code: String name: String email: String }
      type Query { customer(id: ID!): Customer customers: [Customer!]! }
      type Mutation { update(id: ID!, input: In!): Result create(input: In!): Result }`,
    resolvers: {
      Result: { __resolveType: (value: object) => ('errorCode' in value ? 'EmailTaken' : 'Customer') },
      Query: {
        customer: (_: unknown, { id }: { id: string }) => rows.get(id) ?? null,
        customers: () => [...rows.values()],
      },
      Mutation: {
        update: (_: unknown, { id, input }: { id: string; input: Partial<Customer> }) => {
          mutations += 1
          if (isTaken(id, input.email)) return refuse(String(input.email))
          return Object.assign(rows.get(id) ?? {}, input)
        },
        create: (_: unknown, { input }: { input: Omit<Customer, 'id'> }) => {
          mutations += 1
          if (isTaken(undefined, input.email)) return refuse(input.email)
          const row = { id: `g${rows.size + 1}`, ...input }
          rows.set(row.id, row)
          return row
        },
      },
    },
  })
  const server = createServer(createYoga({ schema, logging: false, maskedErrors: false }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rows,
    mutations: () => mutations,
  }
}

function definition(shopUrl: string, erpUrl: string, members: string) {
  const map = { code: 'code', name: 'name', email: 'email' }
  const selection = `{ ...record ${members} }`
  return {
    integration: 'graphql-refusals',
    systems: {
      shop: {
        connector: 'graphql',
        url: shopUrl,
        allowHttp: true,
        manifest: {
          resources: {
            customers: {
              type: 'Customer',
              fields: 'id code name email',
              read: { query: 'query ($id: ID!) { customer(id: $id) { ...record } }' },
              list: { paging: 'single', query: 'query { customers { ...record } }' },
              create: { as: 'none', query: `mutation ($input: In!) { create(input: $input) ${selection} }` },
              update: {
                query: `mutation ($id: ID!, $input: In!) { update(id: $id, input: $input) ${selection} }`,
              },
              inflight: '1s',
            },
          },
        },
      },
      erp: {
        connector: 'rest',
        url: erpUrl,
        allowHttp: true,
        manifest: {
          resources: {
            partners: fakeResourceManifest('partners', {
              write: { with: 'put', returns: 'body+version', omit: ['id', 'version', 'updatedAt'] },
            }),
          },
        },
      },
    },
    entities: {
      customer: {
        fields: { code: { type: 'string', required: true }, name: 'string', email: 'string' },
        match: [{ exact: ['code'] }],
        conflict: { default: 'prefer erp shop' },
        systems: {
          shop: { resource: 'customers', acceptRaceWindow: true, map, triggers: [{ poll: '300ms' }] },
          erp: { resource: 'partners', key: 'externalId', map, triggers: [{ poll: '200ms' }] },
        },
      },
    },
  }
}

async function joined(refuse: Refuse, members = '') {
  const shop = await startShop(refuse)
  const erp: FakeSystem = await startFakeSystem({ name: 'erp', resources: [partners] })
  open.push(() => erp.close())
  const { table } = erp.resource('partners')
  const [first, second] = [1, 2].map(
    (n) => table.create({ code: `C${n}`, name: `Name ${n}`, email: `c${n}@example.org` }, 'user').nativeId,
  )
  writeDefinition(directory, definition(shop.url, erp.url, members))
  schemas += 1
  const runtime: IsthmusRuntime = await createRuntime({
    loaded: await loadDefinition({ directory, environment: {} }),
    settings: readSettings(
      {
        ...testKey,
        DATABASE_URL: database.connection,
        ISTHMUS_DATABASE_SCHEMA: `gql_${process.pid}_${schemas}`,
      },
      directory,
    ),
    engine: { pollMs: 50, backoffBaseMs: 100, backoffMaxMs: 1_000 },
  })
  open.push(() => runtime.stop())
  runtime.start()
  await until(() => shop.rows.size === 2 || `${shop.rows.size} customers`)
  return { shop, table, first: first ?? '', second: second ?? '', admin: runtime.store.admin }
}

const union: Refuse = () => ({ errorCode: 'EMAIL_TAKEN', message: 'somebody else has this address' })
const thrown: Refuse = (email) => {
  throw new Error(`duplicate key value violates unique constraint: ${email}`)
}

test.each([
  ['a member of a union that the manifest does not ask for', union, '', 'EmailTaken instead of Customer'],
  [
    'a member of a union whose words it asks for',
    union,
    '... on EmailTaken { errorCode message }',
    'EMAIL_TAKEN (somebody else has this address)',
  ],
  ['null', () => null, '', 'is null'],
  ['an error that a resolver threw', thrown, '', 'duplicate key value violates unique constraint: …'],
] as const)(
  'an update refused by %s is a failure, and never taken for stored',
  async (_title, refuse, members, words) => {
    const { shop, table, second, admin } = await joined(refuse, members)
    table.patch(second, { email: 'c1@example.org' }, 'user')
    await until(async () => (await admin.failures({ limit: 5 })).rows.length === 1 || 'no failure')
    const [failure] = (await admin.failures({ limit: 5 })).rows
    expect(failure).toMatchObject({ system: 'shop', operation: 'update' })
    expect(failure?.message).toContain(words)
    expect(failure?.message).not.toContain('c1@example.org')
    const attempts = shop.mutations()
    // Refused: not repeated, and the ERP keeps its user's value.
    await elapse(1_500, 'a retry would have been sent by then')
    expect(shop.mutations()).toBe(attempts)
    expect(attempts).toBeLessThanOrEqual(2 + 3)
    expect(table.current(second)?.body?.email).toBe('c1@example.org')
    table.patch(second, { email: 'c3@example.org' }, 'user')
    await until(
      () => [...shop.rows.values()].some(({ email }) => email === 'c3@example.org') || 'no new value',
    )
    await until(async () => (await admin.failures({ limit: 5 })).rows.length === 0 || 'the failure stays')
  },
)

test('a create whose resolver threw is left for review with the message of the server, and made at most once', async () => {
  const { shop, table, admin } = await joined(thrown)
  table.create({ code: 'C9', name: 'Name 9', email: 'c1@example.org' }, 'user')
  await until(async () => (await admin.failures({ limit: 5 })).rows.length === 1 || 'no failure')
  const [failure] = (await admin.failures({ limit: 5 })).rows
  expect(failure).toMatchObject({ system: 'shop', operation: 'create' })
  expect(failure?.message).toContain('duplicate key value violates unique constraint')
  expect(shop.mutations()).toBe(3)
  expect(shop.rows.size).toBe(2)
})
