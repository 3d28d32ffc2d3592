import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../model/errors.ts'
import { addressOf, parseBaseUrl } from './address.ts'

const base = parseBaseUrl('https://api.example/v2', false)

/** The address that URL parsing yields; undefined when it leads out of the base. */
function byStandard(target: string): string | undefined {
  const url = URL.parse(`https://api.example/v2${target}`)
  const isInside =
    url !== null &&
    url.origin === 'https://api.example' &&
    url.username === '' &&
    (url.pathname === '/v2' || url.pathname.startsWith('/v2/'))
  // The text of the address keeps a trailing question mark; `search` does not.
  return isInside ? url.href.slice(url.origin.length).split('#', 1)[0] : undefined
}

function byUs(target: string): string | undefined {
  try {
    return addressOf(base, target, {}).path
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return undefined
  }
}

test('a path that is taken as it stands is what the address standard would make of it', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '.',
      '..',
      '/',
      '//',
      '%2e',
      '%2E%2e',
      '?',
      '#',
      '&',
      '=',
      '@',
      ':',
      '\\',
      ' ',
      "'",
      '%',
      '~',
      '"',
    ),
    fc.constantFrom(
      'users',
      'a.b',
      'ü',
      '%20',
      '+',
      '\t',
      '\n',
      ';v=1',
      '|',
      '^',
      '<',
      '`',
      '$',
      '(',
      '!',
      '*',
    ),
    fc.string({ maxLength: 3 }),
  )
  const targets = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join('')}`)
  fc.assert(
    fc.property(targets, (target) => {
      // A brace would start a parameter.
      if (!/[{}]/.test(target)) expect(byUs(target)).toBe(byStandard(target))
    }),
    { numRuns: 5_000 },
  )
})

test('parameters are encoded alike, whichever way the address is made', () => {
  const query = { q: "a b&c='ü'", list: [1, 2n, true], none: undefined, empty: '' }
  const quick = addressOf(base, '/users', { query }).path
  const parsed = addressOf(base, "/users'", { query }).path
  expect(quick.split('?')[1]).toBe(parsed.split('?')[1])
  expect(quick).toBe('/v2/users?q=a+b%26c%3D%27%C3%BC%27&list=1&list=2&list=true&empty=')
  expect(addressOf(base, '/users', { query: { none: undefined } }).path).toBe('/v2/users')
  expect(addressOf(base, '/users?a=%20', { query: { b: 1 } }).path).toBe('/v2/users?a=+&b=1')
})
