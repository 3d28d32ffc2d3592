/** One id leads from a stored failure to the log lines of its pass, and to the requests that were made for it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { freePort, type IsthmusProcess, startIsthmus } from '../support/isthmus-process.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../support/two-systems.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
// The process must not use the tests' own database: the folder has a private one.
const environment = { DATABASE_URL: '', CRM_HOOK_SECRET: hookSecret, ISTHMUS_LOG_LEVEL: 'trace' }

let directory: string
let crm: FakeSystem
let erp: FakeSystem
let isthmus: IsthmusProcess
let log = ''

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-pass-ids-'))
  crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
  erp = await startFakeSystem({ name: 'erp', resources: [partners] })
  writeDefinition(directory, twoSystems({ crmUrl: crm.url, erpUrl: erp.url }))
  for (const method of ['POST', 'PUT', 'PATCH'])
    erp.fault({ kind: 'status', status: 422, method, path: '/partners' })
  crm.resource('contacts').table.create(customerRecord(1), 'user')
  isthmus = await startIsthmus({ directory, port: await freePort(), environment })
  log = isthmus.output()
  isthmus.child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
})

afterAll(async () => {
  await isthmus?.stop()
  await crm?.close()
  await erp?.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Line {
  readonly event: string
  readonly passId?: string
  readonly system?: string
  readonly method?: string
  readonly status?: number
  readonly correlationIds?: readonly string[]
}

function linesOf(passId: string): readonly Line[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line): Line => JSON.parse(line))
    .filter((line) => line.passId === passId || line.correlationIds?.includes(passId) === true)
}

async function failures(): Promise<readonly { readonly recordId: string; readonly passId?: string }[]> {
  const child = spawn(process.execPath, [cli, 'failures', 'list', '--each', '--json'], {
    cwd: directory,
    env: { ...process.env, ...environment, ISTHMUS_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  return JSON.parse(output).failures
}

test('the id in a failure is in the log lines of its pass and in the requests made for it', async () => {
  await expect.poll(failures, { interval: 500 }).toHaveLength(1)
  const [failure] = await failures()
  const passId = failure?.passId ?? 'none'
  expect(passId).toMatch(new RegExp(`^${failure?.recordId}\\.\\d+$`))
  await expect.poll(() => linesOf(passId).map(({ event }) => event)).toContain('FailureKept')
  const lines = linesOf(passId)
  expect(lines.filter(({ event }) => event === 'WriteSent')).toMatchObject([{ system: 'erp' }])
  const attempts = lines.filter(({ event }) => event === 'AttemptFinished')
  expect(attempts).toContainEqual(expect.objectContaining({ system: 'crm', method: 'GET', status: 200 }))
  expect(attempts).toContainEqual(expect.objectContaining({ system: 'erp', status: 422 }))
})
