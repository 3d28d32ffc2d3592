/**
 * A user's first sync of two unknown APIs whose lists prove nothing, with the real program: it terminates by itself, with everything in agreement.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ShapedApi, startShapedApi } from '../support/shaped-api/shaped-api.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
let directory = ''
let crm: ShapedApi
let erp: ShapedApi

const people = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    email: `p${from + index}@example.org`,
    name: `Person ${from + index}`,
  }))

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-first-sync-'))
  crm = await startShapedApi({
    collection: 'people',
    shape: 'offsets',
    paging: 'offset',
    pageSize: 50,
    rows: people(0, 200),
  })
  erp = await startShapedApi({
    collection: 'partners',
    shape: 'token',
    paging: 'cursor',
    pageSize: 50,
    rows: people(100, 300),
  })
  writeFileSync(join(directory, 'isthmus.yaml'), definition())
})

afterEach(async () => {
  await Promise.all([crm.close(), erp.close()])
  rmSync(directory, { recursive: true, force: true })
})

const definition = (): string => `
integration: first
systems:
  crm:
    connector: rest
    url: ${crm.url}
    allowHttp: true
    manifest:
      resources:
        people:
          path: /people
          list: { paging: offset, parameter: offset, items: results, size: { parameter: limit, value: 50 } }
          create: { as: none }
          write: { with: patch, returns: body }
          inflight: 1s
  erp:
    connector: rest
    url: ${erp.url}
    allowHttp: true
    manifest:
      resources:
        partners:
          path: /partners
          list: { paging: cursor, after: cursor, next: next_cursor, items: data, size: { parameter: limit, value: 50 } }
          create: { as: none }
          write: { with: patch, returns: body }
          inflight: 1s
entities:
  person:
    fields: { email: string, name: string }
    match: [{ exact: [email] }]
    systems:
      crm: { resource: people, acceptRaceWindow: true, createWithoutEvidence: create, map: { email: email, name: name } }
      erp: { resource: partners, acceptRaceWindow: true, createWithoutEvidence: create, map: { email: email, name: name } }
`

async function sync(): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [cli, 'sync', '--wait', '--json', '--timeout', '4m'], {
    cwd: directory,
    env: { ...process.env, DATABASE_URL: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
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

const emails = ({ rows }: ShapedApi): readonly unknown[] => [...rows.values()].map(({ email }) => email)

test('the first sync lists again where its lists prove nothing, and ends with all records on both sides', async () => {
  const { code, out, err } = await sync()
  expect(code, err).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    outcome: 'quiet',
    queue: { active: 0, waiting: 0 },
    places: [
      { system: 'crm', how: 'listed', run: { discovered: 200 } },
      { system: 'erp', how: 'listed', run: { discovered: 200 } },
    ],
  })
  const wanted = people(0, 300).map(({ email }) => email)
  expect(emails(crm).toSorted()).toEqual(wanted.toSorted())
  expect(emails(erp).toSorted()).toEqual(wanted.toSorted())
  // Each missing record was created once, and nothing else was written.
  expect([crm.writes.length, erp.writes.length]).toEqual([100, 100])
}, 300_000)
