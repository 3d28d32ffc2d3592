/** The counterpart of the connector `postgres`: a real server, tables of four kinds, and a proxy for network faults. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type {
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import { withTestDatabase } from '../database.ts'
import { startPostgresProxy } from './postgres-proxy.ts'

const fixture = fileURLToPath(
  new URL('../../../src/connectors/postgres/fixtures/tables.sql', import.meta.url),
)

const quoted = (name: string): string => pg.escapeIdentifier(name)

type Door = Pick<CounterpartResource, 'body' | 'patch' | 'texts'> & {
  readonly table: string
  readonly key: readonly string[]
  readonly softDelete?: string
  readonly changedAt?: string
  readonly crowdBy?: string
  readonly refused?: CounterpartResource['refused']
}

const doors: readonly Door[] = [
  {
    table: 'customers',
    key: ['id'],
    body: (seed) => ({
      'Full Name': `Name ${seed}`,
      email: `n${seed}@example.com`,
      details: { street: `Street ${seed}`, zip: '53111' },
    }),
    patch: (seed) => ({ credit: seed, details: { street: `New ${seed}` } }),
    texts: [{ path: ['Full Name'] }, { path: ['email'], maxLength: 60 }, { path: ['details', 'street'] }],
    crowdBy: 'credit',
    refused: (seed) => ({ 'Full Name': `Name ${seed}`, tier: 'tin' }),
  },
  {
    table: 'prices',
    key: ['shop', 'sku'],
    body: (seed) => ({ shop: 'a "b"', sku: `${seed}`, amount: 1 }),
    patch: (seed) => ({ amount: seed }),
    texts: [],
  },
  {
    table: 'orders',
    key: ['number'],
    body: (seed) => ({ number: `A-${seed}`, state: 'new' }),
    patch: (seed) => ({ state: `state ${seed}` }),
    texts: [{ path: ['state'] }],
    refused: (seed) => ({ number: `A-${seed}`, state: 'impossible' }),
  },
  {
    table: 'notes',
    key: ['id'],
    body: (seed) => ({ body: `Note ${seed}`, about: { what: 'this', who: `${seed}` } }),
    patch: (seed) => ({ body: `Changed ${seed}` }),
    texts: [{ path: ['body'] }],
    softDelete: 'deleted_at',
    changedAt: 'updated_at',
  },
]

export const startCounterpart: StartCounterpart = async () => {
  const database = await withTestDatabase()
  const pool = new pg.Pool({ connectionString: database.connection, max: 2 })
  pool.on('error', () => {})
  await pool.query(readFileSync(fixture, 'utf8'))
  const server = new URL(database.connection)
  const proxy = await startPostgresProxy(
    `${server.searchParams.get('host') ?? ''}/.s.PGSQL.${server.port === '' ? '5432' : server.port}`,
  )
  return {
    settings: {
      connector: 'postgres',
      url: `postgresql://${server.username}@127.0.0.1:${proxy.port}${server.pathname}`,
      pageSize: 7,
      tables: {
        customers: { create: { as: 'marker', column: 'isthmus_id' }, changedAt: 'updated_at' },
        prices: { key: ['shop', 'sku'] },
        orders: {
          key: ['number'],
          version: { column: 'row_version', ordered: true },
          changes: 'none',
          search: { equality: 'ignoringCase' },
        },
        notes: {
          create: { as: 'marker', column: 'isthmus_id', unique: false },
          changes: { column: 'updated_at', commitLag: '1s' },
          softDelete: { column: 'deleted_at' },
          touch: ['updated_at'],
          search: { equality: 'ignoringCaseAndSpace' },
          remove: ['delete', 'archive'],
        },
      },
    },
    resources: doors.map((door) => resourceOf(pool, door)),
    faults: proxy.faults,
    stop: async () => {
      await proxy.close()
      await pool.end()
      await database.close()
    },
  }
}

function resourceOf(pool: pg.Pool, door: Door): CounterpartResource {
  const { table, key, softDelete, changedAt, crowdBy } = door
  const [first = ''] = key
  const nativeId =
    key.length === 1
      ? `${quoted(first)}::text`
      : `json_build_array(${key.map((column) => `${quoted(column)}::text`).join(', ')})::text`
  const insert = async (body: NativeRecord): Promise<string> => {
    const columns = Object.keys(body)
    const text = `insert into ${quoted(table)} (${columns.map(quoted).join(', ')})
      values (${columns.map((_, index) => `$${index + 1}`).join(', ')}) returning ${nativeId} as "nativeId"`
    const { rows } = await pool.query<{ nativeId: string }>(text, Object.values(body))
    return rows[0]?.nativeId ?? ''
  }
  const byNativeId = `${nativeId} = $1`
  return {
    name: table,
    body: door.body,
    patch: door.patch,
    texts: door.texts,
    insert,
    change: async (id, patch) => {
      const changed = changedAt === undefined ? patch : { ...patch, [changedAt]: new Date() }
      const sets = Object.keys(changed).map((column, index) => `${quoted(column)} = $${index + 2}`)
      await pool.query(`update ${quoted(table)} set ${sets.join(', ')} where ${byNativeId}`, [
        id,
        ...Object.values(changed),
      ])
    },
    remove: async (id) => {
      const text =
        softDelete === undefined
          ? `delete from ${quoted(table)} where ${byNativeId}`
          : `update ${quoted(table)} set ${quoted(softDelete)} = now(), updated_at = clock_timestamp() where ${byNativeId}`
      await pool.query(text, [id])
    },
    count: async () => {
      const where = softDelete === undefined ? '' : ` where ${quoted(softDelete)} is null`
      const { rows } = await pool.query<{ n: number }>(
        `select count(*)::int as n from ${quoted(table)}${where}`,
      )
      return rows[0]?.n ?? 0
    },
    ...(changedAt === undefined
      ? {}
      : {
          insertTied: async (bodies) => {
            const at = new Date()
            return Promise.all(bodies.map((body) => insert({ ...body, [changedAt]: at })))
          },
          insertLate: (body, ageMs) => insert({ ...body, [changedAt]: new Date(Date.now() - ageMs) }),
        }),
    ...(crowdBy === undefined
      ? {}
      : {
          crowd: async (count) => {
            await pool.query(
              `insert into ${quoted(table)} ("Full Name", ${quoted(crowdBy)}) select 'crowd ' || g, 77.5 from generate_series(1, $1) g`,
              [count],
            )
            return { [crowdBy]: 77.5 }
          },
        }),
    ...(door.refused === undefined ? {} : { refused: door.refused }),
  }
}
