import { describe, expect, test } from 'vitest'
import { createRandom } from './random.ts'

describe('createRandom', () => {
  test('makes version 7 identifiers that start with the clock and never repeat', () => {
    const random = createRandom({ now: () => 0x0123456789ab })
    const ids = Array.from({ length: 5000 }, () => random.uuid())
    expect(new Set(ids).size).toBe(5000)
    for (const id of ids) {
      expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })

  test('sorts identifiers by the time they were made', () => {
    let now = 1_700_000_000_000
    const random = createRandom({ now: () => now++ })
    const ids = Array.from({ length: 100 }, () => random.uuid())
    expect([...ids].sort()).toEqual(ids)
  })
})
