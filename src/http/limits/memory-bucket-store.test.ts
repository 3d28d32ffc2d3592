import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { testBucketStore } from '../../../test/conformance/bucket-store.ts'
import type { BucketStore } from '../../model/bucket-store.ts'
import type { Priority } from '../call.ts'
import { Stop } from '../stop.ts'
import { MemoryBucketStore } from './memory-bucket-store.ts'
import { RateLimiter } from './rate-limiter.ts'

const memory = new MemoryBucketStore()
testBucketStore('memory', () => [memory])

async function starts(limiter: RateLimiter, lane: Priority, count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const grant = await limiter.acquire({ lane, stop: new Stop(), deadlineAt: Number.POSITIVE_INFINITY })
      if ('refused' in grant) return expect.fail(grant.refused)
      const at = performance.now()
      grant.release()
      return at
    }),
  )
}

const monotonic = (): number => performance.now()

/** Advances virtual time until the work is done, by at most a minute. */
async function passTime<Result>(work: Promise<Result>): Promise<Result> {
  let isDone = false
  const end = (): void => {
    isDone = true
  }
  work.then(end, end)
  for (let ms = 0; ms < 60_000 && !isDone; ms += 1) await vi.advanceTimersByTimeAsync(1)
  return work
}

/** Everything here uses virtual time, so the load of the machine does not count as elapsed time. */
describe('limiters that share buckets', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('two limiters that share buckets keep one limit together, and use it', async () => {
    const shared = { store: new MemoryBucketStore(), key: 'crm' }
    const limit = { requests: 20, perMs: 400 }
    const limiters = [1, 2].map(() => new RateLimiter({ rates: [limit], shared, learn: false }, monotonic))
    const startedAt = performance.now()
    const times = (
      await passTime(Promise.all(limiters.map((limiter) => starts(limiter, 'batch', 20))))
    ).flat()
    for (const from of times) {
      expect(times.filter((at) => at >= from && at < from + limit.perMs).length).toBeLessThanOrEqual(20)
    }
    expect(performance.now() - startedAt).toBeLessThan(2_500)
  })

  test('while the store is away each process keeps the limit by itself', async () => {
    let asked = 0
    const store: BucketStore = {
      take: async () => {
        asked += 1
        throw new DOMException('away', 'NetworkError')
      },
      pause: async () => undefined,
    }
    const rates = [{ requests: 10, perMs: 200 }]
    const limiter = new RateLimiter({ rates, shared: { store, key: 'crm' }, learn: false }, monotonic)
    const times = await passTime(starts(limiter, 'hand', 15))
    expect(asked).toBe(1)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(200)
  })

  test('a pause that one process was asked for holds the others back', async () => {
    const shared = { store: new MemoryBucketStore(), key: 'crm' }
    const rates = [{ requests: 1_000, perMs: 1_000 }]
    const [one, other] = [1, 2].map(() => new RateLimiter({ rates, shared, learn: false }, monotonic))
    one?.pause(300)
    await vi.advanceTimersByTimeAsync(5)
    const startedAt = performance.now()
    if (other !== undefined) await passTime(starts(other, 'hand', 1))
    expect(performance.now() - startedAt).toBeGreaterThan(200)
  })
})
