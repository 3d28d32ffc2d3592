/** Rotation and retirement of the keys, while processes work with them. */
import { IsthmusError } from '../../model/errors.ts'
import { newKey } from '../sealing/envelope.ts'
import { type KeyringKeys, recordKeyPlace, unwrapKey, wrapKey } from '../sealing/keyring.ts'
import type { MasterKey } from '../sealing/master-key.ts'
import type { RotationProgress, SealingAdmin } from '../sealing-contract.ts'
import type { Database, Session } from './database.ts'
import { placeOf, readKeys } from './sealing.ts'
import {
  countRecordKeys,
  lockRecordKeys,
  type RecordKeyRow,
  readRecordKeysToRewrap,
  rewrapRecordKeys,
} from './sql/record-keys.ts'
import {
  deleteUnusedWrappingKeys,
  insertSealingKey,
  lockSealing,
  readSealedAt,
  readSealingKeys,
  retireActiveKey,
  rewrapSealingKey,
} from './sql/sealing-keys.ts'

/** Keys of records in one transaction: some 30 ms, during which no process waits for more than a row. */
const rewrapRows = 2_000
/** Keys of records are counted up to this number: counting more takes seconds. */
const countedKeysMax = 100_000
const firstId = '00000000-0000-0000-0000-000000000000'

/** @param findMaster the configured master key */
export function createSealingAdmin(
  database: Database,
  findMaster: () => Promise<MasterKey | undefined>,
): SealingAdmin {
  const master = async (): Promise<MasterKey> => {
    const sealed = (await readSealedAt(database.session('reading the sealing'))) !== undefined
    const found = sealed ? await findMaster() : undefined
    if (found !== undefined) return found
    const why = sealed ? 'and no master key is configured' : 'so it has no keys'
    const state = sealed ? 'sealed' : 'not sealed'
    throw new IsthmusError('STORE_KEY_MISSING', `schema ${database.schema} is ${state}, ${why}`)
  }
  return {
    status: () => readStatus(database),
    rotate: async (onProgress) => rotate(database, await master(), onProgress),
    changeMaster: async (to) => changeMaster(database, await master(), to),
    retire: async () => {
      await master()
      return retire(database)
    },
  }
}

async function readStatus(database: Database) {
  const session = database.session('reading the keys')
  const sealedAt = await readSealedAt(session)
  if (sealedAt === undefined) return { sealed: false as const }
  const rows = await readSealingKeys(session)
  const wrappingKeys = []
  for (const { id, kind, state, created_at: createdAt, master } of rows) {
    if (kind !== 'wrapping') continue
    const records = await countRecordKeys(session, id, countedKeysMax)
    wrappingKeys.push({
      id,
      state,
      createdAt,
      master: master ?? '',
      records,
      isCut: records === countedKeysMax,
    })
  }
  const dayKeys = rows.filter(({ kind }) => kind === 'day').length
  return { sealed: true as const, sealedAt, wrappingKeys, dayKeys }
}

async function rotate(
  database: Database,
  master: MasterKey,
  onProgress: ((progress: RotationProgress) => void) | undefined,
) {
  const rows = await readSealingKeys(database.session('reading the keys'))
  const resumed = rows.some(({ state }) => state === 'retiring')
  if (!resumed) await addWrappingKey(database, master)
  const keys = await readKeys(database, master)
  await rewrapStored(database, keys)
  let rewrapped = 0
  let after = firstId
  for (;;) {
    const slice = await rewrapSlice(database, keys, after)
    const last = slice.at(-1)
    if (last === undefined) break
    after = last.record_id
    rewrapped += slice.length
    onProgress?.({ active: keys.activeWrapping, rewrapped })
  }
  return { active: keys.activeWrapping, rewrapped, resumed }
}

async function addWrappingKey(database: Database, master: MasterKey): Promise<void> {
  // Before the transaction: wrapping may be a call to another service.
  const wrapped = await master.wrap(newKey())
  await database.transaction('adding a wrapping key', async (session) => {
    await lockSealing(session)
    await retireActiveKey(session, 'wrapping')
    await insertSealingKey(session, { kind: 'wrapping', wrapped, master: master.id })
  })
}

/** The shared key, the root of the hashes and the keys of days. */
async function rewrapStored(database: Database, keys: KeyringKeys): Promise<void> {
  const active = activeOf(keys)
  await database.transaction('wrapping the stored keys again', async (session) => {
    await lockSealing(session)
    for (const row of await readSealingKeys(session)) {
      const by = row.wrapped_by
      if (by === null || by === keys.activeWrapping) continue
      const place = placeOf(row)
      const bytes = unwrapKey(wrappingOf(keys, by), row.wrapped, place)
      const wrapped = wrapKey(active, bytes, place)
      await rewrapSealingKey(session, row.id, { wrapped, wrappedBy: keys.activeWrapping })
    }
  })
}

function rewrapSlice(database: Database, keys: KeyringKeys, after: string): Promise<readonly RecordKeyRow[]> {
  return database.transaction('wrapping keys of records again', async (session: Session) => {
    const rows = await readRecordKeysToRewrap(session, keys.activeWrapping, after, rewrapRows)
    const active = activeOf(keys)
    const rewrapped = rows.map((row): RecordKeyRow => {
      const place = recordKeyPlace(row.record_id)
      const bytes = unwrapKey(wrappingOf(keys, row.wrapped_by), row.wrapped, place)
      return { ...row, wrapped_by: keys.activeWrapping, wrapped: wrapKey(active, bytes, place) }
    })
    if (rewrapped.length > 0) await rewrapRecordKeys(session, rewrapped)
    return rewrapped
  })
}

function activeOf(keys: KeyringKeys) {
  return wrappingOf(keys, keys.activeWrapping)
}

function wrappingOf(keys: KeyringKeys, id: number) {
  const key = keys.wrapping.get(id)
  if (key !== undefined) return key
  throw new IsthmusError('STORE_KEY_MISSING', `wrapping key ${id} is not in the database`)
}

async function changeMaster(database: Database, from: MasterKey, to: MasterKey): Promise<void> {
  const rows = await readSealingKeys(database.session('reading the keys'))
  const wrapping = rows.filter(({ kind, master }) => kind === 'wrapping' && master !== to.id)
  const rewrapped = new Map<number, Uint8Array>()
  for (const { id, wrapped } of wrapping) rewrapped.set(id, await to.wrap(await from.unwrap(wrapped)))
  await database.transaction('changing the master key', async (session) => {
    await lockSealing(session)
    const now = await readSealingKeys(session)
    const added = now.filter(
      ({ id, kind, master }) => kind === 'wrapping' && master !== to.id && !rewrapped.has(id),
    )
    if (added.length > 0) {
      throw new IsthmusError('STORE_CONTENTION', 'a wrapping key was added meanwhile: run the command again')
    }
    for (const [id, wrapped] of rewrapped) {
      await rewrapSealingKey(session, id, { wrapped, master: to.id })
    }
  })
}

/**
 * A transaction that wraps a new key of a record has seen its wrapping key active; it ends before this one counts, and later
 * ones see that it is not.
 */
function retire(database: Database): Promise<readonly number[]> {
  return database.transaction('retiring wrapping keys', async (session) => {
    await lockSealing(session)
    await lockRecordKeys(session)
    return deleteUnusedWrappingKeys(session)
  })
}
