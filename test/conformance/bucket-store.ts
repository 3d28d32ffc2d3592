/** The suite for every store of shared rate limits. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Bucket, BucketStore } from '../../src/model/bucket-store.ts'

export function testBucketStore(name: string, open: () => readonly BucketStore[]): void {
  let count = 0
  let bucket: Bucket
  beforeEach(() => {
    count += 1
    bucket = { key: `limit ${count}`, intervalMs: 100_000, toleranceMs: 900_000 }
  })
  const first = (): BucketStore => open()[0] ?? expect.fail('no store')

  describe(`bucket store: ${name}`, () => {
    test('grants what is available and reports when there is more', async () => {
      expect(await first().take([bucket], 4)).toEqual({ taken: 4, waitMs: 0 })
      const grant = await first().take([bucket], 10)
      expect(grant.taken).toBe(6)
      expect(grant.waitMs).toBeGreaterThan(90_000)
      expect(grant.waitMs).toBeLessThanOrEqual(100_000)
      expect((await first().take([bucket], 1)).taken).toBe(0)
    })

    test('takes from all buckets as many as the most limited one has', async () => {
      const tight = { ...bucket, key: `${bucket.key} tight`, toleranceMs: 100_000 }
      expect((await first().take([bucket, tight], 5)).taken).toBe(2)
      expect((await first().take([bucket], 20)).taken).toBe(8)
    })

    test('keeps a reserve for calls with less tolerance', async () => {
      expect((await first().take([{ ...bucket, toleranceMs: 400_000 }], 20)).taken).toBe(5)
      expect((await first().take([bucket], 20)).taken).toBe(5)
    })

    test('grants nothing during a pause, whose end can only be extended', async () => {
      await first().pause([bucket.key], 60_000)
      await first().pause([bucket.key], 1_000)
      const grant = await first().take([bucket], 1)
      expect(grant.taken).toBe(0)
      expect(grant.waitMs).toBeGreaterThan(50_000)
    })

    test('regains capacity over time', async () => {
      const quick = { ...bucket, intervalMs: 50, toleranceMs: 0 }
      // On a slow machine the next one may be there again at once.
      let grant = await first().take([quick], 1)
      for (let asked = 1; grant.taken === 1 && asked < 1_000; asked += 1)
        grant = await first().take([quick], 1)
      expect(grant.taken).toBe(0)
      await new Promise((resolve) => setTimeout(resolve, grant.waitMs + 5))
      expect((await first().take([quick], 1)).taken).toBe(1)
    })

    test('never grants more than the limit to concurrent processes', async () => {
      const stores = open()
      const grants = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          (stores[index % stores.length] ?? first()).take([bucket], 1 + (index % 3)),
        ),
      )
      expect(grants.reduce((sum, { taken }) => sum + taken, 0)).toBe(10)
    })
  })
}
