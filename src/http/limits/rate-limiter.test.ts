import { expect, test } from 'vitest'
import type { Priority } from '../call.ts'
import { Stop } from '../stop.ts'
import { type LimitOptions, RateLimiter } from './rate-limiter.ts'

const never = Number.POSITIVE_INFINITY

function limiterOf(options: LimitOptions): { limiter: RateLimiter; go: (lane: Priority) => Promise<number> } {
  const limiter = new RateLimiter(options, () => performance.now())
  const go = async (lane: Priority): Promise<number> => {
    const grant = await limiter.acquire({ lane, stop: new Stop(), deadlineAt: never })
    if ('refused' in grant) return expect.fail(grant.refused)
    const at = performance.now()
    grant.release()
    return at
  }
  return { limiter, go }
}

test('no window of the limit ever sees more requests than it allows, and the limit is used', async () => {
  const limit = { requests: 20, perMs: 400 }
  const { go } = limiterOf({ rates: [limit] })
  const startedAt = performance.now()
  const times = await Promise.all(Array.from({ length: 60 }, () => go('batch')))
  times.sort((a, b) => a - b)
  for (const from of times) {
    const inWindow = times.filter((at) => at >= from && at < from + limit.perMs).length
    expect(inWindow).toBeLessThanOrEqual(limit.requests)
  }
  // 87 % of what is allowed would take 1380 ms; the rest is room for a busy machine.
  expect(performance.now() - startedAt).toBeLessThan(4_000)
})

test('holds several limits at once', async () => {
  const { go } = limiterOf({
    rates: [
      { requests: 1000, perMs: 1_000 },
      { requests: 5, perMs: 200 },
    ],
  })
  const times = await Promise.all(Array.from({ length: 10 }, () => go('batch')))
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(200)
})

test('lets the more urgent lane go first', async () => {
  const { limiter, go } = limiterOf({ concurrency: 1 })
  const first = await limiter.acquire({ lane: 'batch', stop: new Stop(), deadlineAt: never })
  const order: string[] = []
  const waiting = (['batch', 'webhook', 'hand'] as const).map((lane) => go(lane).then(() => order.push(lane)))
  if (!('refused' in first)) first.release()
  await Promise.all(waiting)
  expect(order).toEqual(['hand', 'webhook', 'batch'])
})

test('keeps the reserve for the lane of people', async () => {
  const { limiter } = limiterOf({ rates: [{ requests: 100, perMs: 60_000, burst: 10 }], reserve: 0.5 })
  const take = (lane: Priority) =>
    limiter.acquire({ lane, stop: new Stop(), deadlineAt: performance.now() + 1 })
  let granted = 0
  while (granted < 100 && !('refused' in (await take('batch')))) granted += 1
  expect(granted).toBeLessThanOrEqual(6)
  expect(await take('hand')).not.toHaveProperty('refused')
})

test('refuses at the door when the queue is full or the turn would come too late', async () => {
  const { limiter } = limiterOf({ rates: [{ requests: 1, perMs: 60_000 }], maxWaiting: 1 })
  await limiter.acquire({ lane: 'hand', stop: new Stop(), deadlineAt: never })
  expect(
    await limiter.acquire({ lane: 'hand', stop: new Stop(), deadlineAt: performance.now() + 10 }),
  ).toMatchObject({
    refused: 'too-late',
  })
  const stop = new Stop()
  const waiting = limiter.acquire({ lane: 'hand', stop, deadlineAt: never })
  expect(await limiter.acquire({ lane: 'hand', stop: new Stop(), deadlineAt: never })).toMatchObject({
    refused: 'queue-full',
  })
  stop.trigger(new DOMException('enough', 'AbortError'))
  await expect(waiting).rejects.toThrow('enough')
  expect(limiter.usage.waiting).toBe(0)
})
