/** What somebody who can write to the database can do to the audit trail and the journal, and that it is found. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { DomainEvent } from '../../model/events.ts'
import { appendAnchor, readAnchors } from '../../runtime/anchors/anchor-file.ts'
import { keepAnchors } from '../../runtime/anchors/keep-anchors.ts'
import type { AnchoredHead, Chain } from '../audit-contract.ts'
import { createClearCodec } from '../clear-codec.ts'
import { PostgresStore } from './postgres-store.ts'

let database: TestDatabase
let directory: string
let schema: string
let store: PostgresStore
let other: PostgresStore

beforeAll(async () => {
  database = await withTestDatabase()
  directory = mkdtempSync(path.join(tmpdir(), 'isthmus-anchors-'))
})
afterAll(async () => {
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

function connectionOf(role: string): string {
  const url = new URL(database.connection)
  url.username = role
  url.password = 'x'
  return url.href
}

const openStore = (connection = database.connection) =>
  new PostgresStore({
    connection,
    schema,
    codec: createClearCodec(Buffer.from('test key of the store')),
    poolSize: 2,
  })

beforeEach(async () => {
  schema = `audit_${randomBytes(6).toString('hex')}`
  store = openStore()
  other = openStore()
  await store.migrate()
  await store.bind({ id: 'test', version: 'v1', document: {} })
  for (let n = 0; n < 3; n += 1) {
    await store.admin.pause('ada', `reason ${n}`)
    await store.admin.resume('ada')
  }
  // Another process, whose lines are a stream of their own.
  await other.admin.pause('bob')
})
afterEach(async () => {
  await store.close()
  await other.close()
})

const anchored = async () => (await store.admin.headsSince({ journal: 0, audit: 0 })).heads
const verify = (chain: Chain, heads: readonly AnchoredHead[] = []) => store.admin.verifyChain(chain, heads)
const run = (text: string) => database.query(text.replaceAll('{s}', schema))

describe.each(['audit', 'journal'] as const)('in the %s', (chain) => {
  test.each([
    [
      'a flipped byte',
      `update {s}.${chain} set body = set_byte(body, 3, (get_byte(body, 3) + 1) % 256) where seq = 3`,
    ],
    ['another actor', `update {s}.${chain} set actor = 'eve' where seq = 3`],
    ['another time', `update {s}.${chain} set at = at - 1 where seq = 3`],
    ['a deleted line', `delete from {s}.${chain} where seq = 3`],
    [
      'two swapped lines',
      `update {s}.${chain} a set kind = b.kind, body = b.body, at = b.at, hash = b.hash
       from {s}.${chain} b where (a.seq = 3 and b.seq = 4) or (a.seq = 4 and b.seq = 3)`,
    ],
    [
      'an inserted line',
      `insert into {s}.${chain} (stream, position, at, kind, actor, body, previous_hash, hash)
       select stream, position + 1, at, kind, 'eve', body, hash, sha256(hash) from {s}.${chain} where seq = 6`,
    ],
  ])('%s is found', async (_what, change) => {
    expect((await verify(chain)).brokenAt).toBeUndefined()
    await run(change)
    expect((await verify(chain)).brokenAt?.seq).toBeGreaterThan(0)
  })

  test.each([
    ['a truncated tail', `delete from {s}.${chain} where seq = 6`],
    ['a stream that was dropped', `delete from {s}.${chain} where actor = 'bob'`],
    ['the whole table emptied', `delete from {s}.${chain}`],
  ])('%s is found by an anchor alone', async (_what, change) => {
    const heads = await anchored()
    await run(change)
    expect((await verify(chain)).brokenAt).toBeUndefined()
    expect((await verify(chain, heads)).brokenAt?.problem).toContain('which an anchor names, is missing')
  })

  test('a tail that was written anew, with a chain that holds, is found by an anchor', async () => {
    const heads = await anchored()
    await run(`delete from {s}.${chain} where seq = 6`)
    const position = heads.find((head) => head.chain === chain && head.position === 6)
    expect(position).toBeDefined()
    await run(
      `insert into {s}.${chain} (stream, position, at, kind, actor, body, previous_hash, hash)
       select stream, position + 1, at, kind, actor, body, hash, hash from {s}.${chain} where seq = 5`,
    )
    expect((await verify(chain, heads)).brokenAt).toBeDefined()
  })
})

test('an action and its line are committed together, or neither is', async () => {
  await run('alter table {s}.audit add constraint full_disk check (false) not valid')
  await expect(store.admin.resume('ada')).rejects.toThrow()
  expect((await store.admin.status()).paused).toBeDefined()
  await run('alter table {s}.audit drop constraint full_disk')
  expect(await store.admin.resume('ada')).toBe(true)
  // The failed attempt leaves no gap.
  expect((await verify('audit')).brokenAt).toBeUndefined()
})

test('a role that may only insert and read is told from one that may change lines', async () => {
  expect(await store.admin.auditProtection()).toMatchObject({ appendOnly: false })
  const role = `app_${schema}`
  await run(`create role ${role} login password 'x'`)
  await run(`grant usage on schema {s} to ${role}`)
  await run(`grant all on all tables in schema {s} to ${role}`)
  await run(`grant usage on all sequences in schema {s} to ${role}`)
  await run(`revoke all on {s}.audit from ${role}`)
  await run(`grant select, insert on {s}.audit to ${role}`)
  const app = openStore(connectionOf(role))
  try {
    expect(await app.admin.auditProtection()).toMatchObject({ appendOnly: true })
    expect(await app.admin.resume('ada')).toBe(true)
    for (const change of [
      `update {s}.audit set actor = 'eve'`,
      'delete from {s}.audit',
      'truncate {s}.audit',
    ])
      await expect(run(`set role ${role}; ${change}`)).rejects.toThrow('permission denied')
  } finally {
    await app.close()
    await run(`drop owned by ${role}; drop role ${role}`)
  }
  expect((await verify('audit')).lines).toBe(8)
})

describe('a file of anchors', () => {
  test('keeps the ends of all streams, and only grows', async () => {
    const file = path.join(directory, 'anchors', `${schema}.jsonl`)
    const stop = new AbortController()
    const events: DomainEvent[] = []
    const keeping = keepAnchors({
      store,
      file,
      emit: (event) => void events.push(event),
      signal: stop.signal,
      everyMs: 20,
    })
    await store.admin.resume('ada')
    stop.abort()
    await keeping
    expect(events).toEqual([])
    const { heads, at } = readAnchors(file)
    expect(at).toBeGreaterThan(0)
    expect(heads.map(({ chain, position }) => [chain, position]).sort()).toEqual([
      ['audit', 1],
      ['audit', 7],
      ['journal', 1],
      ['journal', 7],
    ])
    expect((await store.admin.auditProtection()).anchoredAt).toBeGreaterThan(0)
    for (const chain of ['audit', 'journal'] as const)
      expect((await verify(chain, heads)).brokenAt).toBeUndefined()
    await run('delete from {s}.audit where position = 7')
    expect((await verify('audit', readAnchors(file).heads)).brokenAt).toBeDefined()
  })

  test('is read up to a line that a crash has cut off, and refused where a line is something else', async () => {
    const file = path.join(directory, `${schema}.jsonl`)
    await appendAnchor(file, 7, await store.admin.headsSince({ journal: 0, audit: 0 }))
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, `${whole}{"at":8,"upTo"`)
    expect(readAnchors(file).at).toBe(7)
    for (const line of ['{}', 'x', '[]', '{"at":1,"upTo":{"journal":0,"audit":0},"heads":[{}]}']) {
      writeFileSync(file, `${line}\n${whole}`)
      expect(() => readAnchors(file)).toThrow(/line 1 of .* is not an anchor/)
    }
  })

  test('that can not be written is reported, and does not stop the process', async () => {
    const events: DomainEvent[] = []
    await keepAnchors({
      store,
      file: path.join(directory, '\u0000'),
      emit: (event) => void events.push(event),
      signal: AbortSignal.abort(),
    })
    expect(events).toEqual([{ type: 'StoreFailed', operation: 'anchors', code: 'ANCHOR_UNREADABLE' }])
  })
})

describe('an action with a key', () => {
  const request = { caller: 'ada', key: 'k1', digest: new Uint8Array(32).fill(1) }
  const isPaused = async () => (await store.admin.status()).paused !== undefined

  test('that fails leaves nothing behind, and its lines leave no gap', async () => {
    const failing = store.admin.once(request, async () => {
      await store.admin.resume('ada')
      throw new IsthmusError('API_CONFLICT', 'too late')
    })
    await expect(failing).rejects.toThrow('too late')
    expect(await isPaused()).toBe(true)
    expect(await store.admin.once(request, () => store.admin.resume('ada'))).toEqual({
      kind: 'done',
      response: true,
    })
    for (const chain of ['audit', 'journal'] as const) {
      expect((await verify(chain)).lines).toBe(8)
      expect((await verify(chain)).brokenAt).toBeUndefined()
    }
  })

  test('whose process dies before its response was stored is done by the repeat, and by it alone', async () => {
    const dying = store.admin.once(request, async () => {
      await store.admin.resume('ada')
      const pids = await database.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
      )
      expect(pids).toHaveLength(1)
      await database.query('select pg_terminate_backend($1)', [pids[0]?.pid])
      return 'sent'
    })
    await expect(dying).rejects.toThrow()
    expect(await isPaused()).toBe(true)
    expect(await other.admin.once(request, () => other.admin.resume('ada'))).toMatchObject({ kind: 'done' })
    expect(await store.admin.once(request, () => store.admin.resume('ada'))).toEqual({
      kind: 'repeated',
      response: true,
    })
    for (const chain of ['audit', 'journal'] as const) expect((await verify(chain)).brokenAt).toBeUndefined()
  })
})
