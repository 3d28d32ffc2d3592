import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../../test/support/database.ts'
import { expectKeptCounts } from '../../../../test/support/kept-counts.ts'
import { IsthmusError } from '../../../model/errors.ts'
import type { BackupDescription, BackupPart } from '../../backup-contract.ts'
import { createClearCodec } from '../../clear-codec.ts'
import { localMasterKey, type MasterKey } from '../../sealing/master-key.ts'
import { PostgresStore } from '../postgres-store.ts'

const codec = createClearCodec(Buffer.from('test key of the store'))
const master = localMasterKey(randomBytes(32), 'the test')
const open: PostgresStore[] = []
let database: TestDatabase

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(async () => {
  await Promise.all(open.map((store) => store.close()))
  await database.close()
})

function openStore(key: MasterKey | undefined = master): { store: PostgresStore; schema: string } {
  const schema = `backup_${randomBytes(6).toString('hex')}`
  const store = new PostgresStore({
    connection: database.connection,
    schema,
    codec,
    poolSize: 2,
    findMasterKey: async () => key,
  })
  open.push(store)
  return { store, schema }
}

async function openBound(): Promise<{ store: PostgresStore; schema: string }> {
  const opened = openStore()
  await opened.store.migrate()
  await opened.store.bind({ id: 'test', version: 'v1', document: { note: 'definition' } })
  await opened.store.admin.pause('ada', 'before the backup')
  await opened.store.admin.resume('ada')
  return opened
}

/** Records with ids that need escaping in the text form of COPY. */
async function discover(store: PostgresStore, from: number, to: number): Promise<void> {
  const marks = Array.from({ length: to - from }, (_, index) => ({
    system: 'crm',
    entity: 'customer',
    nativeId: `${from + index}\t\\N "Ünïcode"\\n`,
  }))
  const body = Buffer.from('{"a\\tb":"\\u0000"}')
  await store.intake([{ delivery: { system: 'crm', deliveryId: `d${from}`, body }, marks }])
}

interface Copied {
  readonly description: BackupDescription
  readonly parts: readonly BackupPart[]
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

function copy(store: PostgresStore): Promise<Copied> {
  return store.backup.backUp(async (description, parts) => ({
    description,
    parts: await all(parts),
  }))
}

async function* stream(parts: readonly BackupPart[], failAfter = Number.POSITIVE_INFINITY) {
  for (const [index, part] of parts.entries()) {
    if (index >= failAfter) throw new IsthmusError('BACKUP_INVALID', 'the file ended')
    yield part
  }
}

/** All rows of the tables that a restoration leaves as they were. */
async function rowsOf(schema: string): Promise<Record<string, unknown>> {
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r'
     and relname not in ('schedule', 'schedule_owner') order by 1`,
    [schema],
  )
  const rows: Record<string, unknown> = {}
  for (const { name } of tables) {
    const found = await database.query<{ row: string }>(
      `select t::text as row from ${schema}."${name}" t order by 1`,
    )
    rows[name] = found.map(({ row }) => row)
  }
  return rows
}

test('a restored store has the rows of the moment of the backup, while work went on', async () => {
  const { store, schema } = await openBound()
  await discover(store, 0, 4000)
  const before = await rowsOf(schema)
  const copied = await store.backup.backUp(async (description, parts) => {
    await discover(store, 4000, 4100)
    return { description, parts: await all(parts) }
  })
  expect(copied.description).toMatchObject({ integration: 'test', masterKeys: [master.id] })
  const target = openStore()
  await target.store.backup.restore(copied.description, stream(copied.parts))
  expect(await rowsOf(target.schema)).toEqual(before)
  await target.store.migrate()
  await expectKeptCounts(database, target.schema)
  expect(await target.store.bound()).toMatchObject({ id: 'test', document: { note: 'definition' } })
  // Sequences continue: a new row does not meet an old number.
  await discover(target.store, 4000, 4100)
  await target.store.admin.pause('ada', 'after the restoration')
  expect(await target.store.admin.verifyJournal()).toEqual({ lines: 3 })
})

test('nothing is left of a restoration that fails, and it can be repeated', async () => {
  const { store } = await openBound()
  await discover(store, 0, 50)
  const { description, parts } = await copy(store)
  const target = openStore()
  const failing = target.store.backup.restore(description, stream(parts, parts.length - 1))
  await expect(failing).rejects.toThrow('the file ended')
  const torn = parts.map((part) =>
    part.table === 'record' ? { ...part, bytes: part.bytes.subarray(0, 100) } : part,
  )
  await expect(target.store.backup.restore(description, stream(torn))).rejects.toMatchObject({
    code: expect.stringMatching(/^STORE_/),
  })
  const found = await database.query('select 1 from pg_namespace where nspname = $1', [target.schema])
  expect(found).toEqual([])
  await target.store.backup.restore(description, stream(parts))
  expect(await rowsOf(target.schema)).toMatchObject({ integration: [expect.stringContaining('test')] })
})

test('what is in use is not overwritten, and what cannot be read is refused before it is filled', async () => {
  const { store } = await openBound()
  const { description, parts } = await copy(store)
  await expect(store.backup.restore(description, stream(parts))).rejects.toMatchObject({
    code: 'STORE_NOT_EMPTY',
  })
  const refused = (key: MasterKey | undefined, changes: Partial<BackupDescription> = {}) => {
    const findMasterKey = async () => key
    const schema = `backup_${randomBytes(6).toString('hex')}`
    const other = new PostgresStore({ connection: database.connection, schema, codec, findMasterKey })
    open.push(other)
    return other.backup.restore({ ...description, ...changes }, stream(parts))
  }
  await expect(refused(undefined)).rejects.toMatchObject({ code: 'STORE_KEY_MISSING' })
  await expect(refused(localMasterKey(randomBytes(32), 'another'))).rejects.toMatchObject({
    code: 'STORE_KEY_WRONG',
    message: expect.stringContaining(master.id),
  })
  const migrations = [...description.migrations, '9999_from_the_future']
  await expect(refused(master, { migrations })).rejects.toMatchObject({ code: 'STORE_NEWER_SCHEMA' })
  const tables = [...description.tables, { name: 'pg_authid', columns: ['rolname'] }]
  await expect(refused(master, { tables })).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
  await expect(refused(master, { tables: [] })).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
})
