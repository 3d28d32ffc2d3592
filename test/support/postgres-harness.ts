/** The PostgreSQL store for the conformance suite: a schema of its own for each test. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import type { DocumentFormat } from '../../src/store/format-contract.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'
import type { FindMasterKey } from '../../src/store/postgres/sealing.ts'
import type { StoreHarness } from '../conformance/store-kit.ts'
import type { TestDatabase } from './database.ts'
import { expectKeptCounts } from './kept-counts.ts'

export interface PostgresHarnessOptions {
  /** Seals the schema. */
  readonly findMasterKey?: FindMasterKey
  /** Format in which documents are written. @default the newest */
  readonly format?: DocumentFormat | undefined
}

/** Opens two stores on a new schema. */
export async function openPostgresHarness(
  database: TestDatabase,
  { findMasterKey, format }: PostgresHarnessOptions = {},
): Promise<StoreHarness> {
  const schema = `suite_${randomUUID().replaceAll('-', '').slice(0, 16)}`
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const open = () =>
    new PostgresStore({
      connection: database.connection,
      schema,
      codec,
      poolSize: 4,
      rangeRows: 5_000,
      ...(findMasterKey === undefined ? {} : { findMasterKey }),
    })
  if (format !== undefined) {
    const first = open()
    await first.migrate()
    await first.close()
    await database.query(`update ${schema}.store_format set number = $1, converted_at = null`, [format])
  }
  const store = open()
  const other = open()
  await store.migrate()
  await other.migrate()
  await store.bind({ id: 'test', version: 'v1', document: {} })
  return {
    store,
    other,
    uuid: () => randomUUID(),
    advance: (ms) => sleep(ms),
    kill: async ({ id }) => {
      await database.query(
        `select pg_terminate_backend(pid) from pg_locks
         where locktype = 'advisory' and objsubid = 2 and objid = $1 and granted`,
        [id],
      )
    },
    tamper: async (seq) => {
      await database.query(
        `update ${schema}.journal set body = set_byte(body, 3, (get_byte(body, 3) + 1) % 256) where seq = (select min(seq) from ${schema}.journal where seq >= $1)`,
        [seq],
      )
    },
    spoil: async (recordId, system) => {
      const table = system === undefined ? 'record' : 'member'
      const key = system === undefined ? 'id = $1' : 'record_id = $1 and system = $2'
      const values = system === undefined ? [recordId] : [recordId, system]
      const set = (fields: string) => `update ${schema}.${table} set fields = ${fields} where ${key}`
      const [before] = await database.query<{ fields: string }>(
        `select encode(fields, 'hex') as fields from ${schema}.${table} where ${key}`,
        values,
      )
      await database.query(set(`'\\x00'`), values)
      return async () => {
        await database.query(set(`decode('${before?.fields}', 'hex')`), values)
      }
    },
    close: async () => {
      await store.close()
      await other.close()
      await expectKeptCounts(database, schema)
      await database.query(`drop schema ${schema} cascade`)
    },
  }
}
