/** `isthmus certify`, as run by a user, against a system that behaves as declared and against one that does not. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import type { FakeResourceOptions } from '../support/fake-system/options.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Certified {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly resources: readonly {
    readonly left: readonly string[]
    readonly probes: readonly {
      readonly name: string
      readonly outcome: { readonly kind: string; readonly words?: string }
    }[]
  }[]
}

const definition = (url: string, resource: string): string => `
integration: certified
systems:
  crm:
    connector: rest
    url: ${url}
    allowHttp: true
    manifest:
      resources:
        contacts:
          path: /contacts
          version: { path: version, ordered: true, ifMatch: '"{version}"' }
          list: { paging: keyset, after: after, next: next, items: data, total: { path: total } }
          search: { items: data }
          create: { as: marker, field: externalId }
          write: { nested: merge, returns: body+version }
${resource}
  erp:
    connector: memory
    resources: { people: {} }
entities:
  customer:
    fields:
      name: { type: string, maxLength: 80 }
      email: { type: string, format: email }
      city: string
    match: [{ exact: [email] }]
    conflict: { default: prefer crm }
    systems:
      crm: { resource: contacts, map: { name: name, email: email, city: address.city }, triggers: [{ poll: 1m }] }
      erp: { resource: people, map: { name: name, email: email, city: city }, triggers: [{ poll: 1m }] }
`

async function setUp(
  resource: string,
  options: Partial<FakeResourceOptions> = {},
): Promise<{ directory: string; fake: FakeSystem }> {
  const fake = await startFakeSystem({
    name: 'crm',
    resources: [{ name: 'contacts', write: 'patch', ...options }],
  })
  open.push(() => fake.close())
  for (let n = 1; n <= 4; n += 1)
    fake.resource('contacts').create({ name: `Customer ${n}`, email: `c${n}@example.org` }, undefined)
  const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-certify-'))
  open.push(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(path.join(directory, 'isthmus.yaml'), definition(fake.url, resource))
  return { directory, fake }
}

async function certify(
  directory: string,
  ...args: readonly string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [cli, 'certify', ...args], { cwd: directory })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

const kindOf = (certified: Certified, name: string): string | undefined =>
  certified.resources[0]?.probes.find((probe) => probe.name === name)?.outcome.kind

test('only reads by default, and reports what it could not test', async () => {
  const { directory, fake } = await setUp('          remove: { delete: true }')
  const { code, out } = await certify(directory, 'crm')
  expect(out).toContain('✓ An existing record is read by its id')
  expect(out).toContain('test records would have to be created there (--write) (stale-write-is-refused)')
  expect(code).toBe(0)
  expect(fake.calls.filter(({ method }) => method !== 'GET')).toEqual([])
})

test('with --write it proves the effects of writes, announces that before, and leaves nothing behind', async () => {
  const { directory, fake } = await setUp('          remove: { delete: true }')
  const { code, out, err } = await certify(directory, 'crm', '--write', '--json')
  const certified = JSON.parse(out) as Certified
  const failed = certified.resources[0]?.probes.filter(({ outcome }) => outcome.kind === 'failed')
  expect(failed).toEqual([])
  expect(code).toBe(0)
  expect(err).toContain('Isthmus certify')
  for (const name of [
    'stale-write-is-refused',
    'create-makes-one',
    'nasty-texts-come-back',
    'delete-deletes',
  ])
    expect([name, kindOf(certified, name)]).toEqual([name, 'passed'])
  expect(certified.resources[0]?.left).toEqual([])
  expect(fake.resource('contacts').table.size).toBe(4)
})

test('refutes declared behaviour that a system does not have', async () => {
  const { directory } = await setUp('          remove: { delete: true }', {
    conditional: 'none',
    nested: 'replace',
    truncate: { name: 10 },
  })
  const { code, out } = await certify(directory, 'crm', '--write', '--json')
  const certified = JSON.parse(out) as Certified
  expect(code).toBe(1)
  for (const name of ['stale-write-is-refused', 'nasty-texts-come-back'])
    expect([name, kindOf(certified, name)]).toEqual([name, 'failed'])
})

test('creates no record where it could not remove it again', async () => {
  const { directory, fake } = await setUp('          remove: { delete: false }')
  const { code, out } = await certify(directory, 'crm', '--write', '--resource', 'contacts')
  expect(out).toContain('test records could not be removed again')
  expect(code).toBe(0)
  expect(fake.resource('contacts').table.size).toBe(4)
})

test('names the system that was probably meant', async () => {
  const { directory } = await setUp('          remove: { delete: true }')
  const { code, err } = await certify(directory, 'crmm')
  expect(code).toBe(1)
  expect(err).toContain('the definition has no system "crmm" (did you mean crm?)')
})
