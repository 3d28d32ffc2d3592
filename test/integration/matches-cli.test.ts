/** `isthmus matches` as people run it, beside a running service: decided, told by `record why`, and undone. */
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
}, 60_000)
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
    timeout: 90_000,
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '200', ...environment },
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
  await once(child, 'close')
  return { code: child.exitCode, out }
}

/** A customer of the CRM with a copy of ours in the ERP, and one that was entered there by hand a moment later. */
async function doubled(): Promise<RunningPair> {
  const definition = { crmPart: quick, erpPart: seldom }
  const running = await RunningPair.open(database.connection, { definition })
  pair = running
  writeDefinition(directory, twoSystems({ crmUrl: running.crm.url, erpUrl: running.erp.url, ...definition }))
  running.contacts.create(customerRecord(1), 'user')
  await running.start()
  await until(() => running.partner('C000001') !== undefined, 60_000)
  await running.quiet(60_000)
  running.partners.create(customerRecord(1, { city: 'Oslo' }), 'user')
  await running.full()
  await until(async () => (await duplicates(running)).length === 1, 60_000)
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
  await until(async () => (await duplicates(running)).length === 1, 60_000)
  const again = await isthmus('record', 'why', other?.recordId ?? '')
  expect(again.out).toMatch(/undone/)
})
