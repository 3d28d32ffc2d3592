import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { World } from '../../test/support/engine-fixture.ts'
import { hashSecret } from '../runtime/access-secrets.ts'
import { createOutput } from './output.ts'
import { createProgram } from './program.ts'

let world: World

beforeEach(() => {
  world = new World().start()
})
afterEach(() => world.stop())

/** Runs a command on the world's store. */
async function isthmus(...words: readonly string[]) {
  let out = ''
  let err = ''
  let code: number | undefined
  const program = await createProgram({
    version: '0.0.0',
    exit: (given) => {
      code = given
    },
    createContext: ({ json }) => ({
      output: createOutput({
        json: json === true,
        out: { write: (text: string) => (out += text) },
        err: { write: (text: string) => (err += text) },
        noColour: true,
        monotonic: () => 0,
      }),
      actor: 'ada',
      directory: '.',
      untilStopped: () => new AbortController().signal,
      open: async () => ({
        integration: world.integration,
        store: world.store,
        now: async () => world.scheduler.now,
        close: async () => undefined,
        exportMasterKey: () => new Uint8Array(32),
      }),
    }),
  })
  await program.parseAsync(words, { from: 'user' })
  return { out, err, code }
}

describe('isthmus tokens', () => {
  test('creates a token that is found by its secret, shown once, and lists and revokes it', async () => {
    const created = await isthmus(
      '--json',
      'tokens',
      'create',
      'ci',
      '--role',
      'viewer,operator',
      '--days',
      '7',
    )
    expect(created.code).toBe(0)
    const { secret, ...token } = JSON.parse(created.out)
    expect(token).toMatchObject({ name: 'ci', roles: ['viewer', 'operator'], createdBy: 'ada' })
    expect(token.expiresAt).toBe(world.scheduler.now + 7 * 86_400_000)
    expect(await world.store.admin.findAccessToken(hashSecret(secret))).toMatchObject({ name: 'ci' })
    const listed = await isthmus('tokens', 'list')
    expect(listed.out).toContain('viewer, operator')
    expect(listed.out).not.toContain(secret)
    expect((await isthmus('tokens', 'revoke', 'ci')).code).toBe(0)
    expect(await world.store.admin.findAccessToken(hashSecret(secret))).toBeUndefined()
    expect((await isthmus('tokens', 'list')).out).toContain('revoked')
  })

  test.each([
    ['a name with capitals', ['CI', '--role', 'viewer'], 'lower-case letters'],
    ['no role', ['ci'], 'name at least one role with --role: viewer'],
  ])('refuses %s', async (_what, words, message) => {
    const refused = await isthmus('tokens', 'create', ...words)
    expect(refused.code).not.toBe(0)
    expect(refused.err).toContain(message)
    expect(await world.store.admin.accessTokens()).toEqual([])
  })

  test('refuses a name that is taken, and an unknown one', async () => {
    await isthmus('tokens', 'create', 'ci', '--role', 'viewer')
    expect((await isthmus('tokens', 'create', 'ci', '--role', 'viewer')).err).toContain(
      'there is a token "ci" already',
    )
    expect((await isthmus('tokens', 'revoke', 'nobody')).err).toContain('there is no token "nobody"')
  })
})
