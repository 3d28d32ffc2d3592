import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isEqualCanonical } from './canonical/equality.ts'
import { diffDocuments } from './diff.ts'
import type { CanonicalDocument, CanonicalValue } from './values.ts'

const document: fc.Arbitrary<CanonicalDocument> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'toString'),
  fc.constantFrom<CanonicalValue>(
    null,
    '',
    [],
    {},
    true,
    'x',
    '1.5',
    ['x'],
    ['x', 'y'],
    { a: null },
    { a: 'x', b: ['y'] },
  ),
)

describe('differences of documents', () => {
  test('names what was added, removed and changed, in the order of names', () => {
    expect(diffDocuments({ b: '1', c: null, d: 'x' }, { a: '', c: '', d: 'x' })).toEqual([
      { field: 'a', kind: 'added', after: '' },
      { field: 'b', kind: 'removed', before: '1' },
      { field: 'c', kind: 'changed', before: null, after: '' },
    ])
  })

  test('looks through the normaliser of a field, and at the named fields only', () => {
    const normalise = (_: string, value: unknown) => (typeof value === 'string' ? value.toLowerCase() : null)
    expect(diffDocuments({ a: 'X', b: '1' }, { a: 'x', b: '2' }, { normalise })).toHaveLength(1)
    expect(diffDocuments({ a: 'X', b: '1' }, { a: 'x', b: '2' }, { fields: ['a'] })).toHaveLength(1)
  })

  test('holds everything that is needed to go from one document to the other', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const result = new Map(Object.entries(before))
        for (const { field, after: value } of diffDocuments(before, after)) {
          if (value === undefined) result.delete(field)
          else result.set(field, value)
        }
        expect(isEqualCanonical(Object.fromEntries(result), after)).toBe(true)
        expect(diffDocuments(before, before)).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })
})
