import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  canonicalText,
  decimalDigits,
  fieldType,
  instant,
  typedValue,
} from '../../test/support/arbitrary-values.ts'
import { isEqualCanonical } from './canonical/equality.ts'
import { isRecognisedCoercion } from './coercion.ts'
import { compileNormaliser } from './normalisers/normaliser.ts'
import type { CanonicalValue, FieldType } from './values.ts'

// A thousand generated values are processor time only: a machine with eight times the load takes eight times
// as long.
vi.setConfig({ testTimeout: 240_000 })

const runs = { numRuns: 1000 }
const text: FieldType = { kind: 'string' }
const money: FieldType = { kind: 'money' }

type Case = [
  sent: CanonicalValue | undefined,
  stored: CanonicalValue | undefined,
  type: FieldType,
  name: string | undefined,
]

describe('recognised coercions (H7, H8)', () => {
  test.each<Case>([
    ['Müller GmbH & Co. KG of Somewhere', 'Müller GmbH & Co. KG of', text, 'truncation'],
    ['Müller GmbH & Co. KG', 'Müller GmbH…', text, 'truncation'],
    ['a  b ', 'a b', text, 'whitespace'],
    ['Ann Lee', 'ANN LEE', text, 'case'],
    ['ann lee', 'Ann Lee', text, 'case'],
    ['a\r\nb', 'a\nb', text, 'newlines'],
    ['①', '1', text, 'unicode'],
    ['A & <B>', 'A &amp; &lt;B&gt;', text, 'html'],
    ['A &amp; B', 'A & B', text, 'html'],
    [' Foo Bar Bazzzzz ', 'FOO BAR BAZ', text, 'whitespace+case+truncation'],
    ['Ann@Example.org', 'ann@example.org', { kind: 'string', format: 'email' }, 'email'],
    ['+49 170 1234567', '00491701234567', text, 'phone'],
    ['+49 170 1234567', '0170 1234567', { kind: 'string', format: 'phone' }, 'phone'],
    [null, '', text, 'empty'],
    ['', undefined, text, 'empty'],
    [[], null, { kind: 'set', of: text }, 'empty'],
    ['   ', null, text, 'whitespace+empty'],
    ['1.999', '2', { kind: 'decimal' }, 'rounding'],
    ['1.25', '1.2', { kind: 'decimal' }, 'rounding'],
    [{ amount: '1.239', currency: 'EUR' }, { amount: '1.24', currency: 'EUR' }, money, 'rounding'],
    ['2031-01-01T10:20:30.5Z', '2031-01-01T10:20:30Z', { kind: 'instant' }, 'precision'],
    ['2031-01-01T10:20:30.5Z', '2031-01-01T00:00:00Z', { kind: 'instant' }, 'precision'],
    [
      { local: '2031-01-01T10:00:00', zone: '+01:00' },
      { local: '2031-01-01T09:00:00', zone: 'UTC' },
      { kind: 'localDateTime' },
      'zone',
    ],
    [['A', 'a'], ['a'], { kind: 'set', of: text }, 'case'],
    [{ a: ' x', b: null }, { a: 'x' }, { kind: 'group', fields: { a: text, b: text } }, 'whitespace+empty'],
  ])('%j stored as %j', (sent, stored, type, name) => {
    expect(isRecognisedCoercion(sent, stored, type)).toBe(name)
  })
})

describe('edits that are no coercions', () => {
  test.each<Case>([
    ['a long enough name', '', text, undefined],
    ['a long enough name', 'a', text, undefined],
    ['a long enough name', 'a lo', text, undefined],
    ['Mcdonald', 'McDonald', text, undefined],
    ['x', null, text, undefined],
    [null, 'x', text, undefined],
    ['1.25', '1.4', { kind: 'decimal' }, undefined],
    ['10', '1', { kind: 'decimal' }, undefined],
    ['12345', '12346', { kind: 'integer' }, undefined],
    ['1.2', '1.25', { kind: 'decimal' }, undefined],
    [{ amount: '1', currency: 'EUR' }, { amount: '1', currency: 'USD' }, money, undefined],
    ['active', 'ACTIVE', { kind: 'enum', values: ['active', 'ACTIVE'] }, undefined],
    ['record-1', 'RECORD-1', { kind: 'ref', entity: 'x' }, undefined],
    [true, false, { kind: 'boolean' }, undefined],
    ['2031-01-01T10:20:30Z', '2031-01-02T00:00:00Z', { kind: 'instant' }, undefined],
    ['2031-01-01', '2031-01-02', { kind: 'date' }, undefined],
    [['a', 'b'], ['a'], { kind: 'set', of: text }, undefined],
    [['a'], ['a', 'b'], { kind: 'set', of: text }, undefined],
    [['a', 'b'], ['b', 'a'], { kind: 'list', of: text }, undefined],
    [{ a: 'x' }, { a: 'x', c: 'new' }, { kind: 'group', fields: { a: text } }, undefined],
    ['A <b>', 'A &lt;c&gt;', text, undefined],
  ])('%j against %j', (sent, stored, type) => {
    expect(isRecognisedCoercion(sent, stored, type)).toBeUndefined()
  })
})

