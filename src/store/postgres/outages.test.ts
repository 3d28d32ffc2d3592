import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, assert, beforeAll, describe, expect, test } from 'vitest'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../runtime/embedded-postgres/start-embedded-postgres.ts'
import { createClearCodec } from '../clear-codec.ts'
import type { Store, WorkerSession } from '../contract.ts'
import { PostgresStore } from './postgres-store.ts'

const codec = createClearCodec(Buffer.from('test key of the store'))
const mark = (nativeId: string) => ({ system: 'crm', entity: 'customer', nativeId })

let directory: string
let server: EmbeddedPostgres
let store: PostgresStore

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'isthmus-test-'))
  chmodSync(directory, 0o755)
  server = await startEmbeddedPostgres({ dataDir: directory })
  store = new PostgresStore({ connection: server.connection, codec })
  await store.migrate()
})
afterAll(async () => {
  await store.close()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

describe('when a process dies', () => {
  test('a worker killed with -9 is detected by its session, and its records run elsewhere', async () => {
    await store.intake([{ marks: [mark('C1'), mark('C2')] }])
    const script = path.join(import.meta.dirname, '../../../test/support/store-worker.ts')
    const child = spawn(process.execPath, [script, server.connection, 'isthmus'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    expect(String(line).trim()).toBe('2')
    expect(await store.reap()).toBe(0)
    child.kill('SIGKILL')
    // By its session: the lease would last longer than a test may.
    while ((await store.reap()) === 0) await sleep(50)
    const worker = await store.registerWorker()
    const { records } = await store.claim({ worker: worker.id, limit: 10, leaseMs: 60_000 })
    expect(records.map(({ record }) => record.attempts)).toEqual([2, 2])
    await store.settle(
      records.map(({ lease, record }) => ({ lease, finish: { kind: 'clean', seq: record.dirtySeq } })),
    )
    await worker.close()
  })

  test('a killed server costs its workers their session and nothing that was committed', async () => {
    const worker = await store.registerWorker()
    await store.intake([{ marks: [mark('C3')] }])
    process.kill(server.pid(), 'SIGKILL')
    await once(worker.lost, 'abort')
    // Backends outlive their postmaster for a moment, so only a new connection shows that the server is back.
    const problems: unknown[] = []
    let next: WorkerSession | undefined
    for (let attempt = 0; attempt < 1_500 && next === undefined; attempt += 1) {
      try {
        next = await store.registerWorker()
      } catch (problem) {
        problems.push(problem)
        await sleep(100)
      }
    }
    for (const problem of problems)
      expect(problem).toMatchObject({ code: 'STORE_UNAVAILABLE', retry: 'backoff' })
    assert(next !== undefined, 'the server came back')
    const { records } = await store.claim({ worker: next.id, limit: 10, leaseMs: 60_000 })
    expect(records).toHaveLength(1)
    await next.close()
  })

  test('a connection lost in the middle of a commit is distinguished from one lost before', async () => {
    const proxy = await startProxy(server.connection)
    const through = new PostgresStore({ connection: proxy.connection, codec, poolSize: 1 })
    proxy.cutAt('commit')
    const [committing] = await Promise.allSettled([through.intake([{ marks: [mark('C4')] }])])
    expect(committing).toMatchObject({
      status: 'rejected',
      reason: { code: 'STORE_COMMIT_UNKNOWN', retry: 'backoff' },
    })
    proxy.cutAt('begin')
    const [beginning] = await Promise.allSettled([through.intake([{ marks: [mark('C5')] }])])
    expect(beginning).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } })
    proxy.cutAt(undefined)
    expect(await through.intake([{ marks: [mark('C5')] }])).toMatchObject([{ discovered: 1 }])
    await through.close()
    await proxy.close()
  })

  test('a server that is not running is reported as unavailable', async () => {
    const nowhere = new PostgresStore({ connection: 'postgresql://x@127.0.0.1:1/x', codec })
    await expect(nowhere.migrate()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await nowhere.close()
  })

  test('batches that take the same records in different orders all commit', async () => {
    const worker = await store.registerWorker()
    const nativeIds = Array.from({ length: 30 }, (_, n) => `D${n}`)
    await store.intake([{ marks: nativeIds.map(mark) }])
    const rounds = Array.from({ length: 20 }, () =>
      store.intake([{ marks: nativeIds.toSorted(() => Math.random() - 0.5).map(mark) }]),
    )
    const passes = Array.from({ length: 10 }, async () => {
      const { records } = await store.claim({ worker: worker.id, limit: 20, leaseMs: 60_000 })
      const shuffled = records.toSorted(() => Math.random() - 0.5)
      return store.settle(
        shuffled.map(({ lease, record }): Parameters<Store['settle']>[0][number] => ({
          lease,
          finish: { kind: 'clean', seq: record.dirtySeq },
          marks: nativeIds.map(mark),
        })),
      )
    })
    const results = (await Promise.all(passes)).flat()
    await Promise.all(rounds)
    expect(results.every(({ kind }) => kind === 'ok')).toBe(true)
    await worker.close()
  })
})

/** A TCP proxy of the server's socket that cuts the connection when a statement passes. */
async function startProxy(connection: string) {
  const socketDirectory = new URL(connection).searchParams.get('host') ?? ''
  const sockets = new Set<Socket>()
  let cut: string | undefined
  const front: Server = createServer((client) => {
    const upstream = connect(path.join(socketDirectory, '.s.PGSQL.5432'))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (cut !== undefined && data.includes(cut)) client.destroy()
      else upstream.write(data)
    })
    upstream.pipe(client)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const address = front.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    connection: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    cutAt: (text: string | undefined) => {
      cut = text
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      front.close()
      await once(front, 'close')
    },
  }
}
