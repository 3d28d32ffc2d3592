/** Runs in several time zones of the process (`vitest.config.ts`): no test may depend on the zone. */
import { expect, test } from 'vitest'
import { formatTime, serverTimeOf, timeAt } from './times.ts'

const at = (text: unknown, spelling: Parameters<typeof timeAt>[2]): number | undefined =>
  timeAt({ text }, ['text'], spelling)

test.each([
  '2026-11-29T13:00:00Z',
  '2026-11-29 13:00:00',
  '2026-11-29 13:00',
  '2026-11-29T13:00:00,000',
  '20261129T130000',
  '2026-11-29 08:00:00-05',
  'Sun, 29 Nov 2026 13:00:00 GMT',
])('a time of change spelt %s is one moment everywhere', (text) => {
  expect(at(text, { format: 'iso' })).toBe(Date.UTC(2026, 10, 29, 13))
})

test('a declared zone holds for texts that name none', () => {
  const newYork = { format: 'iso', timeZone: 'America/New_York' } as const
  expect(at('2026-11-29 13:00:00', newYork)).toBe(Date.UTC(2026, 10, 29, 18))
  expect(at('2026-11-29 13:00:00Z', newYork)).toBe(Date.UTC(2026, 10, 29, 13))
  expect(at('2026-11-29', newYork)).toBe(Date.UTC(2026, 10, 29, 5))
})

test('a day and month in doubt is no time', () => {
  expect(at('11/12/2026 13:00:00', { format: 'iso' })).toBeUndefined()
})

test('epochs may have a fraction', () => {
  expect(at('1795957200.25', { format: 'epochSeconds' })).toBe(1_795_957_200_250)
})

test('a feed is asked in the spelling of its own times', () => {
  const ms = Date.UTC(2026, 10, 29, 13, 0, 0, 250)
  expect(formatTime(ms, { format: 'iso' })).toBe('2026-11-29T13:00:00.250Z')
  expect(formatTime(ms, { format: 'sql' })).toBe('2026-11-29 13:00:00.250')
  expect(formatTime(ms, { format: 'sql', timeZone: 'Asia/Kolkata' })).toBe('2026-11-29 18:30:00.250')
  expect(formatTime(ms, { format: 'iso', timeZone: 'America/New_York' })).toBe('2026-11-29T08:00:00.250')
})

test('a feed in local time passes over nothing when clocks go back', () => {
  const spelling = { format: 'sql', timeZone: 'Europe/Berlin' } as const
  // Clocks go from 03:00 to 02:00 at 01:00 UTC: a time at 01:10 UTC is formatted as 02:10.
  const since = formatTime(Date.UTC(2026, 9, 25, 0, 59), spelling)
  expect(since <= '2026-10-25 02:10:00').toBe(true)
})

test('a Date header without a zone is not taken for a local time', () => {
  expect(serverTimeOf('Sun, 29 Nov 2026 13:00:00 GMT')).toBe(Date.UTC(2026, 10, 29, 13))
  expect([undefined, Date.UTC(2026, 10, 29, 13)]).toContain(serverTimeOf('Sun, 29 Nov 2026 13:00:00'))
  expect(serverTimeOf(undefined)).toBeUndefined()
})

test('the suite runs in the zone that it is meant to run in', () => {
  const offsets: Record<string, number> = { UTC: 0, 'America/New_York': 300, 'Asia/Kolkata': -330 }
  const expected = offsets[process.env.TZ ?? '']
  if (expected !== undefined) expect(new Date('2026-11-29T13:00:00Z').getTimezoneOffset()).toBe(expected)
})
