/** Commands that call systems beside or before a service: where refresh tokens rotate, they don't invalidate its access. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOutput } from '../../src/cli/output.ts'
import { createProgram } from '../../src/cli/program.ts'
import { createRuntime, type IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { settingsBeside } from '../../src/runtime/open-integration.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { elapse } from '../support/elapse.ts'
import { type ConsentServer, client, startConsentServer } from '../support/oauth/consent-server.ts'

/** Seconds; every later command needs a new access token. */
const life = 2
let server: ConsentServer
let database: TestDatabase
const made: string[] = []

beforeAll(async () => {
  server = await startConsentServer(life)
  database = await withTestDatabase()
})
afterAll(async () => {
  await server.close()
  await database.close()
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

const definition = (refreshToken: string): string => `
integration: consent
systems:
  crm:
    connector: rest
    url: ${server.apiUrl}
    allowHttp: true
    auth: { type: oauth2-refresh-token, tokenUrl: "${server.tokenUrl}", clientId: ${client.id}, clientSecret: "\${env:SECRET}", clientAuthentication: post, refreshToken: "\${env:${refreshToken}}" }
    manifest: { resources: { people: { path: /people, list: { paging: single }, create: { as: none } } } }
  mem: { connector: memory, resources: { people: {} } }
entities:
  person:
    fields: { name: string, email: string }
    match: [{ exact: [email] }]
    systems:
      crm: { resource: people, direction: source, map: { name: name, email: email }, triggers: [{ poll: 1s }] }
      mem: { resource: people, map: { name: name, email: email }, triggers: [{ poll: 1m }] }
`

async function folder(more: string): Promise<string> {
  const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-consent-'))
  // As root, the embedded server runs as another user, which needs access to this directory.
  chmodSync(directory, 0o755)
  made.push(directory)
  writeFileSync(path.join(directory, 'isthmus.yaml'), definition('FIRST'))
  const token = await server.consent()
  writeFileSync(path.join(directory, '.env'), `SECRET=${client.secret}\nFIRST=${token}\n${more}`)
  return directory
}

async function run(
  directory: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string }> {
  let code = -1
  let out = ''
  const output = createOutput({
    json: true,
    out: { write: (text) => (out += text) },
    err: { write: () => {} },
    noColour: true,
    monotonic: () => performance.now(),
  })
  const program = await createProgram({
    version: '0',
    exit: (value) => {
      code = value
    },
    createContext: () => ({
      actor: 'test',
      directory,
      untilStopped: () => new AbortController().signal,
      open: () => Promise.reject(new TypeError('not opened here')),
      output,
    }),
  })
  await program.parseAsync(['node', 'isthmus', ...args, '--json'])
  return { code, out }
}

async function start(directory: string): Promise<IsthmusRuntime> {
  const loaded = await loadDefinition({ directory })
  const runtime = await createRuntime({ loaded, settings: settingsBeside(loaded.source) })
  runtime.start()
  return runtime
}

const untilExpired = (): Promise<void> =>
  elapse(life * 1_000 + 200, 'the token expires by the clock of its server')

/** The service is served with a token that it got after now. */
async function isServed(): Promise<boolean> {
  await untilExpired()
  const { served } = server.calls()
  for (let step = 0; step < 3_000 && server.calls().served === served; step += 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
  return server.calls().served > served
}

async function playCommands(directory: string): Promise<void> {
  const checked = await run(directory, 'check')
  expect(JSON.parse(checked.out).findings.filter((row: { level: string }) => row.level === 'error')).toEqual(
    [],
  )
  await untilExpired()
  const tried = await run(directory, 'try', 'person', '--system', 'crm', '--id', '1')
  expect(JSON.parse(tried.out), tried.out).toMatchObject({ entity: 'person', agreed: { name: 'Person 1' } })
  await untilExpired()
  const certified = await run(directory, 'certify', 'crm', '--max-wait', '1s')
  expect(JSON.parse(certified.out), certified.out).toMatchObject({ system: 'crm' })
}

test.each([
  ['the database of DATABASE_URL', () => `DATABASE_URL=${database.connection}\n`],
  ['the embedded database', () => ''],
])(
  'check, try and certify before and beside a service spend none of its refresh tokens: %s',
  async (_title, more) => {
    const directory = await folder(more())
    const revokedBefore = server.revoked()
    await playCommands(directory)
    const runtime = await start(directory)
    try {
      expect(await isServed()).toBe(true)
      await playCommands(directory)
      expect(await isServed()).toBe(true)
      expect(server.revoked()).toBe(revokedBefore)
    } finally {
      await runtime.stop()
    }
    // And after it.
    const again = await run(directory, 'check')
    expect(again.out).not.toContain('HTTP_TOKEN')
    expect(server.revoked()).toBe(revokedBefore)
    expect(server.renewed()).toBeGreaterThan(3)
  },
  240_000,
)

test('a command that can not share the tokens makes no call, and explains why', async () => {
  const directory = await folder('DATABASE_URL=postgresql://nobody@127.0.0.1:1/none\n')
  const { renewed, calls } = { renewed: server.renewed(), calls: server.calls() }
  const checked = await run(directory, 'check')
  expect(checked.code).toBe(1)
  expect(checked.out).toMatch(
    /"subject": ?"crm"[^}]*its tokens are in the integration's database, which can't be opened/,
  )
  expect((await run(directory, 'try', 'person', '--system', 'crm', '--id', '1')).code).not.toBe(0)
  expect((await run(directory, 'certify', 'crm')).code).not.toBe(0)
  expect([server.renewed(), server.calls()]).toEqual([renewed, calls])
  // Commands without calls need no database.
  expect((await run(directory, 'check', '--offline')).out).not.toContain("can't be opened")
})
