import { expect, test } from 'vitest'
import { fullJitterMs } from './full-jitter.ts'
import { retryAfterMs } from './retry-after.ts'

const now = Date.UTC(2026, 0, 1)
const month = 30 * 86_400_000

test.each([
  ['0', 0],
  ['120', 120_000],
  ['0.5', 500],
  [' 7 ', 7_000],
  [new Date(now + 9_000).toUTCString(), 9_000],
  [new Date(now - 9_000).toUTCString(), 0],
  ['9'.repeat(400), month],
  ['Fri, 31 Dec 9999 23:59:59 GMT', month],
  ['', undefined],
  ['soon', undefined],
  ['-5 apples', undefined],
  [undefined, undefined],
])('Retry-After %j is %j ms', (value, expected) => {
  expect(retryAfterMs(value, now)).toBe(expected)
})

test('a wait is anything below a bound that doubles up to the cap', () => {
  const options = { baseMs: 100, capMs: 1_000 }
  expect([1, 2, 3, 4, 5, 500].map((attempt) => fullJitterMs(attempt, options, 0.999_999))).toEqual([
    99, 199, 399, 799, 999, 999,
  ])
  expect(fullJitterMs(3, options, 0)).toBe(0)
})
