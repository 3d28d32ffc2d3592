/** `isthmus matches` as used by people, beside a running service: decided, explained by `record why`, and undone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { RunningPair, until } from '../support/running-pair.ts'
import { customerRecord, hookSecret, twoSystems, writeDefinition } from '../support/two-systems.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-matches-'))
const quick = { triggers: [{ poll: '300ms' }] }
const seldom = { triggers: [{ poll: '1h' }] }
let database: TestDatabase
let pair: RunningPair | undefined

vi.setConfig({ testTimeout: 240_000 })
beforeAll(async () => {
  database = await withTestDatabase()
})
afterEach(async () => {
  await pair?.close()
  pair = undefined
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await database.close()
})

async function isthmus(...args: string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const environment = {
    DATABASE_URL: database.connection,
    ISTHMUS_DATABASE_SCHEMA: pair?.schema ?? '',
    CRM_HOOK_SECRET: hookSecret,
  }
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 170_000,
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '200', ...environment },
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
  await once(child, 'close')
  return { code: child.exitCode, out }
}

/** Nothing is created in the ERP; a customer entered there with the same name and another city may be the CRM's. */
const alike = {
  customer: { match: [{ score: { name: 3, city: 1, link: 0.95, review: 0.7 } }] },
  crmPart: quick,
  erpPart: { ...quick, operations: ['update'] },
}

/** A customer of the CRM, and one entered manually in the ERP that may be the same: left for review. */
async function possiblyTheSame(): Promise<{
  running: RunningPair
  inErp: string
  asked: string
  candidate: string
}> {
  const running = await RunningPair.open(database.connection, { definition: alike })
  pair = running
  writeDefinition(directory, twoSystems({ crmUrl: running.crm.url, erpUrl: running.erp.url, ...alike }))
  running.contacts.create(customerRecord(1), 'user')
  await running.start()
  await running.full()
  await running.quiet(60_000)
  const inErp = running.partners.create(customerRecord(1, { code: 'E1', city: 'Oslo' }), 'user').nativeId
  await running.full()
  const { admin } = running.running.store
  await until(async () => (await admin.reviews({ limit: 5 })).rows.length === 1)
  const [row] = (await admin.reviews({ limit: 5 })).rows
  const listed = await isthmus('matches', 'list')
  expect(listed.code).toBe(2)
  expect(listed.out).toContain(row?.candidates[0]?.recordId)
  expect(running.writes).toBe(0)
  return { running, inErp, asked: row?.recordId ?? '', candidate: row?.candidates[0]?.recordId ?? '' }
}

/** A customer of the CRM with a copy of ours in the ERP, and one entered there manually a moment later. */
async function doubled(): Promise<RunningPair> {
  const definition = { crmPart: quick, erpPart: seldom }
  const running = await RunningPair.open(database.connection, { definition })
  pair = running
  writeDefinition(directory, twoSystems({ crmUrl: running.crm.url, erpUrl: running.erp.url, ...definition }))
  running.contacts.create(customerRecord(1), 'user')
  await running.start()
  await until(() => running.partner('C000001') !== undefined)
  await running.quiet(60_000)
  running.partners.create(customerRecord(1, { city: 'Oslo' }), 'user')
  await running.full()
  await until(async () => (await duplicates(running)).length === 1)
  return running
}

const duplicates = async (running: RunningPair) =>
  (await running.running.store.admin.duplicates({ limit: 5 })).rows

test('a duplicate is listed, decided to be the same, explained, and undone', async () => {
  const running = await doubled()
  const [row] = await duplicates(running)
  const [one, other] = row?.sides ?? []
  const listed = await isthmus('matches', 'list')
  expect(listed.out).toContain(row?.id)
  expect(listed.code).toBe(2)

  const decided = await isthmus('matches', 'decide', one?.recordId ?? '', '--same', '--others', 'keep')
  expect(decided.out).toContain('decided')
  expect(decided.code).toBe(0)
  const undo = /isthmus matches undo (\S+)/.exec(decided.out)?.[1] ?? ''
  await running.quiet(60_000)
  expect(await duplicates(running)).toEqual([])
  expect(running.contacts.size).toBe(1)

  const why = await isthmus('record', 'why', `crm:${running.contact('C000001')?.id}`)
  expect(why.out).toMatch(/the same as .*other records kept/i)

  const undone = await isthmus('matches', 'undo', undo)
  expect(undone.code, undone.out).toBe(0)
  await until(async () => (await duplicates(running)).length === 1)
  const again = await isthmus('record', 'why', other?.recordId ?? '')
  expect(again.out).toMatch(/undone/)
})

test('a duplicate is kept apart: each gets its counterpart, and there is no further question', async () => {
  const running = await doubled()
  const [row] = await duplicates(running)
  const [one, other] = row?.sides ?? []

  const both = await isthmus('matches', 'decide', row?.id ?? '', '--apart', '--same', one?.recordId ?? '')
  expect([both.code, both.out]).toEqual([64, expect.stringContaining('--same <record id> or --apart')])
  expect(await duplicates(running)).toHaveLength(1)

  const decided = await isthmus('matches', 'decide', row?.id ?? '', '--apart')
  expect(decided.code, decided.out).toBe(0)
  await until(() => running.contacts.size === 2)
  await running.quiet(60_000)
  await running.full()
  expect([running.contacts.size, running.partners.size]).toEqual([2, 2])
  expect(await isthmus('matches', 'list')).toMatchObject({
    code: 0,
    out: expect.stringContaining('nothing to decide'),
  })
  const why = await isthmus('record', 'why', one?.recordId ?? '')
  expect(why.out).toContain(`different from ${other?.recordId}`)
})

test('a possible match is decided to be the same: the two are one record, and nothing is created', async () => {
  const { running, inErp, asked, candidate } = await possiblyTheSame()
  const unnamed = await isthmus('matches', 'decide', asked, '--same')
  expect([unnamed.code, unnamed.out]).toEqual([64, expect.stringContaining('name the other record')])

  const decided = await isthmus('matches', 'decide', asked, '--same', candidate)
  expect(decided.code, decided.out).toBe(0)
  await until(() => running.partners.current(inErp)?.body?.city === customerRecord(1).city)
  await running.quiet(60_000)
  expect([running.contacts.size, running.partners.size]).toEqual([1, 1])
  expect((await isthmus('matches', 'list')).code).toBe(0)
  const why = await isthmus('record', 'why', `erp:${inErp}`)
  expect(why.out).toContain(`match in erp: the same as ${asked}`)
})

test('a possible match is kept apart: it is created in the other system, and there is no further question', async () => {
  const { running, inErp, asked, candidate } = await possiblyTheSame()
  const decided = await isthmus('matches', 'decide', asked, '--apart')
  expect(decided.code, decided.out).toBe(0)
  await until(() => running.contacts.size === 2)
  await running.quiet(60_000)
  await running.full()
  expect([running.contacts.size, running.partners.size]).toEqual([2, 1])
  expect(running.contact('E1')).toMatchObject({ city: 'Oslo' })
  expect(running.partners.current(inErp)?.body).toMatchObject({ code: 'E1', city: 'Oslo' })
  expect((await isthmus('matches', 'list')).code).toBe(0)
  const why = await isthmus('record', 'why', `erp:${inErp}`)
  expect(why.out).toContain(`different from ${candidate}`)

  const again = await isthmus('matches', 'decide', asked, '--apart')
  expect([again.code, again.out]).toEqual([1, expect.stringContaining('no match to decide')])
})
