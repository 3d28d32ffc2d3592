/** Processes as seen by a user and a container: their roles, how they end, and their behaviour when the database is gone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort, type IsthmusProcess, startIsthmus } from '../support/isthmus-process.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
let directory = ''
const running: IsthmusProcess[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-processes-'))
  writeFileSync(join(directory, 'isthmus.yaml'), definition)
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
  rmSync(directory, { recursive: true, force: true })
})

const definition = `
integration: processes
systems:
  left: { connector: memory, resources: { people: {} } }
  right: { connector: memory, resources: { people: {} } }
entities:
  person:
    fields: { name: string }
    match: never
    systems:
      left: { resource: people, map: { name: name }, triggers: [{ full: "0 3 * * *" }] }
      right: { resource: people, map: { name: name }, triggers: [{ full: "0 3 * * *" }] }
`

/** These processes must not use the tests' own database: each folder has a private one. */
const environment = { ...process.env, DATABASE_URL: '' }

async function start(roles?: readonly string[]): Promise<IsthmusProcess> {
  const port = await freePort()
  const one = await startIsthmus({
    directory,
    port,
    environment: { DATABASE_URL: '' },
    ...(roles === undefined ? {} : { roles }),
  })
  running.push(one)
  return one
}

async function run(...args: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as unknown[]
  return { code, output }
}

const statusOf = async ({ url }: IsthmusProcess, path: string, method = 'GET'): Promise<number> =>
  (await fetch(`${url}${path}`, { method })).status

test('--role intake accepts webhooks and --role worker nothing: neither serves the page or its API', async () => {
  const intake = await start(['intake'])
  const worker = await start(['worker'])
  const web = await start(['web'])
  const seen = async (one: IsthmusProcess) => ({
    page: await statusOf(one, '/'),
    api: await statusOf(one, '/api/v1/status'),
    hook: await statusOf(one, '/hooks/left', 'POST'),
    health: await statusOf(one, '/readyz'),
  })
  expect(await seen(intake)).toEqual({ page: 404, api: 404, hook: 401, health: 200 })
  expect(await seen(worker)).toEqual({ page: 404, api: 404, hook: 404, health: 200 })
  expect(await seen(web)).toEqual({ page: 200, api: 200, hook: 404, health: 200 })
})

test('a command that finds the private database being shut down by another process waits for it', async () => {
  for (const waitMs of [0, 60, 250]) {
    const service = await start()
    const ending = service.stop()
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    const { code, output } = await run('status', '--json')
    expect(await ending, service.output()).toBe(0)
    expect(JSON.parse(output), `exit code ${code}`).not.toHaveProperty('error')
  }
}, 300_000)

test('a service started by npm ends with npm, even when the shell between them forwards no signal', async () => {
  const shell = spawn('sh', ['-c', `"${process.execPath}" "${cli}" start --port 0 & wait`], {
    cwd: directory,
    env: { ...environment, npm_command: 'exec' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  shell.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await expect.poll(() => output).toContain('Ctrl-C stops it')
  shell.kill('SIGTERM')
  // It closes when the last process that could write to it has ended.
  await once(shell.stdout, 'close')
})

test('a data directory that is deleted ends the process, which reports it and fails', async () => {
  const service = await start()
  const ended = once(service.child, 'exit')
  await rm(join(directory, '.isthmus'), { recursive: true, force: true, maxRetries: 5 })
  // The server creates and removes files meanwhile; only the directory matters.
  const [code] = (await ended) as unknown[]
  expect(service.output()).toContain('EMBEDDED_DIRECTORY_GONE')
  expect(code).toBe(1)
  expect(existsSync(join(directory, '.isthmus'))).toBe(false)
})
