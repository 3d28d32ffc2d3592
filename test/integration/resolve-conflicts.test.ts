/** `isthmus conflicts resolve --value` as used by people: a value of each type reaches both systems, and a later edit stays. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { RunningPair, until } from '../support/running-pair.ts'
import { hookSecret, twoSystems, writeDefinition } from '../support/two-systems.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-resolve-'))
let database: TestDatabase
let pair: RunningPair | undefined

vi.setConfig({ testTimeout: 400_000 })
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

const fields = {
  code: { type: 'string', required: true },
  city: 'string',
  size: 'integer',
  vip: 'boolean',
  tags: { type: 'list', of: { type: 'string' } },
  phone: 'string',
  status: { type: 'enum', values: ['active', 'blocked', 'left'] },
}
const map = { code: 'code', city: 'city', size: 'size', vip: 'vip', tags: 'tags', phone: 'phone' }
const definition = {
  customer: { fields, conflict: { default: 'manual' } },
  crmPart: { map: { ...map, status: 'status' }, triggers: [{ poll: '300ms' }] },
  erpPart: {
    map: { ...map, status: { path: 'state', values: { A: 'active', B: 'blocked', X: 'left' } } },
    triggers: [{ poll: '300ms' }],
  },
}
const shared = { code: 'C1', city: 'Rome', size: 1, tags: ['a'], phone: '1' }
const inCrm = { city: 'Bonn', size: 2, vip: true, tags: ['b'], phone: '2', status: 'blocked' }
const inErp = { city: 'Oslo', size: 3, vip: false, tags: ['c'], phone: '3', state: 'X' }

/** A customer in both systems, each of whose fields was changed in both while Isthmus did not run. */
async function conflicting(): Promise<RunningPair> {
  const running = await RunningPair.open(database.connection, { definition })
  pair = running
  writeDefinition(directory, twoSystems({ crmUrl: running.crm.url, erpUrl: running.erp.url, ...definition }))
  const contact = running.contacts.create({ ...shared, status: 'active' }, 'user').nativeId
  await running.start()
  await until(() => running.partner('C1') !== undefined)
  await running.quiet(60_000)
  await running.stop()
  running.contacts.patch(contact, inCrm, 'user')
  running.partners.patch(String(running.partner('C1')?.id), inErp, 'user')
  await running.start()
  await until(async () => (await open(running)).length === 6)
  return running
}

const open = async (running: RunningPair) =>
  (await running.running.store.admin.conflicts({ limit: 50, state: 'open' })).rows

test('a value of each type reaches both systems, and a later edit is not reverted', async () => {
  const running = await conflicting()
  const idOf = new Map((await open(running)).map(({ field, id }) => [field, id]))
  expect([...idOf.keys()].toSorted()).toEqual(['city', 'phone', 'size', 'status', 'tags', 'vip'])
  const decided: [string, string][] = [
    ['city', 'Kyiv'],
    ['size', '42'],
    ['vip', 'false'],
    ['tags', '["x","y"]'],
    ['phone', 'null'],
    ['status', 'active'],
  ]
  const refused = await isthmus('conflicts', 'resolve', idOf.get('status') ?? '', '--value', 'A')
  expect(refused.code).toBe(64)
  expect(refused.out).toContain('--value does not fit status')
  const unknown = await isthmus('conflicts', 'resolve', idOf.get('size') ?? '', '--value', 'many')
  expect(unknown.out).toContain('--value does not fit size')
  for (const [field, value] of decided) {
    const { code, out } = await isthmus('conflicts', 'resolve', idOf.get(field) ?? '', '--value', value)
    expect(code, out).toBe(0)
  }
  const wanted = { city: 'Kyiv', size: 42, vip: false, tags: ['x', 'y'], phone: null }
  await until(
    () =>
      isHeldBy(running.contact('C1'), { ...wanted, status: 'active' }) ||
      JSON.stringify(running.contact('C1')),
    60_000,
  )
  await until(
    () => isHeldBy(running.partner('C1'), { ...wanted, state: 'A' }) || JSON.stringify(running.partner('C1')),
    60_000,
  )
  await running.quiet(60_000)
  expect((await isthmus('conflicts', 'list')).out).toContain('no open conflicts')

  running.partners.patch(String(running.partner('C1')?.id), { city: 'Riga', phone: '7', state: 'B' }, 'user')
  const edited = { ...wanted, city: 'Riga', phone: '7' }
  await until(
    () =>
      isHeldBy(running.contact('C1'), { ...edited, status: 'blocked' }) ||
      JSON.stringify(running.contact('C1')),
  )
  await running.full()
  await running.quiet(60_000)
  expect(running.partner('C1')).toMatchObject({ ...edited, state: 'B' })
  expect(running.contact('C1')).toMatchObject({ ...edited, status: 'blocked' })
  expect(await open(running)).toEqual([])
})

function isHeldBy(record: object | undefined, wanted: object): boolean {
  const held = new Map(Object.entries(record ?? {}))
  return Object.entries(wanted).every(
    ([name, value]) => JSON.stringify(held.get(name)) === JSON.stringify(value),
  )
}
