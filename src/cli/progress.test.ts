import { describe, expect, test } from 'vitest'
import { createMeter, lengthOf } from './progress.ts'
import { wrap } from './wrap.ts'

describe('createMeter', () => {
  test('tells how much is left, how fast it goes and how long it will take', () => {
    let now = 0
    const meter = createMeter(() => now)
    expect(meter.left(1000)).toBe('1,000 records to do')
    now = 2000
    expect(meter.left(800)).toBe('800 records to do, 100/s, about 8 s left')
  })

  test('does not take new work for work undone', () => {
    let now = 0
    const meter = createMeter(() => now)
    meter.left(100)
    now = 1000
    meter.left(50)
    now = 2000
    expect(meter.left(500)).toContain('25/s')
  })

  test('forgets how slow the beginning was', () => {
    let now = 0
    const meter = createMeter(() => now)
    for (; now <= 60_000; now += 1000) meter.left(100_000)
    let line = ''
    for (let left = 99_000; left >= 80_000; left -= 1000) {
      line = meter.left(left)
      now += 1000
    }
    expect(line).toContain(', 1,000/s')
  })
})

describe('lengthOf', () => {
  test('speaks in the unit that people would use', () => {
    expect([0.2, 30, 600, 10_000].map(lengthOf)).toEqual(['1 s', '30 s', '10 min', '3 h'])
  })
})

describe('wrap', () => {
  test('breaks between words and never inside one', () => {
    expect(wrap(`one two three ${'x'.repeat(30)} four`, 20)).toEqual([
      'one two three',
      'x'.repeat(30),
      'four',
    ])
  })

  test('keeps control characters of data away from the terminal', () => {
    expect(wrap('a\u001b[31mb', 40).join('')).not.toContain('\u001b')
  })
})
