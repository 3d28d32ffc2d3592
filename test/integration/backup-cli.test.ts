/**
 * Backup and restoration as used by people: an embedded database that is sealed, its recovery kit, and an empty machine. Then the two systems are edited, and the
 * restored database continues where the backup ended.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand } from '../support/cli-process.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { contacts, customerRecord, partners, twoSystems, writeDefinition } from '../support/two-systems.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-backup-'))
const before = path.join(folder, 'before')
const after = path.join(folder, 'after')
const backup = path.join(folder, 'backup.tar.gz')
const kit = path.join(folder, 'recovery.kit')
const names = ['Philippa Quillfeather', 'Ansel Quillfeather', 'Doro Quillfeather'] as const
let crm: FakeSystem
let erp: FakeSystem

vi.setConfig({ testTimeout: 240_000 })
beforeAll(async () => {
  crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
  erp = await startFakeSystem({ name: 'erp', resources: [partners] })
  for (const directory of [before, after]) {
    mkdirSync(directory)
    writeDefinition(directory, twoSystems({ crmUrl: crm.url, erpUrl: erp.url }))
  }
})
afterAll(async () => {
  await crm?.close()
  await erp?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Each project stands for a machine: it has keys of its own. */
function isthmus(directory: string, args: readonly string[], input?: string) {
  return runCommand(args, { directory, keys: path.join(directory, 'keys'), input })
}

function partnerNames(): unknown[] {
  const { table } = erp.resource('partners')
  return [...table.nativeIds()].map((id) => table.current(id)?.body?.name).sort()
}

function writesToErp(): number {
  return erp.resource('partners').table.changes.filter(({ by }) => by === 'engine').length
}

test('a backup and its recovery kit restore a sealed database on an empty machine', async () => {
  const ids = names.map(
    (name, index) => crm.resource('contacts').table.create(customerRecord(index, { name }), 'user').nativeId,
  )
  const first = await isthmus(before, ['sync', '--wait'])
  expect(first, first.err).toMatchObject({ code: 0 })
  expect(partnerNames()).toEqual([...names].sort())
  const written = await isthmus(before, ['--json', 'db', 'backup', backup, '--recovery-kit', kit])
  expect(written, written.err).toMatchObject({ code: 0 })
  const { passphrase, bytes, sealed } = JSON.parse(written.out)
  expect({ sealed, bytes }).toEqual({ sealed: true, bytes: statSync(backup).size })
  expect(passphrase).toMatch(/^([a-z2-9]{5}-){5}[a-z2-9]{5}$/)
  expect(statSync(backup).mode & 0o777).toBe(0o600)
  expect(statSync(kit).mode & 0o777).toBe(0o600)
  const content = gunzipSync(readFileSync(backup))
  expect(content.includes('Quillfeather')).toBe(false)
  const [keyName = ''] = readdirSync(path.join(before, 'keys'))
  const key = readFileSync(path.join(before, 'keys', keyName), 'utf8').trim()
  expect(content.includes(key) || readFileSync(kit).includes(key)).toBe(false)

  const wrong = await isthmus(
    after,
    ['db', 'restore', backup, '--recovery-kit', kit, '--passphrase-file', '-'],
    'wrong',
  )
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('the passphrase is wrong') })
  const keyless = await isthmus(after, ['db', 'restore', backup])
  expect(keyless, keyless.err).toMatchObject({ code: 1, err: expect.stringContaining('STORE_KEY_MISSING') })
  const restored = await isthmus(
    after,
    ['db', 'restore', backup, '--recovery-kit', kit, '--passphrase-file', '-'],
    `${passphrase}\n`,
  )
  expect(restored, restored.err).toMatchObject({ code: 0 })
  expect(restored.out).toMatch(/restored the database of 20[\s\S]*its master key is in .*after\/keys/)

  const shown = await isthmus(after, ['record', 'show', `crm:${ids[0]}`])
  expect(shown.out, shown.err).toContain(names[0])
  // The keys of the blind indexes were restored as well.
  const { code } = customerRecord(0)
  expect((await isthmus(after, ['record', 'find', String(code)])).out).toMatch(/customer +active +value/)
  // The other machine is gone; people have worked meanwhile.
  crm.resource('contacts').table.patch(ids[1] ?? '', { name: 'Ansel Renamed' }, 'user')
  const writes = writesToErp()
  const again = await isthmus(after, ['sync', '--wait'])
  expect(again, again.err).toMatchObject({ code: 0 })
  expect(partnerNames()).toEqual(['Ansel Renamed', names[0], names[2]].sort())
  expect(writesToErp()).toBe(writes + 1)

  const twice = await isthmus(after, ['db', 'restore', backup])
  expect(twice).toMatchObject({ code: 1, err: expect.stringContaining('STORE_NOT_EMPTY') })
})

test('the recovery kit gives back the key itself', async () => {
  const passphraseFile = path.join(folder, 'passphrase')
  writeFileSync(passphraseFile, 'correct horse battery staple\n')
  const own = path.join(folder, 'own.kit')
  const made = await isthmus(before, ['keys', 'kit', own, '--passphrase-file', passphraseFile])
  expect(made, made.err).toMatchObject({ code: 0 })
  expect(made.out).not.toContain('correct horse')
  const file = path.join(folder, 'recovered.key')
  const recovered = await isthmus(before, ['keys', 'recover', own, file, '--passphrase-file', passphraseFile])
  expect(recovered, recovered.err).toMatchObject({ code: 0 })
  const [keyName = ''] = readdirSync(path.join(before, 'keys'))
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(path.join(before, 'keys', keyName), 'utf8'))
  expect(await isthmus(before, ['keys', 'kit', own])).toMatchObject({ code: 64 })
})

test('a backup that was cut off or changed restores nothing', async () => {
  const machine = path.join(folder, 'third')
  mkdirSync(machine)
  cpSync(path.join(before, 'isthmus.yaml'), path.join(machine, 'isthmus.yaml'))
  cpSync(path.join(before, 'keys'), path.join(machine, 'keys'), { recursive: true })
  mkdirSync(path.join(machine, '.isthmus'))
  cpSync(path.join(before, '.isthmus', 'key-id'), path.join(machine, '.isthmus', 'key-id'))
  const content = gunzipSync(readFileSync(backup))
  const damaged = path.join(folder, 'damaged.tar.gz')
  const refuse = async (bytes: Buffer): Promise<void> => {
    writeFileSync(damaged, bytes)
    const refused = await isthmus(machine, ['db', 'restore', damaged])
    expect(refused, refused.out).toMatchObject({ code: 1, err: expect.stringContaining('BACKUP_INVALID') })
  }
  await refuse(readFileSync(backup).subarray(0, statSync(backup).size - 300))
  await refuse(gzipSync(content.subarray(0, content.length - 2560)))
  const at = content.indexOf('tables/journal/') + 700
  const changed = Buffer.from(content)
  changed[at] = changed[at] === 0x31 ? 0x32 : 0x31
  await refuse(gzipSync(changed))
  await refuse(Buffer.from('not a backup'))
  // Nothing of it was kept.
  const restored = await isthmus(machine, ['db', 'restore', backup])
  expect(restored, restored.err).toMatchObject({ code: 0 })
})
