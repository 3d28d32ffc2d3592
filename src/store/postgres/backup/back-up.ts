/** Copies all tables of the schema in one snapshot. */
import type pg from 'pg'
import type { BackupDescription, BackupPart, BackupTable } from '../../backup-contract.ts'
import type { Database } from '../database.ts'
import {
  beginSnapshot,
  copyOut,
  readBackupState,
  readMigrationNames,
  readSequences,
  readTables,
  type TableRow,
} from '../sql/backup.ts'

/** Rows travel in parts of about this size. */
const partBytes = 4_194_304

/** Implements `BackupAdmin.backUp`. */
export async function backUp<T>(
  database: Database,
  use: (description: BackupDescription, parts: AsyncIterable<BackupPart>) => Promise<T>,
): Promise<T> {
  return database.withClient('backing up', async (client) => {
    await beginSnapshot(client)
    const description = await describe(client, database.schema)
    const result = await use(description, readParts(client, description.tables))
    await client.query('rollback')
    return result
  })
}

async function describe(client: pg.ClientBase, schema: string): Promise<BackupDescription> {
  const { now, integration, masters } = await readBackupState(client)
  return {
    ...(integration === null ? {} : { integration }),
    takenAt: now,
    migrations: await readMigrationNames(client),
    tables: parentsFirst(await readTables(client, schema)),
    sequences: await readSequences(client, schema),
    masterKeys: masters,
  }
}

async function* readParts(client: pg.ClientBase, tables: readonly BackupTable[]): AsyncGenerator<BackupPart> {
  for (const table of tables) {
    let chunks: Buffer[] = []
    let size = 0
    for await (const chunk of client.query(copyOut(table))) {
      chunks.push(chunk)
      size += chunk.length
      if (size < partBytes) continue
      yield { table: table.name, bytes: Buffer.concat(chunks, size) }
      chunks = []
      size = 0
    }
    if (size > 0) yield { table: table.name, bytes: Buffer.concat(chunks, size) }
  }
}

/** Foreign keys are checked after each table is filled. They form no circle, so each round finds a table. */
function parentsFirst(tables: readonly TableRow[]): readonly BackupTable[] {
  const ordered: BackupTable[] = []
  const placed = new Set<string>()
  while (ordered.length < tables.length) {
    const next = tables.filter(
      ({ name, parents }) => !placed.has(name) && parents.every((parent) => placed.has(parent)),
    )
    if (next.length === 0) break
    for (const { name, columns } of next) {
      ordered.push({ name, columns })
      placed.add(name)
    }
  }
  return ordered
}
