/** Signing in to the real process: the link of `isthmus open`, and where the server refuses to listen. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { freePort, type IsthmusProcess, startIsthmus } from '../support/isthmus-process.ts'
import { testKey } from '../support/test-key.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const definition = `
integration: signing-in
systems:
  here: { connector: memory, resources: { things: {} } }
  there: { connector: memory, resources: { things: {} } }
entities:
  thing:
    match: never
    fields: { name: string }
    systems:
      here: { resource: things, map: { name: name }, triggers: [{ full: "0 3 * * 0" }] }
      there: { resource: things, map: { name: name }, triggers: [{ full: "0 3 * * 0" }] }
`

let directory = ''
let database: TestDatabase
let running: IsthmusProcess | undefined

const environment = () => ({ DATABASE_URL: database.connection, ISTHMUS_DATABASE_SCHEMA: 'signing_in' })

async function isthmus(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...testKey, ...process.env, ...environment(), NO_COLOR: '1', ...more },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  await once(child, 'close')
  return { code: child.exitCode, out, err }
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'isthmus-in-'))
  writeFileSync(path.join(directory, 'isthmus.yaml'), definition)
  database = await withTestDatabase()
  running = await startIsthmus({ directory, port: await freePort(), environment: environment() })
})

afterAll(async () => {
  await running?.stop()
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

const served = (): IsthmusProcess => {
  if (running === undefined) throw new RangeError('nothing runs')
  return running
}

const post = (link: string) =>
  fetch(`${served().url}/api/v1/session/local`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-isthmus-request': '1', origin: served().url },
    body: JSON.stringify({ link }),
  })

test('isthmus open prints a link that signs in once; its socket is for the owner alone', async () => {
  // The process was not started on a terminal, so it printed none.
  expect(served().output()).not.toContain('sign-in')
  const [name = ''] = readdirSync(path.join(directory, '.isthmus')).filter((file) => file.endsWith('.sock'))
  expect(statSync(path.join(directory, '.isthmus', name)).mode & 0o777).toBe(0o600)
  const { out, code } = await isthmus(['open', '--json'])
  expect(code).toBe(0)
  const link = new URL(JSON.parse(out).link)
  expect(link.origin + link.pathname).toBe(`${served().url}/sign-in`)
  expect((await fetch(link)).status).toBe(200)
  const response = await post(link.hash.slice(1))
  expect(response.status).toBe(200)
  const cookie = response.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  const caller = await fetch(`${served().url}/api/v1/caller`, { headers: { cookie } })
  expect(await caller.json()).toMatchObject({ kind: 'local', roles: expect.arrayContaining(['admin']) })
  expect((await post(link.hash.slice(1))).status).toBe(403)
})

test('isthmus open says when nothing answers', async () => {
  const { code, err } = await isthmus(['open', '--port', '1'])
  expect(code).toBe(1)
  expect(err).toContain('start one on this machine with isthmus start')
})

test('the server does not listen beyond this machine without TLS or a proxy that has it', async () => {
  const { code, err } = await isthmus(['start', '--host', '0.0.0.0', '--port', '0'])
  expect(code).toBe(1)
  expect(err).toContain('SERVER_UNSAFE')
  expect(err).toContain('ISTHMUS_TRUSTED_PROXY')
})

test.each(['intake', 'worker'])(
  'a process with the role %s serves no route of the API, and offers no link',
  async (role) => {
    const port = await freePort()
    const other = await startIsthmus({ directory, port, roles: [role], environment: environment() })
    try {
      for (const url of ['/api/v1/status', '/api/v1/caller', '/sign-in', '/', '/api/v1/session/local'])
        expect([url, (await fetch(other.url + url)).status]).toEqual([url, 404])
      expect((await isthmus(['open', '--port', String(port)])).code).toBe(1)
    } finally {
      await other.stop()
    }
  },
)
