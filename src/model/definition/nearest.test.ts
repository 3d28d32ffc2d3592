import { describe, expect, test } from 'vitest'
import { nearest, suggestion } from './nearest.ts'

const known = ['connector', 'url', 'auth', 'maxLength', 'acceptRaceWindow']

describe('the nearest known name', () => {
  test.each([
    ['conector', 'connector'],
    ['ulr', 'url'],
    ['MAXLENGTH', 'maxLength'],
    ['acceptRaceWindows', 'acceptRaceWindow'],
  ])('for %s is %s', (name, meant) => {
    expect(nearest(name, known)).toBe(meant)
  })

  test('is not guessed when none is similar', () => {
    expect(nearest('colour', known)).toBeUndefined()
    expect(suggestion('colour', known)).toBe('known: connector, url, auth, maxLength, acceptRaceWindow')
  })

  test('is not listed from a list too long to help', () => {
    expect(
      suggestion(
        'x',
        Array.from({ length: 40 }, (_, index) => `name-${index}`),
      ),
    ).toBeUndefined()
  })
})