describe('soundness', () => {
  test('never classifies equal values as coerced', () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(isRecognisedCoercion(value, structuredClone(value), type)).toBeUndefined()
      }),
      runs,
    )
  })

  test('never explains a value that is not derived from the sent one', () => {
    // Random texts share no beginning, no letters in another case and no digits that round to each other.
    fc.assert(
      fc.property(fc.stringMatching(/^[a-m]{10,20}$/), fc.stringMatching(/^[n-z]{1,20}$/), (sent, stored) => {
        expect(isRecognisedCoercion(sent, stored, text)).toBeUndefined()
      }),
      runs,
    )
  })

  test('never adds to the sent value: the stored number is as close as the decimal places it keeps', () => {
    fc.assert(
      fc.property(decimalDigits, decimalDigits, (sent, stored) => {
        if (isRecognisedCoercion(sent, stored, { kind: 'decimal' }) === undefined) return
        expect(Math.abs(Number(sent) - Number(stored))).toBeLessThanOrEqual(1)
      }),
      runs,
    )
  })

  test('never throws, whatever values are compared', () => {
    fc.assert(
      fc.property(fieldType, typedValue, typedValue, (type, left, right) => {
        const name = isRecognisedCoercion(left.value, right.value, type)
        if (name !== undefined) expect(isEqualCanonical(left.value, right.value)).toBe(false)
      }),
      runs,
    )
  })
})

describe('completeness', () => {
  const explained = (sent: CanonicalValue, stored: CanonicalValue, type: FieldType): boolean =>
    isEqualCanonical(sent, stored) || isRecognisedCoercion(sent, stored, type) !== undefined

  test('explains the results of every text normaliser of the catalogue', () => {
    const kinds = [
      'trim',
      'collapse',
      'lowercase',
      'uppercase',
      'newlines',
      'nfkc',
      'unescapeHtml',
      'escapeHtml',
    ] as const
    fc.assert(
      fc.property(canonicalText(), fc.constantFrom(...kinds), (sent, kind) => {
        expect(explained(sent, compileNormaliser([{ kind }], text)(sent), text)).toBe(true)
      }),
      runs,
    )
  })

  test('explains every truncation that keeps enough', () => {
    fc.assert(
      fc.property(canonicalText(80), fc.integer({ min: 8, max: 80 }), (sent, length) => {
        expect(explained(sent, compileNormaliser([{ kind: 'maxLength', length }], text)(sent), text)).toBe(
          true,
        )
      }),
      runs,
    )
  })

  test('explains rounding in every direction and every precision of time', () => {
    const roundings = fc.constantFrom('half-up' as const, 'half-even' as const, 'down' as const)
    fc.assert(
      fc.property(decimalDigits, fc.nat({ max: 6 }), roundings, (sent, scale, rounding) => {
        const decimal: FieldType = { kind: 'decimal' }
        const stored = compileNormaliser([{ kind: 'scale', scale, rounding }], decimal)(sent)
        expect(explained(sent, stored, decimal)).toBe(true)
      }),
      runs,
    )
    const units = fc.constantFrom(
      'day' as const,
      'minute' as const,
      'second' as const,
      'millisecond' as const,
    )
    fc.assert(
      fc.property(instant, units, (sent, unit) => {
        const stored = compileNormaliser([{ kind: 'precision', unit }], { kind: 'instant' })(sent)
        expect(explained(sent, stored, { kind: 'instant' })).toBe(true)
      }),
      runs,
    )
  })

  test('stays fast on large and hostile texts', () => {
    const sent = 'Ab &amp; '.repeat(100_000)
    expect(isRecognisedCoercion(sent, sent.toUpperCase(), text)).toBe('case')
    expect(isRecognisedCoercion(sent, sent.slice(0, 40), text)).toBe('truncation')
  })
})
