/** A new, empty database for a test file, on the run's server or, outside of vitest, on a server of its own. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres/start-embedded-postgres.ts'
import { fastSettings } from './database-server.ts'

export interface TestDatabase {
  /** Connection string of the fresh database. */
  readonly connection: string
  /** Runs one statement on a connection of its own. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Drops the database, even with open connections. */
  close(): Promise<void>
}

export interface TestDatabaseOptions {
  /** A server of its own, with durable commits. @default false */
  readonly durable?: boolean
}

const waitMs = 60_000

export async function withTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = options.durable === true ? await ownServer({}) : await anyServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  await runOnce(server.connection, `create database ${name}`)
  const connection = server.connection.replace('/postgres?', `/${name}?`)
  return {
    connection,
    query: (text, values) => runOnce(connection, text, values),
    close: async () => {
      await runOnce(server.connection, `drop database if exists ${name} with (force)`)
      await server.stop()
    },
  }
}

interface Server {
  readonly connection: string
  stop(): Promise<void>
}

async function anyServer(): Promise<Server> {
  const directory = process.env.ISTHMUS_TEST_DATABASE
  if (directory === undefined) return ownServer(fastSettings)
  const until = performance.now() + waitMs
  while (performance.now() < until) {
    const file = path.join(directory, 'connection')
    const connection = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (connection !== '') return { connection, stop: async () => {} }
    const problem = path.join(directory, 'problem')
    if (existsSync(problem)) throw new Error(readFileSync(problem, 'utf8'))
    await sleep(20)
  }
  throw new Error('the test database did not start')
}

async function ownServer(settings: Readonly<Record<string, string>>): Promise<Server> {
  const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-test-'))
  // As root the server runs as another user, which needs access to this directory.
  chmodSync(directory, 0o755)
  const server = await startEmbeddedPostgres({ dataDir: directory, settings })
  return {
    connection: server.connection,
    stop: async () => {
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function runOnce<Row extends pg.QueryResultRow>(
  connection: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: connection })
  client.on('error', () => {}) // the server may end it; the statement's own promise tells
  await client.connect()
  try {
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
