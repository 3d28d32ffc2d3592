import { expect, test } from 'vitest'
import { callsOfLoad, durationText, forecastCalls } from './forecast.ts'

const hour = 3_600_000
const day = 24 * hour
const quota = (rest = {}) => ({
  name: 'Daily',
  limit: 10_000,
  remaining: 10_000,
  windowMs: day,
  reportedAt: 0,
  ...rest,
})

test('a load needs its list, a look and a write for each record, in batches where there are some', () => {
  const one = { list: { paging: 'keyset', pageSize: 100 }, read: { lagMs: 0, batch: 1 } } as const
  expect(callsOfLoad(1_000, one)).toBe(10 + 1_000 + 1_000)
  expect(callsOfLoad(1_000, { ...one, read: { lagMs: 0, batch: 200 }, writeBatch: 200 })).toBe(10 + 5 + 5)
  expect(callsOfLoad(1_000, { ...one, list: { paging: 'none', pageSize: 0 } })).toBe(2_000)
})

test.each([
  ['what is left is enough', 9_000, {}, 0, 0],
  ['the reserve is kept', 9_000, {}, 0.3, day],
  ['the rest waits for the end of the window', 10_001, { resetsAt: 5 * hour }, 0, 5 * hour],
  ['and for as many windows as it takes', 35_000, { resetsAt: 5 * hour }, 0, 5 * hour + 2 * day],
  ['a quota that is used up begins with waiting', 1, { remaining: 0, resetsAt: hour }, 0, hour],
] as const)('%s', (_, calls, rest, reserve, durationMs) => {
  const forecast = forecastCalls(calls, { quotas: [quota(rest)], reserve }, 0)
  expect(forecast.durationMs).toBe(durationMs)
})

test('the slowest bound decides and is named; without one there is nothing to wait for', () => {
  const rates = [{ name: '10 per second', requests: 10, perMs: 1_000 }]
  expect(forecastCalls(1_000, { rates, quotas: [quota()] }, 0)).toEqual({
    calls: 1_000,
    durationMs: 100_000,
    bound: '10 per second',
  })
  expect(forecastCalls(1_000_000, {}, 0)).toEqual({ calls: 1_000_000, durationMs: 0 })
})

test('times are reported in their two largest units', () => {
  expect([500, 61_000, 2 * hour, 2 * day + 3 * hour + 5].map(durationText)).toEqual([
    'less than a second',
    '1 min 1 s',
    '2 h',
    '2 d 3 h',
  ])
})
