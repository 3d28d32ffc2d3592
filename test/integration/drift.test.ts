/** Drift from a user's perspective: `isthmus check` and `isthmus drift`, on PostgreSQL, between two checks of the runtime. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FieldDescription } from '../../src/connectors/kit/description.ts'
import { checkIntegration } from '../../src/runtime/check/check-integration.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { MemorySystem } from '../support/memory-systems/memory-system.ts'
import { testKey } from '../support/test-key.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
let database: TestDatabase
let directory: string

const definition = `
integration: drift-check
drift: pause
systems: { crm: { connector: memory-test }, erp: { connector: memory-test } }
entities:
  thing:
    fields: { name: string, email: string, code: string }
    match: [{ exact: [email] }]
    conflict: { default: prefer crm }
    systems:
      crm: { resource: things, map: { name: name, email: email, code: kode }, triggers: [{ poll: 1m }] }
      erp: { resource: things, map: { name: name, email: email }, triggers: [{ poll: 1m }] }
`

const field = (name: string, rest: Partial<FieldDescription> = {}): FieldDescription => ({
  path: [name],
  nativeType: 'text',
  required: false,
  nullable: true,
  creatable: true,
  updatable: true,
  ...rest,
})

class DescribedMemorySystem extends MemorySystem {
  fields: FieldDescription[] = [field('name', { maxLength: 80 }), field('email')]
  async describe() {
    return { kind: 'known', resources: [{ name: 'things', key: [['id']], fields: this.fields }] } as const
  }
}

const crm = new DescribedMemorySystem('crm')
const connectors = [
  {
    name: 'memory-test',
    connect: ({ name }: { name: string }) => (name === 'crm' ? crm : new MemorySystem(name)),
  },
]

beforeAll(async () => {
  database = await withTestDatabase()
  directory = mkdtempSync(path.join(tmpdir(), 'isthmus-drift-'))
  writeFileSync(path.join(directory, 'isthmus.yaml'), definition)
  writeFileSync(path.join(directory, '.env'), `DATABASE_URL=${database.connection}\n`)
})

afterAll(async () => {
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

async function isthmus(
  ...args: readonly string[]
): Promise<{ code: number | null; value: unknown; err: string }> {
  const child = spawn(process.execPath, [cli, ...args, '--json'], { cwd: directory })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, value: out === '' ? undefined : JSON.parse(out), err }
}

/** One process of the runtime, until it has checked. */
async function runUntil(isSeen: (seen: string) => boolean): Promise<void> {
  const loaded = await loadDefinition({ directory, environment: {} })
  const settings = readSettings({ ...testKey, DATABASE_URL: database.connection }, directory)
  const runtime = await createRuntime({ loaded, settings, connectors, roles: ['scheduler'] })
  runtime.start()
  for (let step = 0; step < 6_000; step += 1) {
    if ((await runtime.store.admin.schemas()).some(({ seen }) => isSeen(seen))) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await runtime.stop()
}

const schemaRows = async () =>
  (await checkIntegration({ directory, environment: {}, connectors })).rows
    .filter(({ area }) => area === 'schema')
    .map(({ level, subject, message }) => `${level}: ${subject}: ${message}`)

test('check compares with the mapping, then with the accepted schema; a person accepts', async () => {
  expect(await schemaRows()).toEqual([
    expect.stringContaining('ok: database: no accepted schema to compare with'),
    'warning: thing in crm: code: the system describes no kode',
  ])

  await runUntil((seen) => seen.includes('80'))
  crm.fields = [
    field('name', { maxLength: 40 }),
    field('email', { creatable: false, updatable: false }),
    field('kode'),
  ]
  expect(await schemaRows()).toEqual([
    'warning: things in crm: email has changed: it can no longer be given in a create; it reaches thing.email',
    'warning: things in crm: email has changed: it can no longer be changed; it reaches thing.email',
    'ok: things in crm: kode has changed: a new field, text; it reaches thing.code',
    'warning: things in crm: name has changed: 80 → 40 (characters); it reaches thing.name',
    "warning: thing in crm: email: the system declares that email can't be written",
  ])

  await runUntil((seen) => seen.includes('40'))
  const listed = await isthmus('drift', 'list')
  expect(listed.code, listed.err).toBe(2)
  expect(listed.value).toMatchObject({ drift: [{ system: 'crm', resource: 'things' }] })
  expect(await isthmus('drift', 'accept', 'crm')).toMatchObject({ code: 0, value: { accepted: 1 } })
  expect(await isthmus('drift', 'list')).toMatchObject({ code: 0, value: { drift: [] } })
  expect(await isthmus('drift', 'accept', 'crn')).toMatchObject({ code: 1 })
})
