/** The real program, as used by a person: one folder, two HTTP systems, the embedded database. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/runtime/embedded-postgres/start-embedded-postgres.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { freePort, startIsthmus } from '../support/isthmus-process.ts'

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const commandTimeoutMs = 90_000

let directory = ''
/** Keeps the folder's database running between commands, so that not every command has to start it. */
let database: EmbeddedPostgres | undefined
let crm: FakeSystem
let erp: FakeSystem
const children = new Set<ChildProcess>()

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'isthmus-cli-'))
  crm = await startFakeSystem({
    name: 'crm',
    resources: [{ name: 'contacts', write: 'patch', nested: 'replace' }],
  })
  erp = await startFakeSystem({
    name: 'erp',
    resources: [{ name: 'partners', write: 'put', truncate: { name: 30 } }],
  })
  for (let n = 1; n <= 4; n += 1) {
    const customer = { name: `Customer ${n}`, email: `c${n}@example.org`, city: 'Berlin' }
    crm.resource('contacts').create(customer, undefined)
    if (n % 2 === 0) erp.resource('partners').create(customer, undefined)
  }
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await database?.stop()
  await Promise.all([crm.close(), erp.close()])
  rmSync(directory, { recursive: true, force: true })
})

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function isthmus(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: commandTimeoutMs,
    env: { ...process.env, NO_COLOR: '1', DATABASE_URL: '', ...environment },
  })
  children.add(child)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  await once(child, 'close')
  children.delete(child)
  return { code: child.exitCode, out, err }
}

/** With `--json`, and parsed: it must be exactly one JSON value. */
async function asked(...args: string[]): Promise<{ readonly code: number | null; readonly value: unknown }> {
  const { code, out, err } = await isthmus([...args, '--json'])
  expect(out.trim().split('\n'), err).toHaveLength(1)
  return { code, value: JSON.parse(out) }
}

const rows = (value: unknown): { level: string; area: string; message: string }[] =>
  (value as { findings: { level: string; area: string; message: string }[] }).findings

function namesInErp(): unknown[] {
  const { table } = erp.resource('partners')
  return [...table.nativeIds()].map((nativeId) => table.current(nativeId)?.body?.name)
}

const manifest = (write: string): string => `
      resources:
        NAME:
          path: /NAME
          version: { path: version, ordered: true, ifMatch: '"{version}"' }
          list: { paging: keyset, after: after, next: next, items: data, size: { parameter: limit, value: 100 }, total: { path: total } }
          search: { items: data }
          create: { as: marker, field: externalId }
          write: ${write}
          remove: { delete: true }
          inflight: 500ms`

/** The first definition, improved as a user would after reading the APIs' documentation. */
function writeBetterDefinition(): void {
  writeFileSync(
    path.join(directory, 'isthmus.yaml'),
    `integration: sync
systems:
  crm:
    connector: rest
    url: \${env:CRM_URL}
    allowHttp: true
    auth: { type: bearer, token: "\${env:CRM_TOKEN}" }
    manifest:${manifest('{ with: patch, returns: body+version }').replaceAll('NAME', 'contacts')}
  erp:
    connector: rest
    url: \${env:ERP_URL}
    allowHttp: true
    manifest:${manifest('{ with: put, returns: body+version, omit: [id, version, updatedAt] }').replaceAll('NAME', 'partners')}
entities:
  customer:
    fields:
      name: { type: string, required: true }
      email: { type: string, format: email }
      city: string
    match: [{ exact: [email] }]
    conflict: { default: prefer crm erp, fields: { city: manual } }
    systems:
      crm:
        resource: contacts
        key: externalId
        map: { name: name, email: email, city: city }
        triggers: [{ poll: 1s }, { full: "0 3 * * *" }]
      erp:
        resource: partners
        key: externalId
        map: { name: { path: name, maxLength: 30 }, email: email, city: city }
        triggers: [{ poll: 1s }, { full: "0 3 * * *" }]
`,
  )
}

