import { describe, expect, test } from 'vitest'
import { parseNativePath, splitArrow } from './native-path.ts'

describe('a native path', () => {
  test.each([
    ['name', ['name']],
    ['address.geo.lat', ['address', 'geo', 'lat']],
    ['phones[0].number', ['phones', 0, 'number']],
    ['["odd.name"].value', ['odd.name', 'value']],
    ['fields["a b"][2]', ['fields', 'a b', 2]],
    ['@odata.etag', ['@odata', 'etag']],
    ['Customer Name', ['Customer Name']],
  ])('%s is split', (text, path) => {
    expect(parseNativePath(text)).toEqual(path)
  })

  test.each(['', '.', 'a.', '.a', 'a..b', '[0]', 'a[x]', 'a[', 'a → b', 'a.[0]'])('%j is not one', (text) => {
    expect(parseNativePath(text)).toBeUndefined()
  })
})

describe('an arrow', () => {
  test('has two ends, or one for both', () => {
    expect(splitArrow('AccountId → SoldToParty')).toEqual({ from: 'AccountId', to: 'SoldToParty' })
    expect(splitArrow('a->b')).toEqual({ from: 'a', to: 'b' })
    expect(splitArrow('same')).toEqual({ from: 'same', to: 'same' })
  })

  test.each(['a → b → c', '→ b', 'a →', ''])('%j is not one', (text) => {
    expect(splitArrow(text)).toBeUndefined()
  })
})
