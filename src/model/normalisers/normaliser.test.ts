import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalValue, typedValue } from '../../../test/support/arbitrary-values.ts'
import { parseCanonical } from '../canonical/canonical.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { type EmptySpelling, type NormaliserSpec, normaliserNames } from './contract.ts'
import { compileNormaliser, composeNormalisers } from './normaliser.ts'

const runs = { numRuns: 1000 }
const text: FieldType = { kind: 'string' }
const nullAsEmpty: EmptySpelling = {
  write: { absent: 'absent', null: 'empty', empty: 'empty' },
  read: { absent: 'absent', null: 'null', empty: 'null' },
}

const textStep: fc.Arbitrary<NormaliserSpec> = fc.oneof(
  fc.constantFrom(...normaliserNames).map((kind) => ({ kind })),
  fc.integer({ min: 1, max: 12 }).map((length) => ({ kind: 'maxLength' as const, length })),
  fc.constant({ kind: 'empties' as const, empties: nullAsEmpty }),
)

function normalise(value: CanonicalValue, ...specs: NormaliserSpec[]): CanonicalValue {
  return compileNormaliser(specs, text)(value)
}

describe('named normalisers', () => {
  test.each<[string, CanonicalValue, CanonicalValue]>([
    ['trim', '  a b ', 'a b'],
    ['collapse', ' a \t\n b ', 'a b'],
    ['lowercase', 'ÄÉ', 'äé'],
    ['uppercase', 'straße', 'STRASSE'],
    ['digits', 'DE 12-34', '1234'],
    ['email', ' Ann@Example.ORG ', 'ann@example.org'],
    ['phone', '0049 (170) 12-34', '+491701234'],
    ['phone', '+49 (0)170 1234', '+491701234'],
    ['phone', '0170 1234', '01701234'],
    ['postalCode', 'sw1a-1aa', 'SW1A1AA'],
    ['nfkc', 'ﬁne ①', 'fine 1'],
    ['newlines', 'a\r\nb\rc', 'a\nb\nc'],
    ['unescapeHtml', 'A &amp;amp; &lt;B&gt; &#39;', "A & <B> '"],
    ['escapeHtml', 'A & <B> &amp;', 'A &amp; &lt;B&gt; &amp;'],
  ])('%s turns %s into %s', (kind, before, after) => {
    expect(normalise(before, { kind } as NormaliserSpec)).toBe(after)
  })

  test('counts code points and never splits a surrogate pair', () => {
    expect(normalise('👨‍🚀👨‍🚀', { kind: 'maxLength', length: 1 })).toBe('👨')
    expect(normalise('abc', { kind: 'maxLength', length: 3 })).toBe('abc')
  })

  test.each([
    ['2.345', 2, undefined, '2.35'],
    ['-2.345', 2, undefined, '-2.35'],
    ['2.345', 2, 'half-even', '2.34'],
    ['2.349', 2, 'down', '2.34'],
    ['0.004', 2, 'half-up', '0'],
    ['-0.004', 2, 'half-up', '0'],
    ['123456789012345678901234567890.5', 0, 'half-even', '123456789012345678901234567890'],
  ] as const)('rounds %s to %i places (%s) as %s', (value, scale, rounding, expected) => {
    const spec: NormaliserSpec = { kind: 'scale', scale, ...(rounding === undefined ? {} : { rounding }) }
    expect(compileNormaliser([spec], { kind: 'decimal' })(value)).toBe(expected)
    const money = compileNormaliser([spec], { kind: 'money' })({ amount: value, currency: 'EUR' })
    expect(money).toEqual({ amount: expected, currency: 'EUR' })
  })

  test('cuts instants in UTC, before 1970 too', () => {
    const cut = (unit: 'day' | 'second' | 'millisecond') =>
      compileNormaliser([{ kind: 'precision', unit }], { kind: 'instant' })
    expect(cut('day')('1969-12-31T23:59:59.5Z')).toBe('1969-12-31T00:00:00Z')
    expect(cut('second')('1969-12-31T23:59:59.5Z')).toBe('1969-12-31T23:59:59Z')
    expect(cut('millisecond')('2031-01-01T00:00:00.123456Z')).toBe('2031-01-01T00:00:00.123Z')
  })

  test('handles sets, lists and groups, and sorts sets again', () => {
    const set = compileNormaliser([{ kind: 'lowercase' }], { kind: 'set', of: text })
    expect(set(['A', 'B', 'b'])).toEqual(['a', 'b'])
    const group = compileNormaliser([{ kind: 'trim' }], {
      kind: 'group',
      fields: { a: text, n: { kind: 'decimal' } },
    })
    expect(group({ a: ' x ', n: '1' })).toEqual({ a: 'x', n: '1' })
  })

  test("folds null and empty into the system's own representation", () => {
    expect(normalise('', { kind: 'empties', empties: nullAsEmpty })).toBeNull()
    const emptyForNull: EmptySpelling = {
      ...nullAsEmpty,
      read: { absent: 'absent', null: 'null', empty: 'empty' },
    }
    expect(normalise(null, { kind: 'empties', empties: emptyForNull })).toBe('')
    expect(compileNormaliser([{ kind: 'empties', empties: emptyForNull }], { kind: 'date' })(null)).toBeNull()
  })

  test('refuses invalid steps', () => {
    expect(() => compileNormaliser([{ kind: 'scale', scale: 2 }], text)).toThrow(
      /scale does nothing to a field of type string/,
    )
    expect(() => compileNormaliser([{ kind: 'maxLength', length: 0 }], text)).toThrow(/at least 1/)
    expect(() => compileNormaliser([{ kind: 'trim' }], { kind: 'decimal' })).toThrow(
      /NORMALISER_INVALID|does nothing/,
    )
    expect(() => compileNormaliser([{ kind: 'constructor' } as never], text)).toThrow(
      /no normaliser called constructor/,
    )
  })
})

