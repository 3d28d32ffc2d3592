/** A PostgreSQL database as one of an example's systems, behind a proxy that gives faults to single statements and a front that restarts. */
import type { CounterpartFaults } from '../../src/connectors/kit/conformance/counterpart.ts'
import { startPostgresProxy } from '../../test/support/counterparts/postgres-proxy.ts'
import { type TestDatabase, withTestDatabase } from '../../test/support/database.ts'
import { type Front, openFront } from './front.ts'

export interface StagedDatabase {
  /** Address for Isthmus. */
  readonly url: string
  readonly faults: CounterpartFaults
  readonly front: Front
  /** As its own people would, past proxy and front. */
  readonly query: TestDatabase['query']
  close(): Promise<void>
}

/** Makes the database, its tables included. `schema` is SQL; its statements end with a semicolon and an empty line. */
export async function stageDatabase(schema: string): Promise<StagedDatabase> {
  const database = await withTestDatabase()
  for (const statement of schema.split(/;\n\s*\n/)) await database.query(statement)
  const server = new URL(database.connection)
  const socket = `${server.searchParams.get('host') ?? ''}/.s.PGSQL.${server.port === '' ? '5432' : server.port}`
  const proxy = await startPostgresProxy(socket)
  const front = await openFront({ port: proxy.port })
  return {
    url: `postgresql://${server.username}@127.0.0.1:${front.port}${server.pathname}`,
    faults: proxy.faults,
    front,
    query: database.query,
    close: async () => {
      await front.close()
      await proxy.close()
      await database.close()
    },
  }
}
