import { expect, test } from 'vitest'
import type { TokenStore } from '../../model/token-store.ts'
import { AuthenticationError } from '../errors.ts'
import type { Credential } from './authenticator.ts'
import { MemoryTokenStore } from './memory-token-store.ts'
import { type IssuedToken, TokenManager } from './token-manager.ts'

interface Fixture {
  readonly manager: TokenManager
  /** Refresh tokens that were used, in order. */
  readonly asked: (string | undefined)[]
  readonly time: { ms: number }
  authorization(): Promise<string | undefined>
}

function fixture(
  options: {
    store?: TokenStore
    response?: (count: number) => Promise<IssuedToken>
    time?: { ms: number }
  } = {},
): Fixture {
  const time = options.time ?? { ms: 1_000_000 }
  const asked: (string | undefined)[] = []
  const give = async (count: number): Promise<IssuedToken> => ({
    accessToken: `a${count}`,
    refreshToken: `r${count}`,
    lifeSeconds: 600,
  })
  const manager = new TokenManager(
    {
      name: 'test',
      key: 'k',
      request: (current) => {
        asked.push(current?.refreshToken)
        return (options.response ?? give)(asked.length)
      },
    },
    options.store ?? new MemoryTokenStore(),
    { now: () => time.ms, monotonic: () => time.ms },
  )
  const authorization = async (): Promise<string | undefined> => {
    const credential: Credential = await manager.credential()
    return credential.headers?.authorization
  }
  return { manager, asked, time, authorization }
}

test('a token about to expire is still used while its successor is fetched', async () => {
  const { authorization, asked, time } = fixture()
  expect(await authorization()).toBe('Bearer a1')
  time.ms += 580_000
  expect(await authorization()).toBe('Bearer a1')
  await new Promise(setImmediate)
  expect(asked).toEqual([undefined, 'r1'])
  expect(await authorization()).toBe('Bearer a2')
})

test('a renewal ahead of time that fails costs nobody anything, and is tried again after a while', async () => {
  const { authorization, asked, time } = fixture({
    response: async (count) => {
      if (count === 2)
        throw new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', 'down', { outcome: 'not-sent' })
      return { accessToken: `a${count}`, lifeSeconds: 600 }
    },
  })
  await authorization()
  time.ms += 580_000
  for (let call = 0; call < 5; call += 1) expect(await authorization()).toBe('Bearer a1')
  expect(asked).toHaveLength(2)
  time.ms += 6_000
  expect(await authorization()).toBe('Bearer a1')
  await new Promise(setImmediate)
  expect(await authorization()).toBe('Bearer a3')
})

test('a token renewed by another process is used without a request', async () => {
  const store = new MemoryTokenStore()
  const time = { ms: 1_000_000 }
  const one = fixture({ store, time })
  const other = fixture({ store, time })
  await one.authorization()
  expect(await other.authorization()).toBe('Bearer a1')
  one.manager.refused(1)
  await one.authorization()
  other.manager.refused(1)
  expect(await other.authorization()).toBe('Bearer a2')
  expect(other.asked).toEqual([])
})

test('after the server refused the credential it is left alone for a minute', async () => {
  let refuse = true
  const { authorization, asked, time } = fixture({
    response: async () => {
      if (refuse)
        throw new AuthenticationError('HTTP_TOKEN_REFUSED', 'invalid_client', { outcome: 'not-sent' })
      return { accessToken: 'a', lifeSeconds: 600 }
    },
  })
  await expect(authorization()).rejects.toThrow('invalid_client')
  await expect(authorization()).rejects.toThrow('invalid_client')
  expect(asked).toHaveLength(1)
  refuse = false
  time.ms += 61_000
  expect(await authorization()).toBe('Bearer a')
})

test('a token that the store could not keep is kept before another one is asked for', async () => {
  const memory = new MemoryTokenStore()
  let broken = true
  const store: TokenStore = {
    read: (key) => memory.read(key),
    renew: async (key, decide) => {
      if (!broken) return memory.renew(key, decide)
      await decide(await memory.read(key))
      throw new RangeError('canary: the database is away')
    },
  }
  const { authorization, asked } = fixture({ store })
  const error = await authorization().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'HTTP_TOKEN_UNAVAILABLE', retry: 'backoff', outcome: 'not-sent' })
  expect(String(error)).not.toContain('canary')
  broken = false
  expect(await authorization()).toBe('Bearer a1')
  expect(asked).toHaveLength(1)
})
