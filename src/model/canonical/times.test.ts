/** Runs in several time zones of the process (`vitest.config.ts`): none of it may depend on that. */
import { describe, expect, test } from 'vitest'
import type { FieldType } from '../values.ts'
import { parseCanonical, toNative } from './canonical.ts'
import type { Spelling } from './spelling.ts'
import { fromLocal, isTimeZone, offsetAt } from './time-zone.ts'

const instant: FieldType = { kind: 'instant' }

function read(native: unknown, spelling: Spelling = {}): unknown {
  const parsed = parseCanonical(instant, native, spelling)
  return parsed.ok ? parsed.value : parsed.problem.code
}

describe('a text without a zone', () => {
  test.each([
    ['2026-11-29T13:00:00', '2026-11-29T13:00:00Z'],
    ['2026-11-29t13:00:00', '2026-11-29T13:00:00Z'],
    ['2026-11-29 13:00:00', '2026-11-29T13:00:00Z'],
    ['2026-11-29  13:00', '2026-11-29T13:00:00Z'],
    ['2026-11-29 13', '2026-11-29T13:00:00Z'],
    ['2026-11-29', '2026-11-29T00:00:00Z'],
    ['2026-11-29T13:00:00,25', '2026-11-29T13:00:00.25Z'],
    ['2026/11/29 13:00:00.125', '2026-11-29T13:00:00.125Z'],
    ['20261129T130000', '2026-11-29T13:00:00Z'],
    ['20261129T1300', '2026-11-29T13:00:00Z'],
    ['20261129 130000,5', '2026-11-29T13:00:00.5Z'],
    ['20261129130000', '2026-11-29T13:00:00Z'],
    ['20261129', '2026-11-29T00:00:00Z'],
    ['Sun, 29 Nov 2026 13:00:00', '2026-11-29T13:00:00Z'],
  ])('%s is UTC', (native, canonical) => {
    expect(read(native)).toBe(canonical)
  })

  test.each([
    ['2026-11-29 13:00:00', '2026-11-29T18:00:00Z'],
    ['20261129T130000', '2026-11-29T18:00:00Z'],
    ['2026-07-01', '2026-07-01T04:00:00Z'],
  ])('%s is in the declared zone', (native, canonical) => {
    expect(read(native, { timeZone: 'America/New_York' })).toBe(canonical)
  })
})

test.each([
  ['2026-11-29 13:00:00 UTC', '2026-11-29T13:00:00Z'],
  ['20261129T130000+0530', '2026-11-29T07:30:00Z'],
  ['2026-11-29T13:00:00+01:00[Europe/Berlin]', '2026-11-29T12:00:00Z'],
  ['2026-11-29T13:00:00[Asia/Kolkata]', '2026-11-29T07:30:00Z'],
  ['Sun, 29 Nov 2026 13:00:00 -0500', '2026-11-29T18:00:00Z'],
])('the zone that a text names wins over the declared one: %s', (native, canonical) => {
  expect(read(native, { timeZone: 'Asia/Tokyo' })).toBe(canonical)
})

test.each([
  ['11/29/2026 13:00'],
  ['29.11.2026'],
  ['1795957200'],
  ['202611291300'],
  ['2026-11-29T13:00 o’clock'],
])('a text that can be read in several ways is refused: %s', (native) => {
  expect(read(native)).toBe('VALUE_TYPE')
})

describe('a zone with summer time', () => {
  const timeZone = 'Europe/Berlin'

  test('an hour that comes twice is the first one, and one that is skipped is counted on', () => {
    expect(read('2026-10-25 02:30:00', { timeZone })).toBe('2026-10-25T00:30:00Z')
    expect(read('2026-03-29 02:30:00', { timeZone })).toBe('2026-03-29T01:30:00Z')
  })

  test('is written as its clocks show it, in the declared layout', () => {
    expect(toNative(instant, '2026-07-01T10:00:00Z', { timeZone })).toEqual({
      ok: true,
      value: '2026-07-01T12:00:00',
    })
    expect(toNative(instant, '2026-11-29T10:00:00.5Z', { timeZone, as: 'sql' })).toEqual({
      ok: true,
      value: '2026-11-29 11:00:00.5',
    })
  })

  test('never writes a time that would be read back an hour early', () => {
    const written = toNative(instant, '2026-10-25T01:30:00Z', { timeZone })
    expect(written).toMatchObject({ ok: false, problem: { code: 'VALUE_INEXACT' } })
    expect(toNative(instant, '2026-10-25T00:30:00Z', { timeZone })).toEqual({
      ok: true,
      value: '2026-10-25T02:30:00',
    })
  })

  test('reads back what it wrote, every half hour of a year', () => {
    let refused = 0
    for (let step = 0; step < 2 * 24 * 365; step += 1) {
      const seconds = 1_767_225_600 + step * 1_800
      const local = seconds + Number(offsetAt(timeZone, seconds))
      if (fromLocal(timeZone, local) !== seconds) refused += 1
    }
    expect(refused).toBe(2)
  })
})

test('zones are known by their names, and offsets are zones too', () => {
  expect(['UTC', 'Z', '+05:30', 'Europe/Berlin'].filter(isTimeZone)).toHaveLength(4)
  expect(['Mars/Olympus', '+99:00', ''].filter(isTimeZone)).toEqual([])
})

test('a date may come as midnight, in any spelling of it', () => {
  const dates = ['2026-11-29 00:00:00', '2026-11-29T00:00:00,000', '2026-11-29 00:00 UTC'].map((native) =>
    parseCanonical({ kind: 'date' }, native),
  )
  expect(dates).toEqual(dates.map(() => ({ ok: true, value: '2026-11-29' })))
  expect(parseCanonical({ kind: 'date' }, '2026-11-29 00:30:00').ok).toBe(false)
})