// Each test starts several processes, one after the other, which takes time on a busy machine.
describe('the command line from the first definition to a decision', () => {
  test('init writes a definition that check accepts except for what it can not know', async () => {
    const made = await asked(
      'init',
      '--system',
      `crm=${crm.url}/contacts`,
      '--system',
      `erp=${erp.url}/partners`,
      '--entity',
      'customer',
      '--fields',
      'name,email,city',
    )
    expect(made.code).toBe(0)
    expect(made.value).toMatchObject({ match: 'email' })
    writeFileSync(
      path.join(directory, '.env'),
      `${readFileSync(path.join(directory, '.env.example'), 'utf8')}CRM_TOKEN=any\n`,
    )
    const { code, value } = await asked('check')
    expect(code).toBe(2)
    expect(rows(value).filter((row) => row.level === 'error')).toEqual([])
    expect(value).toMatchObject({ errors: 0, warnings: 2 })
  })

  test('check explains the problem of each unreachable, refusing or unusual system', async () => {
    const wrong = async (environment: Readonly<Record<string, string>> = {}): Promise<string> => {
      const { code, out } = await isthmus(['check', '--json'], environment)
      expect(code).toBe(1)
      return rows(JSON.parse(out))
        .filter((row) => row.level === 'error')
        .map((row) => `${row.area}: ${row.message}`)
        .join('\n')
    }
    writeBetterDefinition()
    expect(await wrong({ CRM_URL: 'http://127.0.0.1:1' })).toMatch(/^reach: .*\(HTTP_NETWORK\)$/)
    crm.token = 'secret-token'
    expect(await wrong({ CRM_TOKEN: 'not-that-one' })).toMatch(/^reach: .*401.*\(HTTP_UNAUTHENTICATED\)$/)
    crm.token = undefined
    crm.fault({ kind: 'html', path: '^/contacts', times: 5 })
    expect(await wrong()).toMatch(/^reach: .*\(HTTP_RESPONSE_IS_HTML\)$/)
    crm.faults.clear()
    expect(await wrong({ CRM_URL: '', ISTHMUS_UNUSED: '' })).toMatch(/^credentials: .*CRM_URL is not set/)
  })

  test('check accepts the finished definition, offline and on sampled records', async () => {
    const { code, value } = await asked('check')
    expect(rows(value).filter((row) => row.level !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(rows(value).map((row) => row.message)).toContain('reads and writes 4 sampled records without loss')
    expect((await asked('check', '--offline')).code).toBe(0)
    expect((await isthmus(['check'])).out).toContain('everything holds')
    expect(crm.countCalls('POST') + crm.countCalls('PATCH') + erp.countCalls('PUT')).toBe(0)
  })

  test('check finds a mapping that would loop, using a record of the system', async () => {
    const file = path.join(directory, 'isthmus.yaml')
    const good = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      good.replace(
        'map: { name: name, email',
        `map: { name: { read: name, write: "name & '!'", path: name }, email`,
      ),
    )
    const { code, value } = await asked('check')
    writeFileSync(file, good)
    expect(code).toBe(1)
    expect(
      rows(value)
        .filter((row) => row.level === 'error')
        .map((row) => row.message),
    ).toContainEqual(expect.stringContaining('name: '))
  })

  test('check reports the position of a mistake in the file', async () => {
    const file = path.join(directory, 'broken.yaml')
    writeFileSync(
      file,
      readFileSync(path.join(directory, 'isthmus.yaml'), 'utf8').replace('required: true', 'requird: true'),
    )
    const { code, out } = await isthmus(['check', '-d', 'broken.yaml'])
    expect(code).toBe(1)
    expect(out).toMatch(/error +\d+:\d+ entities\.customer\.fields\.name.*required/s)
  })

  test('try runs one record through every stage and writes nothing', async () => {
    const { code, value } = await asked('try', 'customer', '--system', 'crm', '--id', '1')
    expect(code).toBe(0)
    expect(value).toMatchObject({
      native: { id: '1', name: 'Customer 1' },
      normalised: { name: 'Customer 1', email: 'c1@example.org', city: 'Berlin' },
      writes: [{ system: 'erp', body: { name: 'Customer 1', email: 'c1@example.org' }, poorer: [] }],
    })
    writeFileSync(
      path.join(directory, 'one.json'),
      JSON.stringify({ name: 'x'.repeat(40), email: 'no address' }),
    )
    const fromFile = await isthmus(['try', 'customer', '--system', 'crm', '--file', 'one.json'], {
      CRM_URL: '',
    })
    expect(fromFile.code).toBe(2)
    expect(fromFile.out).toMatch(/email: .*left unchanged/)
    expect(fromFile.out).toContain('it would store')
    expect((await asked('try', 'customer', '--system', 'crm', '--id', '4711')).value).toMatchObject({
      error: { code: 'CLI_NOT_FOUND' },
    })
    expect(crm.countCalls('PATCH') + erp.countCalls('POST') + erp.countCalls('PUT')).toBe(0)
  })

  test('sync --wait brings both systems to agreement and reports what it did', async () => {
    const { code, value } = await asked('sync', '--wait')
    expect(code).toBe(0)
    expect(value).toMatchObject({ alone: true, places: [{ how: 'listed' }, { how: 'listed' }] })
    expect(namesInErp().toSorted()).toEqual(['Customer 1', 'Customer 2', 'Customer 3', 'Customer 4'])
    const plain = await isthmus(['sync', '--wait'])
    expect(plain.out).toMatch(/crm +customer +listed +4 +0 +0 +0/)
    expect(plain.out).toMatch(/done in/)
    database = await startEmbeddedPostgres({ dataDir: path.join(directory, '.isthmus') })
  })

  test('status, record show and record why report it', async () => {
    expect((await asked('status')).value).toMatchObject({
      integration: 'sync',
      counts: { records: { active: 4 }, workers: 0 },
    })
    expect((await isthmus(['status'])).out).toContain('sync: ')
    const shown = await asked('record', 'show', 'crm:1')
    expect(shown.value).toMatchObject({
      record: { state: 'active', fields: { name: { value: 'Customer 1' } } },
    })
    expect((await isthmus(['record', 'show', 'crm:1'])).out).toContain('Customer 1')
    expect((await asked('record', 'why', 'crm:1', 'name')).value).toMatchObject({
      changes: [{ field: 'name', to: 'Customer 1', src: 'crm' }],
    })
    expect((await isthmus(['record', 'why', 'crm:1'])).out).toContain('single')
    const missing = await asked('record', 'show', 'crm:4711')
    expect(missing).toMatchObject({ code: 1, value: { error: { code: 'CLI_NOT_FOUND' } } })
  })

  test.each(['failures', 'conflicts', 'matches', 'held'])('%s list is empty, and says so', async (noun) => {
    const { code, value } = await asked(noun, 'list')
    expect(code).toBe(0)
    expect(Object.values(value as object)).toContainEqual([])
    expect((await isthmus([noun, 'list'])).out.trim()).toMatch(/^(no|nothing) /)
  })

  test('a conflict is listed, decided by a person, and carried out', async () => {
    crm.resource('contacts').table.patch('2', { city: 'Hamburg' }, 'user')
    const partner = [...erp.resource('partners').table.nativeIds()].find(
      (nativeId) => erp.resource('partners').table.current(nativeId)?.body?.email === 'c2@example.org',
    )
    erp.resource('partners').table.patch(partner ?? '', { city: 'Bremen' }, 'user')
    expect((await asked('full', '--wait')).code).toBe(2)
    const listed = await asked('conflicts', 'list')
    expect(listed.code).toBe(2)
    const [conflict] = (listed.value as { conflicts: { id: string; field: string }[] }).conflicts
    expect(conflict?.field).toBe('city')
    expect((await asked('conflicts', 'resolve', conflict?.id ?? '', '--take', 'erp')).code).toBe(0)
    await asked('sync', '--wait')
    expect(crm.resource('contacts').table.current('2')?.body?.city).toBe('Bremen')
    const { value } = await asked('record', 'why', 'crm:2', 'city')
    expect(value).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ field: 'city', to: 'Bremen', src: 'person', by: 'took erp' }),
      ]),
      decisions: [{ field: 'city', decision: 'conflict of city: took the value of erp' }],
    })
    expect((await isthmus(['record', 'why', 'crm:2'])).out).toContain('decisions by people:')
  })

  test('full --wait does not report success when a system could not be read', async () => {
    crm.token = 'renewed'
    const ended = await isthmus(['full', '--wait', '--timeout', '30s'], { CRM_TOKEN: 'the old one' })
    crm.token = undefined
    expect(ended.code, ended.out).toBe(1)
    expect(ended.out).not.toContain('done in')
    expect(ended.out).toMatch(
      /but not everything could be read.*\ncustomer in crm: .*HTTP_UNAUTHENTICATED.*the credential is not accepted/,
    )
  })

  test('start serves until SIGTERM; sync beside it only marks, and waits when requested', async () => {
    const service = await startIsthmus({
      directory,
      port: await freePort(),
      environment: { DATABASE_URL: '' },
    })
    children.add(service.child)
    expect((await asked('status')).value).toMatchObject({ counts: { workers: 1 } })
    const page = await fetch(`${service.url}/api/v1/status`)
    expect(await page.json()).toMatchObject({ integration: 'sync' })
    crm.resource('contacts').table.patch('3', { name: 'Renamed' }, 'user')
    const { code, value } = await asked('sync', '--record', 'crm:3', '--wait')
    expect({ code, value }).toMatchObject({ code: 0, value: { alone: false } })
    expect(namesInErp()).toContain('Renamed')
    expect((await asked('full', '--system', 'crm')).value).not.toHaveProperty('outcome')
    expect(await service.stop()).toBe(0)
    expect((await asked('status')).value).toMatchObject({ counts: { workers: 0 } })
  })

  test('explains a wrong command line with exit code 64', async () => {
    expect((await isthmus(['sync', '--timeout', 'soon'])).code).toBe(64)
    expect((await isthmus(['nothing-like-it'])).code).toBe(64)
    expect((await asked('sync', '--system', 'shop')).value).toMatchObject({
      error: { code: 'ENGINE_UNKNOWN_PLACE' },
    })
    expect((await isthmus(['--version'])).out).toMatch(/^\d+\.\d+\.\d+/)
  })
})
