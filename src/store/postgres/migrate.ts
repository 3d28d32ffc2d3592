/**
 * Creates or upgrades the schema, one process at a time. Migrations are numbered files that never change once
 * released.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import { IsthmusError } from '../../model/errors.ts'
import { newestFormat } from '../document-format.ts'
import type { PostgresContext } from './context.ts'
import {
  beginWithFormat,
  createMigrationTable,
  insertMigration,
  readApplied,
  readServerVersion,
} from './sql/migration-table.ts'
import { lockMigrations, unlockMigrations } from './sql/session-locks.ts'

/** A numbered file of the schema. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

const directory = path.join(import.meta.dirname, 'migrations')
const oldestServer = 150_000
/** Migrations after this one leave the schema usable for the version before. */
const lastRequired = 20

/** Implements `Store.migrate`. @throws IsthmusError STORE_NEWER_SCHEMA · STORE_UNSUPPORTED_SERVER */
export async function migrate(context: PostgresContext): Promise<void> {
  const { database, lockClass } = context
  await database.withClient('migrating the schema', async (client) => {
    await refuseOldServer(client)
    await lockMigrations(client, lockClass)
    try {
      await applyMissing(client, database.schema)
    } finally {
      await unlockMigrations(client, lockClass)
    }
  })
}

/** @throws IsthmusError STORE_UNSUPPORTED_SERVER */
export async function refuseOldServer(client: pg.PoolClient): Promise<void> {
  const version = await readServerVersion(client)
  if (version >= oldestServer) return
  throw new IsthmusError(
    'STORE_UNSUPPORTED_SERVER',
    `the database is PostgreSQL ${Math.floor(version / 10_000)}, at least 15 is needed`,
  )
}

async function applyMissing(client: pg.PoolClient, schema: string): Promise<void> {
  await createMigrationTable(client, schema)
  const known = readMigrations()
  const { required, newest } = await readApplied(client)
  const newestKnown = known.at(-1)?.number ?? 0
  if (required > newestKnown) {
    throw new IsthmusError(
      'STORE_NEWER_SCHEMA',
      `schema ${schema} requires migration ${required}, this version knows ${newestKnown}`,
    )
  }
  for (const migration of known) if (migration.number > newest) await apply(client, migration, required > 0)
  if (required === 0) await beginWithFormat(client, newestFormat)
}

/** Where packages have worked with the schema, those of the version before may do so until its contract. */
async function apply(client: pg.PoolClient, migration: Migration, hasOlder: boolean): Promise<void> {
  const isExpansion = hasOlder && migration.number > lastRequired
  await client.query('begin')
  try {
    await client.query(migration.sql)
    await insertMigration(client, migration, isExpansion ? 'expansion' : 'migration')
    await client.query('commit')
  } catch (problem) {
    await client.query('rollback')
    throw problem
  }
}

/** The migrations that this package knows, in their order. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      number: Number.parseInt(file, 10),
      name: path.basename(file, '.sql'),
      sql: readFileSync(path.join(directory, file), 'utf8'),
    }))
}
