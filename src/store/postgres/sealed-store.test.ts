import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeStore } from '../../../test/conformance/store.ts'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { openPostgresHarness } from '../../../test/support/postgres-harness.ts'
import { createClearCodec } from '../clear-codec.ts'
import { localMasterKey } from '../sealing/master-key.ts'
import { PostgresStore } from './postgres-store.ts'
import type { FindMasterKey } from './sealing.ts'

const codec = createClearCodec(Buffer.from('test key of the store'))
const master = localMasterKey(randomBytes(32), 'the test')
const findMasterKey: FindMasterKey = async () => master

let database: TestDatabase

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(() => database.close())

describeStore('sealed PostgreSQL', ({ format } = {}) =>
  openPostgresHarness(database, { findMasterKey, format }),
)

function openStore(schema: string, find = findMasterKey): PostgresStore {
  return new PostgresStore({
    connection: database.connection,
    schema,
    codec,
    poolSize: 2,
    findMasterKey: find,
  })
}

/** A new schema for one test. */
async function withSchema(
  use: (store: PostgresStore, schema: string) => Promise<void>,
  options: { readonly find?: FindMasterKey } = {},
): Promise<void> {
  const schema = `sealed_${randomBytes(6).toString('hex')}`
  const store = openStore(schema, options.find ?? findMasterKey)
  try {
    await store.migrate()
    await store.bind({ id: 'test', version: 'v1', document: { note: secrets.definition } })
    await use(store, schema)
  } finally {
    await store.close()
  }
}

const secrets = {
  field: 'Aurelia Quillfeather',
  journal: 'Journal Quillfeather',
  request: 'Request Quillfeather',
  delivery: 'Delivery Quillfeather',
  definition: 'Definition Quillfeather',
  token: 'token-quillfeather',
  conflict: 'Conflict Quillfeather',
  failure: 'Failure Quillfeather',
}

/** Stores each secret in every place that has values. */
async function plant(store: PostgresStore): Promise<string> {
  const worker = await store.registerWorker()
  await store.tokens.renew('crm', async () => ({
    accessToken: secrets.token,
    issuedAt: 1,
    expiresAt: Date.now() + 60_000,
    generation: 1,
  }))
  const body = Buffer.from(JSON.stringify({ name: secrets.delivery }))
  await store.intake([
    {
      delivery: { system: 'crm', deliveryId: 'd1', body },
      marks: [{ system: 'crm', entity: 'customer', nativeId: 'C1' }],
    },
  ])
  const { records } = await store.claim({ worker: worker.id, limit: 1, leaseMs: 60_000 })
  const { lease, record } = records[0]!
  const { recordId } = lease
  const request = {
    resource: 'customers',
    body: { name: secrets.request },
    values: { name: secrets.request },
  }
  await store.decide([
    {
      lease,
      record: {
        state: 'active',
        rev: 1,
        fields: { name: { value: secrets.field, rev: 1, src: 'crm', at: 1 } },
      },
      members: [
        { system: 'crm', state: 'linked', fields: { name: { shadow: secrets.field, acked: 1 } }, asof: 1 },
        { system: 'erp', state: 'absent' },
      ],
      matchKeys: [{ rule: 0, kind: 'exact', text: secrets.field }],
      intents: [
        {
          id: randomUUID(),
          recordId,
          system: 'erp',
          entity: 'customer',
          operation: 'create',
          revs: {},
          request,
          createdAt: 1,
          firstSentAt: 1,
          notAfter: Date.now() + 60_000,
          state: 'open',
        },
      ],
      conflicts: [
        {
          id: randomUUID(),
          field: 'name',
          policy: 'ask',
          candidates: [{ system: 'crm', value: secrets.conflict, at: 1 }],
        },
      ],
      failures: [
        {
          ...{ recordId, entity: 'customer', system: 'erp', operation: 'create' as const },
          ...{
            code: 'ENGINE_CALL_FAILED',
            message: secrets.failure,
            signature: 's',
            replay: 'safe' as const,
          },
        },
      ],
      journal: [{ kind: 'decision', recordId, actor: 'worker', body: { name: secrets.journal } }],
    },
  ])
  await store.settle([{ lease, finish: { kind: 'clean', seq: record.dirtySeq } }])
  await worker.close()
  return recordId
}

