import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import type { StoredToken } from '../../model/token-store.ts'
import { createClearCodec } from '../clear-codec.ts'
import { PostgresStore } from './postgres-store.ts'

const run = promisify(execFile)
const workerScript = new URL('../../../test/support/token-worker.ts', import.meta.url).pathname

let database: TestDatabase
let stores: readonly PostgresStore[]

beforeAll(async () => {
  database = await withTestDatabase()
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const open = () => new PostgresStore({ connection: database.connection, codec, poolSize: 2 })
  stores = [open(), open(), open()]
  await stores[0]!.migrate()
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await database.close()
})
beforeEach(async () => void (await database.query('truncate isthmus.token')))

function token(generation: number): StoredToken {
  return {
    accessToken: `a${generation}`,
    refreshToken: `r${generation}`,
    issuedAt: 1,
    expiresAt: 9_000_000_000_000,
    generation,
  }
}

test('stores a token exactly and returns it in every process', async () => {
  const [one, other] = stores
  expect(await one!.tokens.read('k')).toBeUndefined()
  await one!.tokens.renew('k', async () => token(1))
  expect(await other!.tokens.read('k')).toEqual(token(1))
  expect(await other!.tokens.read('another')).toBeUndefined()
})

test('lets one caller decide at a time, each about the result of the previous one', async () => {
  let inside = 0
  const seen: number[] = []
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      stores[index % 3]!.tokens.renew('k', async (current) => {
        inside += 1
        expect(inside).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, 10))
        inside -= 1
        seen.push(current?.generation ?? 0)
        return token((current?.generation ?? 0) + 1)
      }),
    ),
  )
  expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => index))
})

test('credentials do not wait for one another', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow = stores[0]!.tokens.renew('slow', async () => {
    await held
    return token(1)
  })
  await stores[1]!.tokens.renew('quick', async () => token(1))
  release()
  await slow
})

test('a failing decision keeps the current token and releases the lock', async () => {
  await stores[0]!.tokens.renew('k', async () => token(1))
  await expect(stores[0]!.tokens.renew('k', () => Promise.reject(new Error('refused')))).rejects.toThrow(
    'refused',
  )
  expect(await stores[1]!.tokens.renew('k', async () => undefined)).toEqual(token(1))
})

test('an older token never replaces a newer one', async () => {
  await stores[0]!.tokens.renew('k', async () => token(5))
  expect(await stores[1]!.tokens.renew('k', async () => token(4))).toEqual(token(5))
})

test('H35: 16 workers in 4 processes make one refresh call with a rotating refresh token', async () => {
  let current = 'first'
  let refreshed = 0
  await using server = await startServer(async (request, response) => {
    if (request.url !== '/token') {
      sendJson(response, request.headers.authorization === `Bearer a${refreshed}` ? 200 : 401, {})
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
    if (new URLSearchParams(request.body).get('refresh_token') !== current) {
      sendJson(response, 400, { error: 'invalid_grant' })
      return
    }
    refreshed += 1
    current = `r${refreshed}`
    sendJson(response, 200, {
      access_token: `a${refreshed}`,
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: current,
    })
  })
  const processes = Array.from({ length: 4 }, () =>
    run(process.execPath, [workerScript, database.connection, server.url, '4'], { timeout: 170_000 }),
  )
  const lines = await Promise.all(processes)
  expect(lines.map(({ stdout }) => stdout.trim())).toEqual(['4', '4', '4', '4'])
  expect(refreshed).toBe(1)
  expect((await stores[0]!.tokens.read(await onlyKey()))?.refreshToken).toBe('r1')
})

async function onlyKey(): Promise<string> {
  const rows = await database.query<{ key: string }>('select key from isthmus.token')
  expect(rows).toHaveLength(1)
  return rows[0]!.key
}
