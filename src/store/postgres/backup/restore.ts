/** Creates the schema of a backup and fills it, in one transaction. */
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { IsthmusError } from '../../../model/errors.ts'
import type { BackupDescription, BackupPart, BackupTable } from '../../backup-contract.ts'
import type { MasterKey } from '../../sealing/master-key.ts'
import type { PostgresContext } from '../context.ts'
import { type Migration, readMigrations, refuseOldServer } from '../migrate.ts'
import {
  beginRestore,
  copyIn,
  enableTriggers,
  forgetProcesses,
  isMigrated,
  prepareTables,
  readTables,
  setSequence,
} from '../sql/backup.ts'
import { createMigrationTable } from '../sql/migration-table.ts'
import { lockMigrations, unlockMigrations } from '../sql/session-locks.ts'

/** What {@link restore} needs besides the database. */
export interface RestoreOptions {
  readonly findMasterKey: () => Promise<MasterKey | undefined>
}

/** Implements `BackupAdmin.restore`. */
export async function restore(
  { database, lockClass }: PostgresContext,
  { findMasterKey }: RestoreOptions,
  description: BackupDescription,
  parts: AsyncIterable<BackupPart>,
): Promise<void> {
  const migrations = migrationsOf(description)
  await refuseOtherKey(description, findMasterKey)
  await database.withClient('restoring a backup', async (client) => {
    await refuseOldServer(client)
    await beginRestore(client)
    await lockMigrations(client, lockClass)
    if (await isMigrated(client, database.schema)) {
      throw new IsthmusError(
        'STORE_NOT_EMPTY',
        `schema ${database.schema} is in use: a backup is restored into an empty database`,
      )
    }
    await createMigrationTable(client, database.schema)
    for (const { sql } of migrations) await client.query(sql)
    await fill(
      client,
      description,
      parts,
      (await readTables(client, database.schema)).map(({ name }) => name),
    )
    await client.query('commit')
    // After an error the connection is closed, which releases the lock as well.
    await unlockMigrations(client, lockClass)
    await client.query('analyze')
  })
}

/** @throws IsthmusError STORE_NEWER_SCHEMA when this package lacks a migration of the backup */
function migrationsOf({ migrations }: BackupDescription): readonly Migration[] {
  const known = readMigrations()
  return migrations.map((name, index) => {
    const migration = known[index]
    if (migration?.name === name) return migration
    throw new IsthmusError(
      'STORE_NEWER_SCHEMA',
      `the backup has migration ${JSON.stringify(name)}, which this version does not know: restore it with the version that made it, or a newer one`,
    )
  })
}

/** Otherwise the tables would be filled for minutes, to be unreadable at the end. */
async function refuseOtherKey(
  { masterKeys }: BackupDescription,
  findMasterKey: RestoreOptions['findMasterKey'],
): Promise<void> {
  if (masterKeys.length === 0) return
  const master = await findMasterKey()
  const needed = masterKeys.join(', ')
  if (master === undefined) {
    throw new IsthmusError(
      'STORE_KEY_MISSING',
      `the backup is sealed with master key ${needed}, and no master key is configured: restore it together with its recovery kit, or set ISTHMUS_KEY_FILE to the file of its key`,
    )
  }
  if (masterKeys.some((id) => id !== master.id)) {
    throw new IsthmusError(
      'STORE_KEY_WRONG',
      `the backup is sealed with master key ${needed}; ${master.source} holds ${master.id}`,
    )
  }
}

async function fill(
  client: pg.ClientBase,
  { tables, sequences }: BackupDescription,
  parts: AsyncIterable<BackupPart>,
  known: readonly string[],
): Promise<void> {
  for (const { name } of tables) {
    if (!known.includes(name))
      throw new IsthmusError(
        'BACKUP_INVALID',
        `the backup has a table ${JSON.stringify(name)} that its migrations do not create`,
      )
  }
  await prepareTables(client, known)
  await copyParts(client, tables, parts)
  await enableTriggers(client, known)
  for (const [name, value] of Object.entries(sequences)) await setSequence(client, name, value)
  await forgetProcesses(client)
}

async function copyParts(
  client: pg.ClientBase,
  tables: readonly BackupTable[],
  parts: AsyncIterable<BackupPart>,
): Promise<void> {
  const iterator = parts[Symbol.asyncIterator]()
  try {
    let next = await iterator.next()
    while (next.done !== true) {
      const { table } = next.value
      const rows = async function* (): AsyncGenerator<Uint8Array> {
        for (; next.done !== true && next.value.table === table; next = await iterator.next())
          yield next.value.bytes
      }
      await pipeline(rows, client.query(copyIn(tableOf(tables, table))))
    }
  } finally {
    await iterator.return?.()
  }
}

function tableOf(tables: readonly BackupTable[], name: string): BackupTable {
  const table = tables.find((candidate) => candidate.name === name)
  if (table !== undefined) return table
  throw new IsthmusError(
    'BACKUP_INVALID',
    `the backup has rows of ${JSON.stringify(name)}, which it does not describe`,
  )
}
