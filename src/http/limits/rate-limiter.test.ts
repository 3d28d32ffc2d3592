import { expect, test, vi } from 'vitest'
import type { Priority } from '../call.ts'
import { Stop } from '../stop.ts'
import { Gcra } from './gcra.ts'
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

/** Runs the work on virtual time, so that the load of the machine does not count. */
async function onVirtualTime<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers()
  try {
    const result = work()
    await vi.advanceTimersByTimeAsync(10_000)
    return await result
  } finally {
    vi.useRealTimers()
  }
}

test('no window of the limit ever sees more requests than it allows, and the limit is used', async () => {
  const limit = { requests: 20, perMs: 400 }
  const { go } = limiterOf({ rates: [limit] })
  const [startedAt, times] = await onVirtualTime(async () => [
    performance.now(),
    await Promise.all(Array.from({ length: 60 }, () => go('batch'))),
  ])
  times.sort((a, b) => a - b)
  for (const from of times) {
    const inWindow = times.filter((at) => at >= from && at < from + limit.perMs).length
    expect(inWindow).toBeLessThanOrEqual(limit.requests)
  }
  // Three windows at the full rate take 1,200 ms; 3 % are reserved for requests that arrive closer together
  // than they were sent.
  expect(Math.max(...times) - startedAt).toBeLessThan(1_300)
})

test('holds several limits at once', async () => {
  const { go } = limiterOf({
    rates: [
      { requests: 1000, perMs: 1_000 },
      { requests: 5, perMs: 200 },
    ],
  })
  const times = await onVirtualTime(() => Promise.all(Array.from({ length: 10 }, () => go('batch'))))
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

test.each([1, 2, 20, 50, 100])(
  'a burst of %d of 100 per second never lowers the rate, nor breaks a window',
  (burst) => {
    const rate = new Gcra({ requests: 100, perMs: 1_000, burst })
    const starts: number[] = []
    let now = 0
    while (now < 20_000) {
      const waitMs = rate.waitMs(now, 0)
      now += waitMs
      rate.take(now)
      starts.push(now)
    }
    expect(starts.filter((at) => at < 1).length).toBe(burst)
    // 3 % are reserved for requests that arrive closer together than they were sent.
    expect(starts.length).toBeGreaterThanOrEqual(20 * 97 - 1)
    for (const [index, from] of starts.entries()) {
      const next = starts[index + 100]
      if (next !== undefined) expect(next - from).toBeGreaterThanOrEqual(1_000)
    }
  },
)

test.each([1, 30, 100])('with a burst of %d, who queues is told how long it takes at least', (burst) => {
  const rate = new Gcra({ requests: 100, perMs: 1_000, burst })
  const reported = Array.from({ length: 350 }, (_, ahead) => rate.waitMs(0, 0, ahead))
  let now = 0
  for (const waitMs of reported) {
    now += rate.waitMs(now, 0)
    expect(waitMs).toBeLessThanOrEqual(now + 0.001)
    expect(waitMs).toBeGreaterThanOrEqual(now - 1_031)
    rate.take(now)
  }
})

test('a call whose place in the queue comes after its deadline is refused at once', async () => {
  let now = 0
  const limiter = new RateLimiter(
    { rates: [{ requests: 10, perMs: 1_000, burst: 1 }], learn: false },
    () => now,
  )
  const stop = new Stop()
  const ask = (deadlineAt: number, lane: Priority = 'webhook') => {
    const grant = limiter.acquire({ lane, stop, deadlineAt })
    // Those still waiting at the end are stopped.
    if (grant instanceof Promise) grant.catch(() => undefined)
    return grant
  }
  const waiting = Array.from({ length: 20 }, () => ask(never))
  const refusal = ask(1_500)
  expect(refusal).toMatchObject({ refused: 'too-late' })
  expect(Reflect.get(Object(refusal), 'waitMs')).toBeGreaterThan(1_900)
  // A call with higher priority, or with enough time, still gets to wait.
  expect(ask(1_500, 'hand')).toBeInstanceOf(Promise)
  expect(ask(3_000)).toBeInstanceOf(Promise)
  now = 10_000
  await Promise.race(waiting)
  stop.trigger(new DOMException('enough', 'AbortError'))
})

test('a call that is stopped while it waits leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const { limiter } = limiterOf({ rates: [{ requests: 1, perMs: 86_400_000 }] })
  const stop = new Stop()
  await limiter.acquire({ lane: 'hand', stop, deadlineAt: never })
  const before = timers()
  const waiting = limiter.acquire({ lane: 'hand', stop, deadlineAt: never })
  expect(timers()).toBe(before + 1)
  stop.trigger(new DOMException('enough', 'AbortError'))
  await expect(waiting).rejects.toThrow('enough')
  expect(timers()).toBe(before)
})

test('a refusal of one part of an API holds that part back, and a second one all of it', async () => {
  let now = 0
  const limiter = new RateLimiter({ learn: false }, () => now)
  const ask = (scope: string) =>
    limiter.acquire({ lane: 'hand', stop: new Stop(), deadlineAt: now + 100, scope })
  limiter.pause(60_000, 'read search')
  expect(ask('read search')).toMatchObject({ refused: 'too-late', waitMs: 60_000 })
  expect(ask('read users')).toHaveProperty('release')
  limiter.pause(30_000, 'read users')
  expect(ask('read orders')).toMatchObject({ refused: 'too-late', waitMs: 60_000 })
  now = 60_000
  expect(ask('read search')).toHaveProperty('release')
})

test('a limit that only one part of an API tells of is not one of the others', () => {
  const limiter = new RateLimiter({}, () => 0)
  const usedUp = { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '50' }
  const ask = (scope: string) => limiter.acquire({ lane: 'hand', stop: new Stop(), deadlineAt: 100, scope })
  limiter.learn({}, 0, { scope: 'read users', isRefusal: false })
  limiter.learn(usedUp, 0, { scope: 'read search', isRefusal: true })
  expect(ask('read search')).toMatchObject({ refused: 'too-late' })
  expect(ask('read users')).toHaveProperty('release')
  expect(ask('read orders')).toHaveProperty('release')
  limiter.learn(usedUp, 0, { scope: 'read users', isRefusal: false })
  expect(ask('read orders')).toMatchObject({ refused: 'too-late' })
})
