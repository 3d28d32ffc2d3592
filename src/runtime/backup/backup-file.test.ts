import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { BackupAdmin, BackupDescription, BackupPart } from '../../store/backup-contract.ts'
import { decryptKit, encryptKit, newPassphrase } from './recovery-kit.ts'
import { readBackupHead, restoreBackup } from './restore-backup.ts'
import { writeBackup } from './write-backup.ts'

const folder = mkdtempSync(join(tmpdir(), 'isthmus-backup-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
function newFile(): string {
  files += 1
  return join(folder, `${files}.tar.gz`)
}

const description: BackupDescription = {
  integration: 'test',
  takenAt: 1_700_000_000_000,
  migrations: ['0001_initial'],
  tables: [{ name: 'record', columns: ['id'] }],
  sequences: { journal_seq_seq: 7 },
  masterKeys: [],
}

/** A store whose backup has these parts, and that keeps what it restores. */
function storeOf(parts: Iterable<BackupPart>): BackupAdmin & { readonly restored: BackupPart[] } {
  const restored: BackupPart[] = []
  return {
    restored,
    backUp: async (use) =>
      use(
        description,
        (async function* () {
          yield* parts
        })(),
      ),
    restore: async (given, received) => {
      expect(given).toEqual(description)
      for await (const { table, bytes } of received) restored.push({ table, bytes })
    },
  }
}

const part = fc.record({
  table: fc.constantFrom('record', 'member', 'journal'),
  bytes: fc.uint8Array({ maxLength: 3000 }),
})

describe('a backup file', () => {
  test('gives back every part, whatever its bytes and its length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
        const ordered = [...parts].sort((a, b) => a.table.localeCompare(b.table))
        const file = newFile()
        const store = storeOf(ordered)
        await writeBackup({ backup: store, file })
        await restoreBackup({ backup: store, file })
        expect(store.restored.map(({ table, bytes }) => [table, [...bytes]])).toEqual(
          ordered.map(({ table, bytes }) => [table, [...bytes]]),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('contains the key of the keyed hashes if the values are not sealed', async () => {
    const file = newFile()
    const backup = storeOf([{ table: 'record', bytes: randomBytes(10) }])
    await writeBackup({ backup, file, hashKey: 'ab'.repeat(32) })
    expect(await readBackupHead(file)).toEqual({ description, hashKey: 'ab'.repeat(32) })
    await restoreBackup({ backup, file })
    expect(backup.restored).toHaveLength(1)
  })

  test('does not appear when the store or the disk fails', async () => {
    const file = newFile()
    const failing = storeOf(
      (function* () {
        yield { table: 'record', bytes: randomBytes(100_000) }
        throw new Error('the database stopped')
      })(),
    )
    await expect(writeBackup({ backup: failing, file })).rejects.toThrow('the database stopped')
    const missing = join(folder, 'no', 'such', 'folder.tar.gz')
    await expect(writeBackup({ backup: storeOf([]), file: missing })).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('ENOENT'),
    })
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
  })

  test('does not replace another file', async () => {
    const file = newFile()
    writeFileSync(file, 'something else')
    await expect(writeBackup({ backup: storeOf([]), file })).rejects.toMatchObject({ code: 'CLI_USAGE' })
  })

  test('is named when it is missing or something else', async () => {
    const file = newFile()
    await expect(readBackupHead(file)).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
    writeFileSync(file, randomBytes(2000))
    await expect(readBackupHead(file)).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringContaining(file),
    })
    await expect(readBackupHead(folder)).rejects.toMatchObject({ code: 'BACKUP_INVALID' })
  })
})

describe('a recovery kit', () => {
  test('opens with its passphrase only, and says nothing about the key', async () => {
    const key = randomBytes(32)
    const passphrase = newPassphrase()
    const kit = await encryptKit(key, passphrase)
    expect(Buffer.from(await decryptKit(`${kit}\n`, passphrase))).toEqual(key)
    const flipped = kit.slice(0, -5) + (kit.at(-5) === 'A' ? 'B' : 'A') + kit.slice(-4)
    for (const [text, word] of [
      [kit, newPassphrase()],
      [flipped, passphrase],
      [kit.slice(0, 100), passphrase],
      ['', passphrase],
    ] as const) {
      await expect(decryptKit(text, word)).rejects.toMatchObject({ code: 'STORE_KEY_WRONG' })
    }
    const spellings = [key.toString('base64'), key.toString('base64url'), key.toString('hex')]
    for (const spelling of spellings) expect(kit).not.toContain(spelling)
  })

  test('is refused with a passphrase that can be guessed', async () => {
    await expect(encryptKit(randomBytes(32), 'secret')).rejects.toMatchObject({ code: 'CLI_USAGE' })
  })
})
