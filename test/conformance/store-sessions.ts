/** Sessions of people at the admin API. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenHarness, StoreHarness } from './store-kit.ts'

const idle = 60_000

export function describeSessions(open: OpenHarness): void {
  describe('sessions', () => {
    let harness: StoreHarness
    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    const hashOf = (byte: number) => new Uint8Array(32).fill(byte)
    const draftOf = async (byte: number, ms = 3_600_000) => ({
      hash: hashOf(byte),
      kind: 'local' as const,
      actor: 'local:ada',
      name: 'ada',
      roles: ['viewer', 'admin'],
      address: '127.0.0.1',
      expiresAt: (await harness.store.now()) + ms,
    })

    test('a session is found by the hash of its secret until it ends, expires, or is idle', async () => {
      const { admin } = harness.store
      const session = await admin.startSession(await draftOf(1))
      expect(session).toMatchObject({ name: 'ada', roles: ['viewer', 'admin'], address: '127.0.0.1' })
      expect(await admin.findSession(hashOf(1), idle)).toMatchObject({ id: session.id })
      expect(await admin.findSession(hashOf(2), idle)).toBeUndefined()
      expect(await admin.findSession(hashOf(1), 0)).toBeUndefined()
      await admin.startSession(await draftOf(3, -1))
      expect(await admin.findSession(hashOf(3), idle)).toBeUndefined()
      expect((await admin.sessions(idle)).map(({ id }) => id)).toEqual([session.id])
      expect(await admin.endSession(session.id, 'bob')).toBe(true)
      expect(await admin.findSession(hashOf(1), idle)).toBeUndefined()
      for (const unknown of [session.id, '999', 'x', ''])
        expect(await admin.endSession(unknown, 'bob')).toBe(false)
      expect(await admin.sessions(idle)).toEqual([])
    })

    test('a new session ends the one that the browser had', async () => {
      const { admin } = harness.store
      await admin.startSession(await draftOf(1))
      await admin.startSession({ ...(await draftOf(2)), replaces: hashOf(1) })
      expect(await admin.findSession(hashOf(1), idle)).toBeUndefined()
      expect(await admin.findSession(hashOf(2), idle)).toBeDefined()
    })

    test('their beginning and their end are journaled', async () => {
      const { admin } = harness.store
      const { id } = await admin.startSession(await draftOf(1))
      await admin.endSession(id, 'bob')
      const lines = (await admin.journal({ limit: 5 })).map(({ actor, body }) => ({ actor, body }))
      expect(lines).toEqual([
        {
          actor: 'local:ada',
          body: { signedIn: 'ada', by: 'local', roles: ['viewer', 'admin'], address: '127.0.0.1' },
        },
        { actor: 'bob', body: { endedSession: id } },
      ])
    })
  })
}
