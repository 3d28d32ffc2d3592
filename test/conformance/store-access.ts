/** Tokens of the admin API, and the record of values that were shown. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenHarness, StoreHarness } from './store-kit.ts'

const day = 86_400_000

export function describeAccess(open: OpenHarness): void {
  describe('access', () => {
    let harness: StoreHarness
    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    const draftOf = async (name: string, byte: number, days = 1) => ({
      name,
      hash: new Uint8Array(32).fill(byte),
      roles: ['viewer', 'operator'],
      expiresAt: (await harness.store.now()) + days * day,
    })
    const bodies = async () =>
      (await harness.store.admin.journal({ limit: 20 })).map(({ kind, actor, body }) => ({
        kind,
        actor,
        body,
      }))

    test('a token is found by the hash of its secret, and its use is recorded', async () => {
      const { admin } = harness.store
      const draft = await draftOf('ci', 1)
      const created = await admin.createAccessToken(draft, 'ada')
      expect(created).toMatchObject({ name: 'ci', roles: ['viewer', 'operator'], createdBy: 'ada' })
      expect(created).not.toHaveProperty('lastUsedAt')
      expect(await admin.findAccessToken(draft.hash)).toMatchObject({
        name: 'ci',
        expiresAt: draft.expiresAt,
      })
      expect(await admin.findAccessToken(new Uint8Array(32).fill(2))).toBeUndefined()
      expect((await admin.accessTokens())[0]?.lastUsedAt).toBeGreaterThan(0)
      expect(JSON.stringify(await admin.accessTokens())).not.toContain('hash')
    })

    test('a name is unique until its token is revoked, and a revoked or expired token is not found', async () => {
      const { admin } = harness.store
      await admin.createAccessToken(await draftOf('ci', 1), 'ada')
      expect(await admin.createAccessToken(await draftOf('ci', 2), 'ada')).toBeUndefined()
      expect(await admin.findAccessToken(new Uint8Array(32).fill(2))).toBeUndefined()
      expect(await admin.revokeAccessToken('ci', 'bob')).toBe(true)
      expect(await admin.revokeAccessToken('ci', 'bob')).toBe(false)
      expect(await admin.findAccessToken(new Uint8Array(32).fill(1))).toBeUndefined()
      await admin.createAccessToken(await draftOf('ci', 3), 'ada')
      await admin.createAccessToken(await draftOf('old', 4, -1), 'ada')
      expect(await admin.findAccessToken(new Uint8Array(32).fill(4))).toBeUndefined()
      const rows = await admin.accessTokens()
      expect(rows.map(({ name, revokedAt }) => [name, revokedAt !== undefined])).toEqual([
        ['old', false],
        ['ci', false],
        ['ci', true],
      ])
    })

    test('creating, revoking and showing values are journaled with their actor', async () => {
      const { admin } = harness.store
      const draft = await draftOf('ci', 1)
      await admin.createAccessToken(draft, 'ada')
      await admin.revokeAccessToken('ci', 'bob')
      await admin.revokeAccessToken('ci', 'bob')
      await admin.recordDisclosure(
        { route: 'getRecord', recordIds: ['r1'], address: '127.0.0.1' },
        'token:ci',
      )
      expect(await bodies()).toEqual([
        {
          kind: 'person',
          actor: 'ada',
          body: { createdToken: 'ci', roles: ['viewer', 'operator'], expiresAt: expect.anything() },
        },
        { kind: 'person', actor: 'bob', body: { revokedToken: 'ci' } },
        {
          kind: 'disclosure',
          actor: 'token:ci',
          body: { route: 'getRecord', recordIds: ['r1'], address: '127.0.0.1' },
        },
      ])
      expect(await admin.verifyJournal()).toMatchObject({ lines: 3 })
    })
  })
}
