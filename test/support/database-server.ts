/**
 * One PostgreSQL server for the whole test run, started beside the tests and stopped with them. It runs without fsync: tests of durability use a
 * server of their own.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/runtime/embedded-postgres/start-embedded-postgres.ts'

export const fastSettings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
}

/** Called by vitest before the first test file: pure tests don't wait for the server, those that need it do. */
export default function setup(): () => Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-test-'))
  // As root the server runs as another user, which needs access to this directory.
  chmodSync(directory, 0o755)
  process.env.ISTHMUS_TEST_DATABASE = directory
  const starting: Promise<EmbeddedPostgres | undefined> = startEmbeddedPostgres({
    dataDir: directory,
    settings: fastSettings,
  }).then(
    (server) => {
      writeFileSync(path.join(directory, 'connection'), server.connection)
      return server
    },
    (problem: unknown) => {
      writeFileSync(path.join(directory, 'problem'), String(problem))
      return undefined
    },
  )
  return async () => {
    await (await starting)?.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
