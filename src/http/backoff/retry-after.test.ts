import { expect, test } from 'vitest'
import { fullJitterMs } from './full-jitter.ts'
import { retryAfterMs, waitAskedFor } from './retry-after.ts'

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
  ['1.', 1_000],
  ['.25', 250],
  ['+3', 3_000],
  ['0.0001', 1],
  ['Thursday, 01-Jan-26 00:00:09 GMT', 9_000],
  ['Thu Jan  1 00:00:09 2026', 9_000],
  ['thu, 01 jan 2026 00:00:09 gmt', 9_000],
  ['2026-01-01T00:00:09Z', 9_000],
  ['2026-01-01T01:00:09+01:00', 9_000],
  ['', undefined],
  ['-5', undefined],
  ['-0', undefined],
  ['1e3', undefined],
  ['0x10', undefined],
  ['Infinity', undefined],
  ['NaN', undefined],
  ['5, 10', 10_000],
  ['10, 5', 10_000],
  ['-5, 10, soon', 10_000],
  ['120, Thu, 01 Jan 2026 00:00:09 GMT', 120_000],
  ['Thu, 01 Jan 2026 00:00:09 GMT, Thursday, 01-Jan-26 00:00:19 GMT, 3', 19_000],
  ['"7"', 7_000],
  ['5s', 5_000],
  ['120 seconds', 120_000],
  ['2 minutes', 120_000],
  ['1500ms', 1_500],
  ['2026-01-01T00:00:09', 9_000],
  ['Thu, 01 Foo 2026 00:00:09 GMT', undefined],
  ['Thu, 32 Jan 2026 00:00:09 GMT', undefined],
  ['Thu, 01 Jan 2026 00:00:09 PST', 8 * 3_600_000 + 9_000],
  ['Thu, 01 Jan 2026 00:00:09 -0100', 3_600_000 + 9_000],
  ['Thu, 01 Jan 2026 00:00:09', 9_000],
  ['Thu Jan 01 00:00:09 2026', 9_000],
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

test("a date is compared with the other side's clock, so that a clock of ours that runs ahead does not come back early", () => {
  const theirs = now - 60_000
  const at = new Date(theirs + 30_000).toUTCString()
  expect(retryAfterMs(at, now, new Date(theirs).toUTCString())).toBe(30_000)
  expect(retryAfterMs(at, now, 'no date')).toBe(0)
})

test.each<[Record<string, string>, unknown, number | undefined]>([
  [{ 'retry-after-ms': '1500' }, undefined, 1_500],
  [{ 'retry-after-ms': '2500', 'retry-after': '2' }, undefined, 2_500],
  [{ 'retry-after-ms': '1500', 'retry-after': '2' }, undefined, 2_000],
  [{ 'x-ms-retry-after-ms': '300' }, undefined, 300],
  [{ 'x-retry-after': '4' }, undefined, 4_000],
  [{ 'retry-after': '1' }, { retry_after: 60 }, 1_000],
  [{}, { retry_after: 0.25 }, 250],
  [{}, { retryAfterMs: 700 }, 700],
  [{}, { parameters: { retry_after: 35 } }, 35_000],
  [{}, { error: { details: [{ '@type': 'x' }, { retryDelay: '34.5s' }] } }, 34_500],
  [{}, { retry_after: null }, undefined],
  [{}, 'later', undefined],
])('a response with %j and the body %j asks for %j ms', (headers, body, expected) => {
  expect(waitAskedFor({ headers, body }, now)).toBe(expected)
})
