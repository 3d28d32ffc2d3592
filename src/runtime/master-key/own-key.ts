/**
 * The master key of an embedded database, which the first start creates: outside of the data directory, so that a
 * copy of the data is unreadable without it.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import { createKeyFile, readKeyFile } from './key-file.ts'

const idFile = 'key-id'

/** File systems that are gone after a restart of the machine or of the container. */
const fleeting: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlayfs'],
])

/** Where the key of a data directory is. */
export interface OwnKeyPlace {
  readonly dataDir: string
  readonly keysDir: string
}

/** The key file of the data directory; undefined before its first start. */
export function ownKeyFile({ dataDir, keysDir }: OwnKeyPlace): string | undefined {
  const file = join(dataDir, idFile)
  if (!existsSync(file)) return undefined
  const id = readFileSync(file, 'utf8').trim()
  if (/^[0-9a-f-]{36}$/.test(id)) return join(keysDir, `${id}.key`)
  throw new IsthmusError('STORE_KEY_MISSING', `${file} does not name a key: restore it from a backup`)
}

/** Reads the key of an existing database. @throws IsthmusError STORE_KEY_MISSING */
export function readOwnKey(place: OwnKeyPlace): { readonly file: string; readonly key: Uint8Array } {
  const file = ownKeyFile(place)
  const key = file === undefined ? undefined : readKeyFile(file)
  if (file !== undefined && key !== undefined) return { file, key }
  const where = file ?? `a file in ${place.keysDir}`
  throw new IsthmusError(
    'STORE_KEY_MISSING',
    `the data in ${place.dataDir} is sealed with a key in ${where}, which does not exist: restore it from a backup, or set ISTHMUS_KEY_FILE to a copy`,
  )
}

/**
 * Creates the key of a new database, or returns the one that an interrupted start created.
 *
 * @param key the key of a database that is restored. @default a new one
 * @throws IsthmusError STORE_KEY_NOT_KEPT where the key could be lost before the data
 */
export function createOwnKey(
  place: OwnKeyPlace,
  key?: Uint8Array,
): {
  readonly file: string
  readonly key: Uint8Array
  readonly isNew: boolean
} {
  mkdirSync(place.dataDir, { recursive: true })
  try {
    writeFileSync(join(place.dataDir, idFile), `${randomUUID()}\n`, { flag: 'wx' })
  } catch (error) {
    if (!existsSync(join(place.dataDir, idFile))) {
      throw new IsthmusError('STORE_KEY_NOT_KEPT', `${join(place.dataDir, idFile)} can't be written`, {
        cause: error,
      })
    }
  }
  const file = ownKeyFile(place)
  if (file === undefined)
    throw new IsthmusError('STORE_KEY_NOT_KEPT', `${place.dataDir} was removed meanwhile`)
  if (!existsSync(file)) refuseFleetingPlace(place)
  const isNew = createKeyFile(file, key)
  return { ...readOwnKey(place), isNew }
}

/** A key in a container's own layer is gone when the container is replaced, and the data on a volume is not. */
function refuseFleetingPlace({ dataDir, keysDir }: OwnKeyPlace): void {
  const existing = nearestExisting(keysDir)
  const kind = fleeting.get(statfsSync(existing).type)
  if (kind === undefined || statSync(existing).dev === statSync(dataDir).dev) return
  throw new IsthmusError(
    'STORE_KEY_NOT_KEPT',
    `${keysDir} is on ${kind}, which may be gone before the data in ${dataDir}: create a key with "isthmus keys create FILE" on storage that is kept and set ISTHMUS_KEY_FILE, or set ISTHMUS_KEYS_DIR`,
  )
}

function nearestExisting(directory: string): string {
  let path = directory
  while (!existsSync(path)) path = dirname(path)
  return path
}
