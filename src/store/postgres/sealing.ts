/** Opens the sealing of a schema: reads the stored keys, or creates them in a schema that was never used. */
import type { KeyObject } from 'node:crypto'
import { IsthmusError } from '../../model/errors.ts'
import type { FieldCodec } from '../contract.ts'
import { keyBytes, newKey, prepareKey } from '../sealing/envelope.ts'
import { hashKeys, type KeyringKeys, unwrapKey, wrapKey } from '../sealing/keyring.ts'
import type { MasterKey } from '../sealing/master-key.ts'
import { type Codecs, singleCodec } from './codecs.ts'
import type { Database, Session } from './database.ts'
import { SealedCodecs } from './sealed-codecs.ts'
import { lockBinding } from './sql/bind-integration.ts'
import {
  canBeSealed,
  insertSealingKey,
  lockSealing,
  readSealingKeys,
  readSealingState,
  type SealingKeyRow,
  startSealing,
} from './sql/sealing-keys.ts'

/**
 * Finds the master key when it is needed: `existing` for a sealed schema, `new` for one that was never used.
 * Returns undefined to leave a new schema unsealed. @throws IsthmusError STORE_KEY_*
 */
export type FindMasterKey = (need: 'existing' | 'new') => Promise<MasterKey | undefined>

export interface SealingOptions {
  readonly database: Database
  /** See `PostgresContext.lockClass`. */
  readonly lockClass: number
  /** Codec of a schema that is not sealed. */
  readonly clear: FieldCodec
  readonly findMasterKey: FindMasterKey | undefined
}

/** Returns the codecs of the schema. The schema must be up to date. */
export async function openSealing(options: SealingOptions): Promise<Codecs> {
  const { database, clear, findMasterKey } = options
  const session = database.session('reading the sealing')
  const state = await readSealingState(session)
  if (!state.sealed) {
    const master = state.used ? undefined : await findMasterKey?.('new')
    if (master === undefined) return singleCodec(clear)
    await createKeys(options, master)
    // A process that stores values unsealed may have bound the schema meanwhile: then it is used, and stays as it is.
    return openSealing({ ...options, findMasterKey: async () => master })
  }
  const master = await findMasterKey?.('existing')
  if (master === undefined) {
    throw new IsthmusError(
      'STORE_KEY_MISSING',
      `schema ${database.schema} is sealed, and no master key is configured: set ISTHMUS_KEY_FILE to the file of its key`,
    )
  }
  const reload = async () => readKeys(database, master)
  return new SealedCodecs({ database, keys: await reload(), readsClear: state.reads_clear, reload })
}

/** Like {@link openSealing}, for a command that only looks: it neither needs an upgraded schema nor creates keys. */
export async function openExistingSealing(options: SealingOptions): Promise<Codecs> {
  const { database, clear, findMasterKey } = options
  if (!(await canBeSealed(database.session('reading the sealing')))) return singleCodec(clear)
  const existingOnly: FindMasterKey = async (need) => (need === 'new' ? undefined : findMasterKey?.(need))
  return openSealing({ ...options, findMasterKey: existingOnly })
}

/** Of several processes that start at once one stores its keys. */
async function createKeys({ database, lockClass }: SealingOptions, master: MasterKey): Promise<void> {
  const bytes = newKey()
  // Before the transaction: wrapping may be a call to another service.
  const wrapped = await master.wrap(bytes)
  const wrapping = prepareKey(bytes)
  await database.transaction('creating the keys', async (session) => {
    await lockBinding(session, lockClass)
    await lockSealing(session)
    const state = await readSealingState(session)
    if (state.sealed || state.used) return
    const id = await insertSealingKey(session, { kind: 'wrapping', wrapped, master: master.id })
    if (id === undefined)
      throw new IsthmusError('STORE_KEY_WRONG', 'the schema has keys and is not marked as sealed')
    for (const kind of ['shared', 'hash'] as const) {
      await insertSealingKey(session, { kind, wrapped: wrapKey(wrapping, newKey(), kind), wrappedBy: id })
    }
    await startSealing(session, false)
  })
}

/** Unwraps the stored keys. @throws IsthmusError STORE_KEY_WRONG · STORE_KEY_UNAVAILABLE */
export async function readKeys(database: Database, master: MasterKey): Promise<KeyringKeys> {
  const rows = await readSealingKeys(database.session('reading the stored keys'))
  const wrapping = await unwrapWrapping(rows, master)
  const opened = rows.flatMap((row) => {
    const outer = row.wrapped_by === null ? undefined : wrapping.get(row.wrapped_by)
    return outer === undefined ? [] : [{ row, bytes: unwrapKey(outer, row.wrapped, placeOf(row)) }]
  })
  const active = rows.find(({ kind, state }) => kind === 'wrapping' && state === 'active')
  const shared = opened.find(({ row }) => row.kind === 'shared')
  const root = opened.find(({ row }) => row.kind === 'hash')
  if (active === undefined || shared === undefined || root === undefined) {
    throw new IsthmusError(
      'STORE_KEY_WRONG',
      `schema ${database.schema} is sealed, and some of its keys are missing`,
    )
  }
  const days = opened.filter(({ row }) => row.kind === 'day')
  const stored = new Map([shared, ...days].map(({ row, bytes }) => [row.id, prepareKey(bytes)] as const))
  return {
    wrapping,
    activeWrapping: active.id,
    shared: { id: shared.row.id, key: prepareKey(shared.bytes) },
    hashes: hashKeys(root.bytes),
    stored,
    days: new Map(days.map(({ row }) => [row.day ?? 0, row.id])),
  }
}

async function unwrapWrapping(
  rows: readonly SealingKeyRow[],
  master: MasterKey,
): Promise<ReadonlyMap<number, KeyObject>> {
  const wrapping = new Map<number, KeyObject>()
  for (const row of rows) {
    if (row.kind !== 'wrapping') continue
    if (row.master !== master.id) {
      throw new IsthmusError(
        'STORE_KEY_WRONG',
        `the database is sealed with master key ${row.master}; ${master.source} holds ${master.id}`,
      )
    }
    const bytes = await master.unwrap(row.wrapped)
    if (bytes.length !== keyBytes) {
      throw new IsthmusError(
        'STORE_KEY_WRONG',
        `${master.source} unwraps key ${row.id} to ${bytes.length} bytes`,
      )
    }
    wrapping.set(row.id, prepareKey(bytes))
  }
  return wrapping
}

/**
 * Refuses to bind a schema that another process has sealed while this one stores values as they are. The caller holds the
 * lock of the binding.
 *
 * @throws IsthmusError STORE_KEY_MISSING
 */
export async function refuseUnsealed(session: Session, codec: FieldCodec): Promise<void> {
  if (codec.isSealed || !(await readSealingState(session)).sealed) return
  throw new IsthmusError(
    'STORE_KEY_MISSING',
    'another process has sealed the schema, and this one was started without its master key: set ISTHMUS_KEY_FILE',
  )
}

/** What a stored key is bound to. */
export function placeOf({ kind, day }: Pick<SealingKeyRow, 'kind' | 'day'>): string {
  return kind === 'day' ? `day ${day}` : kind
}