/** Every column of every row as text, as a dump has them. */
async function dump(schema: string): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = $1`,
    [schema],
  )
  const rows: string[] = []
  for (const { name } of tables) {
    const found = await database.query<{ row: string }>(`select t::text as row from ${schema}."${name}" t`)
    rows.push(...found.map(({ row }) => row))
  }
  return rows.join('\n')
}

function spellings(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  // Of the three alignments in base64, the inner characters that don't depend on what surrounds the text.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset, 'x'), bytes])
      .toString('base64')
      .slice(4, -4),
  )
  return [text, bytes.toString('hex'), encodeURIComponent(text), JSON.stringify(text).slice(1, -1), ...base64]
}

test('no stored value can be found in a dump, in any spelling', () =>
  withSchema(async (store, schema) => {
    await plant(store)
    const text = (await dump(schema)).toLowerCase()
    for (const secret of Object.values(secrets)) {
      for (const spelling of spellings(secret)) expect(text).not.toContain(spelling.toLowerCase())
    }
    // The same dump of a schema that is not sealed has all of them: the search finds what is there.
    const open = openStore(`${schema}_open`, async () => undefined)
    try {
      await open.migrate()
      await open.bind({ id: 'test', version: 'v1', document: { note: secrets.definition } })
      await plant(open)
      const clear = (await dump(`${schema}_open`)).toLowerCase()
      for (const secret of Object.values(secrets)) {
        const [text, hex] = [secret.toLowerCase(), Buffer.from(secret).toString('hex')]
        expect(clear.includes(text) || clear.includes(hex), secret).toBe(true)
      }
    } finally {
      await open.close()
    }
  }))

test('another process with the key reads everything', () =>
  withSchema(async (store, schema) => {
    const recordId = await plant(store)
    const other = openStore(schema)
    try {
      await other.migrate()
      const detail = await other.admin.record({ recordId })
      expect(detail?.record.fields.name?.value).toBe(secrets.field)
      expect(detail?.members.find(({ system }) => system === 'crm')?.fields.name?.shadow).toBe(secrets.field)
      expect(JSON.stringify(detail?.intents)).toContain(secrets.request)
      expect(await other.admin.journal({ recordId, limit: 9 })).toMatchObject([
        { body: { name: secrets.journal } },
      ])
      const { rows } = await other.admin.conflicts({ limit: 9 })
      expect(rows[0]?.candidates[0]?.value).toBe(secrets.conflict)
      const failures = await other.admin.failures({ limit: 9 })
      expect(failures.rows).toMatchObject([{ message: secrets.failure }])
      expect((await other.tokens.read('crm'))?.accessToken).toBe(secrets.token)
      expect((await other.bound())?.document).toEqual({ note: secrets.definition })
    } finally {
      await other.close()
    }
  }))

test('a command that only looks reads the bound definition without upgrading the schema', () =>
  withSchema(async (_store, schema) => {
    const other = openStore(schema)
    try {
      expect((await other.bound())?.document).toEqual({ note: secrets.definition })
    } finally {
      await other.close()
    }
  }))

test('a wrong master key, or none, opens nothing and creates no new keys', () =>
  withSchema(async (store, schema) => {
    const recordId = await plant(store)
    const before = await database.query(`select * from ${schema}.sealing_key order by id`)
    const wrong = localMasterKey(randomBytes(32), 'ISTHMUS_KEY')
    const attempts = [
      { find: async () => wrong, code: 'STORE_KEY_WRONG', message: master.id },
      { find: async () => undefined, code: 'STORE_KEY_MISSING', message: 'ISTHMUS_KEY_FILE' },
    ]
    for (const { find, code, message } of attempts) {
      const other = openStore(schema, find)
      try {
        await expect(other.migrate()).rejects.toMatchObject({
          code,
          message: expect.stringContaining(message),
        })
      } finally {
        await other.close()
      }
    }
    expect(await database.query(`select * from ${schema}.sealing_key order by id`)).toEqual(before)
    expect((await store.admin.record({ recordId }))?.record.fields.name?.value).toBe(secrets.field)
  }))

test('bytes that were flipped, cut off, or moved to another record or column are refused', () =>
  withSchema(async (store, schema) => {
    const recordId = await plant(store)
    const [row] = await database.query<{ fields: Buffer }>(
      `select fields from ${schema}.record where id = $1`,
      [recordId],
    )
    const original = row!.fields
    const write = (fields: Uint8Array) =>
      database.query(`update ${schema}.record set fields = $2 where id = $1`, [recordId, fields])
    const refused = expect.objectContaining({ code: 'STORE_DOCUMENT_UNREADABLE' })
    for (let at = 0; at < original.length; at += 1) {
      const flipped = Buffer.from(original)
      flipped[at] = flipped[at]! ^ 1
      await write(flipped)
      await expect(store.admin.record({ recordId }), `byte ${at}`).rejects.toEqual(refused)
    }
    await write(original.subarray(0, -1))
    await expect(store.admin.record({ recordId })).rejects.toEqual(refused)
    await write(Buffer.of(1, ...Buffer.from('{}')))
    await expect(store.admin.record({ recordId }), 'a document that is not sealed').rejects.toEqual(refused)
    const [member] = await database.query<{ fields: Buffer }>(
      `select fields from ${schema}.member where record_id = $1 and system = 'crm'`,
      [recordId],
    )
    await write(member!.fields)
    await expect(store.admin.record({ recordId }), 'moved from a member').rejects.toEqual(refused)
    await write(original)
    expect((await store.admin.record({ recordId }))?.record.fields.name?.value).toBe(secrets.field)
  }))

test('without the key of its record a document and the journal lines about it are unreadable, and the chain still holds', () =>
  withSchema(async (store, schema) => {
    const recordId = await plant(store)
    await database.query(`delete from ${schema}.record_key where record_id = $1`, [recordId])
    const other = openStore(schema)
    try {
      await other.migrate()
      const lines = await other.admin.journal({ recordId, limit: 9 })
      expect(lines).toMatchObject([{ unreadable: expect.stringContaining('was erased') }])
      // Looking made no new key.
      const keys = await database.query(`select from ${schema}.record_key where record_id = $1`, [recordId])
      expect(keys).toEqual([])
      expect(await other.admin.verifyJournal()).toEqual({ lines: expect.any(Number) })
    } finally {
      await other.close()
    }
  }))
