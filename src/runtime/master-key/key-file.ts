/** Files that hold a master key. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import { keyOfText, newKeyText, textOfKey } from './key-text.ts'

/**
 * Creates a file with a key, readable only by its owner. It is on disk when this returns: data that is sealed
 * with a key that a power failure takes away is lost.
 *
 * @param key @default a new one
 * @returns false if the file exists already
 * @throws IsthmusError STORE_KEY_NOT_KEPT when it can't be written
 */
export function createKeyFile(file: string, key?: Uint8Array): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const handle = openSync(file, 'wx', 0o600)
    try {
      writeSync(handle, `${key === undefined ? newKeyText() : textOfKey(key)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    syncDirectory(dirname(file))
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw new IsthmusError('STORE_KEY_NOT_KEPT', `the key file ${file} can't be written`, { cause: error })
  }
}

/**
 * Reads a key file; undefined if it does not exist.
 *
 * @throws IsthmusError STORE_KEY_WRONG when it is not a key
 */
export function readKeyFile(file: string): Uint8Array | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw new IsthmusError('STORE_KEY_MISSING', `the key file ${file} can't be read`, { cause: error })
  }
  const key = keyOfText(text)
  if (key !== undefined) return key
  throw new IsthmusError('STORE_KEY_WRONG', `${file} does not hold a key of 32 bytes as base64 or hex`)
}

/** So that the entry of the new file survives a power failure; not every system can do this. */
function syncDirectory(directory: string): void {
  try {
    const handle = openSync(directory, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    if (process.platform !== 'win32') throw error
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
