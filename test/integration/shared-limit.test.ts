import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { withTestDatabase } from '../support/database.ts'
import { sendJson, startServer } from '../support/local-server.ts'

const run = promisify(execFile)
const script = new URL('../support/limit-worker.ts', import.meta.url).pathname

test('two processes that share a limit through PostgreSQL respect it together, and both get their share', async () => {
  const database = await withTestDatabase()
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const store = new PostgresStore({ connection: database.connection, codec, poolSize: 1 })
  await using server = await startServer((_request, response) => sendJson(response, 200, {}))
  try {
    await store.migrate()
    const callsEach = 30
    const [requests, perMs] = [20, 1_000]
    const work = () =>
      run(
        process.execPath,
        [script, database.connection, server.url, ...[callsEach, requests, perMs].map(String)],
        { timeout: 170_000 },
      )
    const outputs = await Promise.all([work(), work()])
    expect(outputs.map(({ stdout }) => Number(stdout))).toEqual([callsEach, callsEach])
    const times = server.seen.map(({ at }) => at).sort((a, b) => a - b)
    const spanMs = (times.at(-1) ?? 0) - (times[0] ?? 0)
    // Each alone would finish in half the time.
    expect(spanMs).toBeGreaterThan((2 * callsEach * perMs) / requests - perMs / 2)
    const busiest = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + perMs).length),
    )
    // On a busy machine, calls sent in time may arrive late and close to later ones.
    expect(busiest).toBeLessThanOrEqual(requests + 4)
    const workers = new Set(server.seen.slice(0, 2 * callsEach).map(({ headers }) => headers['x-worker']))
    expect(workers.size).toBe(2)
  } finally {
    await store.close()
    await database.close()
  }
})
