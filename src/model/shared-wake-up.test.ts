import fc from 'fast-check'
import { expect, test } from 'vitest'
import { untilSharedWakeUp } from './shared-wake-up.ts'

test('waits that were begun at different times end at the same moment', () => {
  const ends = [3, 1_200, 4_990].map((now) => now + untilSharedWakeUp(15_000, now))
  expect(ends).toEqual([15_000, 15_000, 15_000])
})

test('a short wait is exact', () => {
  expect(untilSharedWakeUp(4_999, 17)).toBe(4_999)
  expect(untilSharedWakeUp(Number.POSITIVE_INFINITY, 17)).toBe(Number.POSITIVE_INFINITY)
})

test('no wait is lengthened by more than its own step, nor shortened to nothing', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 5_000, max: 1e9, noNaN: true }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      (ms, now) => {
        const wait = untilSharedWakeUp(ms, now)
        expect(wait).toBeGreaterThanOrEqual(1_000)
        expect(wait).toBeLessThanOrEqual(Math.max(ms, 6_000))
      },
    ),
  )
})
