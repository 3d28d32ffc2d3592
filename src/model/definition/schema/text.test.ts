import { describe, expect, test } from 'vitest'
import { durationMs } from '../duration.ts'
import { cronProblem, durationSchema, parseShare, shareSchema } from './text.ts'

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5 m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
    expect(durationSchema.safeParse(text).success).toBe(true)
  })

  test.each(['', '30', 's', '-1s', '1.5h', '1 minute', '1m30s', '99999999999s'])('%j is not one', (text) => {
    expect(durationMs(text)).toBeUndefined()
    expect(durationSchema.safeParse(text).success).toBe(false)
  })
})

describe('a share', () => {
  test('is a part of one', () => {
    expect(parseShare('1 %')).toBe(0.01)
    expect(parseShare('0.5%')).toBe(0.005)
  })

  test.each(['1', '101 %', '-1 %', 'one %'])('%j is refused', (text) => {
    expect(shareSchema.safeParse(text).success).toBe(false)
  })
})

describe('a cron expression', () => {
  test.each(['0 3 * * 0', '*/15 6-20 * * MON-FRI', '0 0 1,15 jan-jun/2 *', '59 23 31 12 7'])(
    'may be %s',
    (text) => {
      expect(cronProblem(text)).toBeUndefined()
    },
  )

  test.each([
    ['0 3 * *', '5 fields'],
    ['', 'this has 0'],
    ['60 * * * *', 'minute "60"'],
    ['0 24 * * *', 'hour "24"'],
    ['0 0 0 * *', 'day of the month "0"'],
    ['0 0 * 13 *', 'month "13"'],
    ['0 0 * * 8', 'day of the week "8"'],
    ['5-1 * * * *', 'minute "5-1"'],
    ['*/0 * * * *', 'minute "*/0"'],
    ['1-2-3 * * * *', 'minute "1-2-3"'],
    ['1, * * * *', 'minute "1,"'],
    ['0 0 * FOO *', 'month "FOO"'],
  ])('%j is refused by naming the part', (text, part) => {
    expect(cronProblem(text)).toContain(part)
  })
})