describe('laws of normalisers', () => {
  test('is idempotent for every chain of steps, although chains of idempotent steps need not be', () => {
    expect(normalise('abc d', { kind: 'trim' }, { kind: 'maxLength', length: 4 })).toBe('abc')
    fc.assert(
      fc.property(fc.array(textStep, { maxLength: 5 }), fc.option(canonicalValue(text)), (specs, value) => {
        const normal = compileNormaliser(specs, text)
        const once = normal(value)
        expect(normal(once)).toEqual(once)
      }),
      { numRuns: 5000 },
    )
  })

  test('returns canonical values for canonical values', () => {
    fc.assert(
      fc.property(fc.array(textStep, { maxLength: 5 }), canonicalValue(text), (specs, value) => {
        const normal = compileNormaliser(specs, text)(value)
        expect(parseCanonical(text, normal)).toEqual({ ok: true, value: normal })
      }),
      runs,
    )
  })

  test('is idempotent when composed, and leaves null unchanged unless configured', () => {
    fc.assert(
      fc.property(
        fc.array(textStep, { maxLength: 3 }),
        fc.array(textStep, { maxLength: 3 }),
        canonicalValue(text),
        (one, two, value) => {
          const composed = composeNormalisers(compileNormaliser(one, text), compileNormaliser(two, text))
          const once = composed(value)
          expect(composed(once)).toEqual(once)
          expect(composed(null)).toBeNull()
        },
      ),
      runs,
    )
  })

  test('does not change values of other kinds', () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(compileNormaliser([], type)(value)).toBe(value)
        if (type.kind !== 'decimal') return
        const normal = compileNormaliser([{ kind: 'scale', scale: 3 }], type)
        expect(normal(normal(value))).toEqual(normal(value))
      }),
      runs,
    )
  })

  test('takes time proportional to the text, even for a hostile one', () => {
    const nested = `&${'amp;'.repeat(200_000)}lt;`
    expect(normalise(nested, { kind: 'unescapeHtml' })).toBe('<')
    expect(normalise(' '.repeat(500_000), { kind: 'collapse' })).toBe('')
  })
})
