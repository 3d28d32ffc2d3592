import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKeyFile, readKeyFile } from './key-file.ts'
import { createOwnKey, readOwnKey } from './own-key.ts'

let folder: string
let place: { dataDir: string; keysDir: string }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-keys-'))
  place = { dataDir: join(folder, 'data'), keysDir: join(folder, 'config', 'keys') }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the key of an embedded database', () => {
  test('is created once, outside of the data directory, readable only by its owner', () => {
    const { file, key, isNew } = createOwnKey(place)
    expect(isNew).toBe(true)
    expect(dirname(file)).toBe(place.keysDir)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(place.keysDir).mode & 0o777).toBe(0o700)
    const text = readFileSync(file, 'utf8').trim()
    for (const name of readdirSync(place.dataDir)) {
      expect(readFileSync(join(place.dataDir, name), 'utf8')).not.toContain(text)
    }
    expect(createOwnKey(place)).toEqual({ file, key, isNew: false })
    expect(readOwnKey(place)).toEqual({ file, key })
  })

  test('is found after the data directory moved', () => {
    const { file, key } = createOwnKey(place)
    const moved = join(folder, 'moved')
    writeFileSync(join(folder, 'id'), readFileSync(join(place.dataDir, 'key-id')))
    rmSync(place.dataDir, { recursive: true })
    createKeyFile(join(moved, 'unrelated'))
    writeFileSync(join(moved, 'key-id'), readFileSync(join(folder, 'id')))
    expect(readOwnKey({ ...place, dataDir: moved })).toEqual({ file, key })
  })

  test('that is missing is not replaced: the error names its file', () => {
    const { file } = createOwnKey(place)
    rmSync(file)
    expect(() => readOwnKey(place)).toThrow(file)
    expect(existsSync(file)).toBe(false)
  })

  test.skipIf(!existsSync('/dev/shm') || process.platform !== 'linux')(
    'is not created on storage that is gone before the data',
    () => {
      const keysDir = mkdtempSync('/dev/shm/isthmus-keys-')
      try {
        expect(() => createOwnKey({ ...place, keysDir })).toThrow(/tmpfs.*isthmus keys create/s)
        expect(readdirSync(keysDir)).toEqual([])
        // Data on the same storage is gone together with it.
        expect(createOwnKey({ dataDir: join(keysDir, 'data'), keysDir }).isNew).toBe(true)
      } finally {
        rmSync(keysDir, { recursive: true, force: true })
      }
    },
  )
})

describe('a key file', () => {
  test('is never overwritten', () => {
    const file = join(folder, 'a.key')
    expect(createKeyFile(file)).toBe(true)
    const key = readKeyFile(file)
    expect(createKeyFile(file)).toBe(false)
    expect(readKeyFile(file)).toEqual(key)
  })

  test('that holds something else is refused, without showing what it holds', () => {
    const file = join(folder, 'a.key')
    writeFileSync(file, 'hunter2')
    expect(() => readKeyFile(file)).toThrow(/32 bytes/)
    expect(() => readKeyFile(file)).not.toThrow(/hunter2/)
  })
})
