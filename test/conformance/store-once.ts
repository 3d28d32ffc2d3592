/** Actions that are done once, however often they are asked for. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenHarness, StoreHarness } from './store-kit.ts'

export function describeOnce(open: OpenHarness): void {
  describe('an action with a key', () => {
    let harness: StoreHarness
    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    const request = { caller: 'ada', key: 'k1', digest: new Uint8Array(32).fill(1) }
    const lines = async () => {
      const { admin } = harness.store
      const counts = [await admin.verifyChain('journal', []), await admin.verifyChain('audit', [])]
      for (const { brokenAt } of counts) expect(brokenAt).toBeUndefined()
      return counts.map((chain) => chain.lines)
    }

    test('is done once; a repeat gets the response of the first, also in another process', async () => {
      const { store, other } = harness
      let runs = 0
      const work = async () => {
        runs += 1
        return { count: runs, paused: await store.admin.pause('ada') }
      }
      const response = { count: 1, paused: true }
      expect(await store.admin.once(request, work)).toEqual({ kind: 'done', response })
      expect(await store.admin.once(request, work)).toEqual({ kind: 'repeated', response })
      expect(await other.admin.once(request, work)).toEqual({ kind: 'repeated', response })
      expect(runs).toBe(1)
      expect(await lines()).toEqual([1, 1])
    })

    test('is done once when it is asked for many times at once', async () => {
      const { store, other } = harness
      let runs = 0
      const outcomes = await Promise.all(
        [store, other, store, other].map(({ admin }) =>
          admin.once(request, async () => {
            runs += 1
            await admin.pause('ada')
            await admin.resume('ada')
          }),
        ),
      )
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['done', 'repeated', 'repeated', 'repeated'])
      expect(runs).toBe(1)
      expect(await lines()).toEqual([2, 2])
    })

    test('is another one with another key or caller, and refused with another content', async () => {
      const { admin } = harness.store
      await admin.once(request, async () => 1)
      expect(await admin.once({ ...request, key: 'k2' }, async () => 2)).toMatchObject({ response: 2 })
      expect(await admin.once({ ...request, caller: 'bob' }, async () => 3)).toMatchObject({ response: 3 })
      const digest = new Uint8Array(32).fill(2)
      expect(await admin.once({ ...request, digest }, async () => 4)).toEqual({ kind: 'different' })
    })
  })
}
