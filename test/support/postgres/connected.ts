/** The connector `postgres` on a database with the fixture's tables, and helpers of its tests. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type {
  CallContext,
  ChangedRecord,
  ConnectedSystem,
  ListEnd,
  ListedRecord,
  Resource,
  WriteResult,
} from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import { type TestDatabase, withTestDatabase } from '../database.ts'

export const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const tables = readFileSync(
  fileURLToPath(new URL('../../../src/connectors/postgres/fixtures/tables.sql', import.meta.url)),
  'utf8',
)
export const open: { close(): Promise<void> }[] = []
export let database: TestDatabase

/** A database of its own for the test file, emptied before each test. */
export function withShop(): void {
  beforeAll(async () => {
    database = await withTestDatabase()
    const client = await session()
    await client.query(tables)
  })
  beforeEach(async () => {
    await database.query('truncate customers, prices, orders restart identity')
  })
  afterEach(async () => {
    for (const one of open.splice(1).reverse()) await one.close()
  })
  afterAll(async () => {
    for (const one of open.splice(0)) await one.close()
    await database.close()
  })
}

/** A connection of another user. */
export async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connection })
  client.on('error', () => {})
  await client.connect()
  open.push({ close: () => client.end() })
  return client
}

export function connect(config: Record<string, unknown> = {}, timeoutMs = 5_000): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'postgres',
      config: {
        url: database.connection,
        tables: {
          customers: { create: { as: 'marker', column: 'isthmus_id' } },
          prices: { key: ['shop', 'sku'] },
          orders: { key: ['number'], version: { column: 'row_version', ordered: true } },
        },
        ...config,
      },
      timing: { readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

export function customers(
  table: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Resource {
  const declared = { create: { as: 'marker', column: 'isthmus_id' }, ...table }
  return connect({ tables: { customers: declared }, ...config }).resource('customers')
}

export const recordId = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

export async function made(resource: Resource, n: number, body: Record<string, unknown> = {}) {
  const result = await resource.create?.(
    { body: { 'Full Name': `Name ${n}`, ...body }, recordId: recordId(n), idempotencyKey: String(n) },
    context,
  )
  return ok(result)
}

export function ok(result: WriteResult | undefined): Extract<WriteResult, { kind: 'ok' }> {
  return result?.kind === 'ok' ? result : expect.fail(JSON.stringify(result))
}

export async function listOf(resource: Resource): Promise<{ records: ListedRecord[]; end: ListEnd }> {
  const records: ListedRecord[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { records, end: next.value }
    records.push(...next.value)
  }
}

/** Reads the feed to its end. */
export async function changesOf(
  resource: Resource,
  cursor?: string,
): Promise<{ changed: ChangedRecord[]; cursor: string }> {
  const changed: ChangedRecord[] = []
  for (let page = 0; page < 100; page += 1) {
    const result = await resource.changes?.(cursor, context)
    if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
    changed.push(...result.changed)
    cursor = result.cursor
    if (!result.more) return { changed, cursor }
  }
  return expect.fail('the feed has no end')
}

export const nativeIdsOf = (changed: readonly ChangedRecord[]): string[] =>
  changed.map(({ nativeId }) => nativeId).toSorted()
