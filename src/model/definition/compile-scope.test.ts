import { LosslessNumber } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import { compileScope } from './compile-scope.ts'
import type { WhereDefinition } from './schema/mapping.ts'

const holds = (where: WhereDefinition, native: Readonly<Record<string, unknown>>): boolean =>
  compileScope(where, () => undefined).inScope(native)

describe('where', () => {
  test.each([
    ['the same text', { a: 'x' }, { a: 'x' }, true],
    ['another case', { a: 'x' }, { a: 'X' }, false],
    ['a number and its text', { a: '1' }, { a: 1 }, true],
    ['a text and its number', { a: 1 }, { a: '1' }, true],
    ['decimals by value', { a: 12.5 }, { a: '12.50' }, true],
    ['a lossless decimal', { a: 12.5 }, { a: new LosslessNumber('12.50') }, true],
    ['texts that look like numbers stay texts', { a: '7' }, { a: '007' }, false],
    ['an exponent', { a: 1000 }, { a: new LosslessNumber('1e3') }, true],
    [
      'digits that a double loses',
      { a: '9007199254740993' },
      { a: new LosslessNumber('9007199254740992') },
      false,
    ],
    ['a boolean', { a: true }, { a: true }, true],
    ['null for nothing', { a: null }, {}, true],
    ['null for null', { a: null }, { a: null }, true],
    ['null for an empty text', { a: null }, { a: '' }, false],
    ['a value for nothing', { a: 'x' }, {}, false],
    ['the word null', { a: 'null' }, { a: null }, false],
    ['anything but', { a: { not: 'x' } }, {}, true],
    ['anything but these', { a: { not: ['x', null] } }, { a: null }, false],
    ['one of several', { a: ['x', 2] }, { a: 2 }, true],
    ['an object is equal to nothing', { a: '[object Object]' }, { a: {} }, false],
    ['a nested path', { 'a.b': 1 }, { a: { b: 1 } }, true],
  ])('%s', (_title, where, native, result) => {
    expect(holds(where, native)).toBe(result)
  })
})

test('returns the paths that the scope depends on, so that a list without them is not relied on', () => {
  expect(compileScope({ 'a.b': 1 }, () => undefined).paths).toEqual([['a', 'b']])
  expect(
    compileScope(
      () => true,
      () => undefined,
    ).paths,
  ).toBeUndefined()
})
