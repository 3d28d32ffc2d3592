/** `isthmus keys` as used by people, on an embedded database: the key of the first start, its rotation, and another master key. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand } from '../support/cli-process.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { contacts, customerRecord, partners, twoSystems, writeDefinition } from '../support/two-systems.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-keys-'))
const directory = path.join(folder, 'project')
const keys = path.join(folder, 'keys')
let crm: FakeSystem
let erp: FakeSystem

vi.setConfig({ testTimeout: 240_000 })
beforeAll(async () => {
  crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
  erp = await startFakeSystem({ name: 'erp', resources: [partners] })
  mkdirSync(directory)
  writeDefinition(directory, twoSystems({ crmUrl: crm.url, erpUrl: erp.url }))
})
afterAll(async () => {
  await crm?.close()
  await erp?.close()
  rmSync(folder, { recursive: true, force: true })
})

function isthmus(args: readonly string[], environment: Record<string, string> = {}) {
  return runCommand(args, { directory, keys, environment })
}

/** Everything that the database has on disk. */
function filesOf(folderPath: string): Buffer {
  const files = readdirSync(folderPath, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folderPath, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
  return Buffer.concat(files.map((file) => readFileSync(file)))
}

test('an embedded database is sealed with a key that its first start creates, which can be rotated and replaced', async () => {
  const name = 'Philippa Quillfeather'
  const { nativeId } = crm.resource('contacts').table.create(customerRecord(1, { name }), 'user')
  const first = await isthmus(['sync', '--wait'])
  expect(first, first.err).toMatchObject({ code: 0 })
  const [keyName] = readdirSync(keys)
  const file = path.join(keys, keyName ?? '')
  expect(first.err).toContain(`Created the master key ${file}`)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(erp.resource('partners').table.size).toBe(1)
  const stored = filesOf(path.join(directory, '.isthmus'))
  expect(stored.length).toBeGreaterThan(1_000_000)
  expect(stored.includes(name)).toBe(false)

  const status = await isthmus(['--json', 'keys', 'status'])
  expect(JSON.parse(status.out)).toMatchObject({
    sealed: true,
    masterKey: file,
    wrappingKeys: [{ state: 'active', records: 1 }],
  })
  expect((await isthmus(['keys', 'status'])).out).toMatch(/master key .*\.key[\s\S]*active/)

  const rotated = await isthmus(['keys', 'rotate'])
  expect(rotated.out).toMatch(/created wrapping key \d+; it wraps 1 key/)
  expect((await isthmus(['keys', 'retire'])).out).toMatch(/removed wrapping key \d+/)
  expect((await isthmus(['keys', 'retire'])).out).toContain('nothing to retire')

  const next = path.join(folder, 'next.key')
  expect((await isthmus(['keys', 'create', next])).code).toBe(0)
  expect(await isthmus(['keys', 'create', next])).toMatchObject({
    code: 64,
    err: expect.stringContaining('exists already'),
  })
  const changed = await isthmus(['keys', 'rotate', '--master-file', next])
  expect(changed.out).toContain(`ISTHMUS_KEY_FILE=${next}`)
  const wrong = await isthmus(['status'])
  expect(wrong.code).toBe(1)
  expect(wrong.err).toMatch(/is sealed with master key local:\w+/)
  const id = JSON.parse((await isthmus(['--json', 'keys', 'status'], { ISTHMUS_KEY_FILE: next })).out)
  expect(id).toMatchObject({ sealed: true, masterKey: 'ISTHMUS_KEY or ISTHMUS_KEY_FILE' })
  const shown = await isthmus(['--json', 'record', 'show', `crm:${nativeId}`], { ISTHMUS_KEY_FILE: next })
  expect(shown.out).toContain(name)
})

test('without its key the data is refused, and no new key is made', async () => {
  const elsewhere = path.join(folder, 'elsewhere')
  renameSync(keys, elsewhere)
  const refused = await isthmus(['status'])
  expect(refused.code).toBe(1)
  expect(refused.err).toMatch(/STORE_KEY_MISSING/)
  expect(refused.err).toContain(keys)
  expect(existsSync(keys)).toBe(false)
})
