import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalOf, digitsOf, minorOf } from './amounts.ts'

test.each([
  [1099n, 'eur', '10.99'],
  [5n, 'EUR', '0.05'],
  [-1099n, 'usd', '-10.99'],
  [500n, 'jpy', '500'],
  [-500n, 'KRW', '-500'],
  [5120n, 'kwd', '5.120'],
  [7n, 'bhd', '0.007'],
  // No fractions in daily use, but still counted in hundredths.
  [500n, 'isk', '5.00'],
  [500n, 'ugx', '5.00'],
  [500n, 'huf', '5.00'],
])('%s of %s is %s', (minor, currency, decimal) => {
  expect(decimalOf(minor, currency)).toBe(decimal)
  expect(minorOf(decimal, currency)).toBe(minor)
})

test('every amount comes back the same in every currency', () => {
  const currency = fc.constantFrom('eur', 'jpy', 'kwd', 'isk', 'xof')
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), currency, (minor, code) => {
      expect(minorOf(decimalOf(minor, code), code)).toBe(minor)
    }),
  )
})

test('zeros beyond the digits of the currency are no digits, anything else is refused', () => {
  expect(minorOf('10.9900', 'eur')).toBe(1099n)
  expect(minorOf('+7.', 'jpy')).toBe(7n)
  expect(() => minorOf('10.995', 'eur')).toThrow(expect.objectContaining({ code: 'VALUE_INEXACT' }))
  expect(() => minorOf('7.5', 'jpy')).toThrow(expect.objectContaining({ code: 'VALUE_INEXACT' }))
  for (const text of ['', 'ten', '1e3', '1,5', 'NaN', ' 1']) {
    expect(() => minorOf(text, 'eur')).toThrow(expect.objectContaining({ code: 'VALUE_TYPE' }))
  }
  expect(digitsOf('XYZ')).toBe(2)
})
