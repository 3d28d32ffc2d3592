import { describe, expect, test } from 'vitest'
import { createClock } from './clock.ts'

describe('createClock', () => {
  test('follows the clock of the database after it was aligned', async () => {
    const clock = createClock()
    await clock.align(async () => 5_000_000)
    expect(clock.now()).toBeGreaterThanOrEqual(4_999_000)
    expect(clock.now()).toBeLessThan(5_060_000)
  })

  test('ends a sleep early when its signal aborts, without rejecting', async () => {
    const clock = createClock()
    const controller = new AbortController()
    const sleeping = clock.sleep(60_000, controller.signal)
    controller.abort()
    await expect(sleeping).resolves.toBeUndefined()
    await expect(clock.sleep(60_000, controller.signal)).resolves.toBeUndefined()
  })

  test('runs deferred work in a later turn', async () => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      createClock().defer(() => {
        order.push('deferred')
        resolve()
      })
      queueMicrotask(() => order.push('microtask'))
      order.push('now')
    })
    expect(order).toEqual(['now', 'microtask', 'deferred'])
  })
})
