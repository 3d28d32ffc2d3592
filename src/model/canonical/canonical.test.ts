import fc from 'fast-check'
import { LosslessNumber, parse, stringify } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import {
  canonicalValue,
  fieldType,
  losslessSpelling,
  typedValue,
} from '../../../test/support/arbitrary-values.ts'
import type { FieldType } from '../values.ts'
import { parseCanonical, toNative } from './canonical.ts'
import { canonicalJson, isEqualCanonical } from './equality.ts'
import { fromExpressionResult, toExpressionInput } from './expression-value.ts'
import type { Spelling } from './spelling.ts'

const runs = { numRuns: 1000 }

function read(type: FieldType, native: unknown, spelling?: Spelling): unknown {
  const parsed = parseCanonical(type, native, spelling)
  return parsed.ok ? parsed.value : parsed.problem.code
}

describe('decimals and integers', () => {
  test.each([
    ['10.50', '10.5'],
    [10.5, '10.5'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['1.5e-3', '0.0015'],
    ['1E3', '1000'],
    ['0e999999', '0'],
    ['+007', '7'],
    [new LosslessNumber('12345678901234567890.123456789'), '12345678901234567890.123456789'],
    [9007199254740993n, '9007199254740993'],
  ])('reads %s as %s', (native, canonical) => {
    expect(read({ kind: 'decimal' }, native)).toBe(canonical)
  })

  test.each([
    ['', 'VALUE_TYPE'],
    ['1,5', 'VALUE_TYPE'],
    ['0x10', 'VALUE_TYPE'],
    ['.', 'VALUE_TYPE'],
    [Number.NaN, 'VALUE_TYPE'],
    [2 ** 53, 'VALUE_INEXACT'],
    ['1e500', 'VALUE_TOO_LARGE'],
    [true, 'VALUE_TYPE'],
  ])('refuses %s with %s', (native, code) => {
    expect(read({ kind: 'decimal' }, native)).toBe(code)
  })

  test('keeps a 64-bit id that a double would change, over the wire and back', () => {
    const native = toNative({ kind: 'integer' }, '9007199254740993')
    const wire = stringify({ id: native.ok ? native.value : undefined })
    expect(wire).toBe('{"id":9007199254740993}')
    const { id } = parse(wire ?? '') as { id: unknown }
    expect(read({ kind: 'integer' }, id)).toBe('9007199254740993')
  })

  test('does not treat a record as a number because of the names of its properties', () => {
    expect(read({ kind: 'integer' }, { isLosslessNumber: true, value: '5' })).toBe('VALUE_TYPE')
  })

  test('refuses a fraction where a whole number is declared', () => {
    expect(read({ kind: 'integer' }, '1.5')).toBe('VALUE_TYPE')
    expect(read({ kind: 'integer' }, '2.0')).toBe('2')
  })
})

describe('times', () => {
  test.each([
    ['2024-02-29T23:30:00+01:00', '2024-02-29T22:30:00Z'],
    ['2024-01-01T00:00:00.120000Z', '2024-01-01T00:00:00.12Z'],
    ['2024-01-01T00:00:00.123456789+0530', '2023-12-31T18:30:00.123456789Z'],
    ['2024-01-01 00:00Z', '2024-01-01T00:00:00Z'],
  ])('reads the instant %s as %s', (native, canonical) => {
    expect(read({ kind: 'instant' }, native)).toBe(canonical)
  })

  test.each([['2023-02-29T00:00:00Z'], ['2024-01-01T24:00:00Z'], ['2024-13-01T00:00:00Z'], ['yesterday']])(
    'refuses the instant %s',
    (native) => {
      expect(read({ kind: 'instant' }, native)).toBe('VALUE_TYPE')
    },
  )

  test('refuses excess precision instead of truncating it', () => {
    expect(read({ kind: 'instant' }, '2024-01-01T00:00:00.1234567891Z')).toBe('VALUE_INEXACT')
  })

  test('reads epochs, also before 1970', () => {
    expect(read({ kind: 'instant' }, -1500, { as: 'epochMillis' })).toBe('1969-12-31T23:59:58.5Z')
    expect(toNative({ kind: 'instant' }, '1969-12-31T23:59:58.5Z', { as: 'epochMillis' })).toEqual({
      ok: true,
      value: -1500,
    })
  })

  test("agrees with the machine's calendar on every tested day", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (millis) => {
        const text = new Date(millis).toISOString()
        const native = toNative({ kind: 'instant' }, String(read({ kind: 'instant' }, text)), {
          as: 'epochMillis',
        })
        expect(native).toEqual({ ok: true, value: millis })
      }),
      runs,
    )
  })

  test('accepts midnight as a date, and no other time of day', () => {
    expect(read({ kind: 'date' }, '2024-02-29T00:00:00Z')).toBe('2024-02-29')
    expect(read({ kind: 'date' }, '2024-02-29T10:00:00Z')).toBe('VALUE_TYPE')
    expect(read({ kind: 'date' }, '20240229', { as: 'compact' })).toBe('2024-02-29')
  })

  test('keeps a local time and its zone without converting it to an instant', () => {
    const value = { local: '2031-03-30T02:30:00', zone: 'Europe/Berlin' }
    expect(read({ kind: 'localDateTime' }, value)).toEqual(value)
    expect(read({ kind: 'localDateTime' }, { ...value, local: '2031-03-30T02:30:00Z' })).toBe('VALUE_TYPE')
  })
})

describe('texts, sets and the rest', () => {
  test('keeps the Unicode form of texts, and refuses texts that no system can store', () => {
    expect(read({ kind: 'string' }, 'e\u0301')).toBe('e\u0301')
    expect(read({ kind: 'string' }, 'a\u0000b')).toBe('VALUE_TEXT')
    expect(read({ kind: 'string' }, 'a\ud800')).toBe('VALUE_TEXT')
    expect(read({ kind: 'string' }, 'x'.repeat(2_000_000))).toBe('VALUE_TOO_LARGE')
  })

  test('compares texts under NFC, alone and inside sets, lists and groups', () => {
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301']
    expect(isEqualCanonical(composed, decomposed)).toBe(true)
    expect(isEqualCanonical({ a: [composed] }, { a: [decomposed] })).toBe(true)
    expect(isEqualCanonical(composed, 'cafe')).toBe(false)
    expect(canonicalJson(decomposed)).toBe(canonicalJson(composed))
    expect(read({ kind: 'set', of: { kind: 'string' } }, [decomposed, composed])).toHaveLength(1)
    expect(read({ kind: 'enum', values: [composed] }, decomposed)).toBe(composed)
  })

  test('reads a whole number in one notation where a text or an id is declared', () => {
    for (const digits of ['1e3', '1000.0', '1000', '10E2']) {
      expect(read({ kind: 'ref', entity: 'x' }, new LosslessNumber(digits))).toBe('ref:1000')
      expect(read({ kind: 'string' }, new LosslessNumber(digits))).toBe('1000')
    }
    expect(read({ kind: 'ref', entity: 'x' }, new LosslessNumber('12345678901234567890'))).toBe(
      'ref:12345678901234567890',
    )
    expect(read({ kind: 'ref', entity: 'x' }, '1e3')).toBe('ref:1e3')
  })

  test('sorts sets and drops duplicates', () => {
    const type: FieldType = { kind: 'set', of: { kind: 'decimal' } }
    expect(read(type, ['2', 1, '2.0'])).toEqual(['1', '2'])
    expect(read({ kind: 'set', of: { kind: 'string' } }, 'b; a;b', { separator: ';' })).toEqual(['a', 'b'])
  })

  test('refuses to join an element that contains the separator', () => {
    const written = toNative({ kind: 'list', of: { kind: 'string' } }, ['a;b'], { separator: ';' })
    expect(written.ok).toBe(false)
  })

  test('reads money as one value and refuses half of it', () => {
    expect(read({ kind: 'money' }, { amount: '10.50', currency: 'eur' })).toEqual({
      amount: '10.5',
      currency: 'EUR',
    })
    expect(read({ kind: 'money' }, { amount: '10.50' })).toBe('VALUE_TYPE')
  })

  test('reports which values an enum allows without revealing the value', () => {
    const parsed = parseCanonical({ kind: 'enum', values: ['a', 'b'] }, 'secret')
    expect(parsed).toEqual({
      ok: false,
      problem: { code: 'VALUE_ENUM', message: 'the value is not one of a, b' },
    })
  })

  test('marks references as native ids and keeps ids byte for byte', () => {
    expect(read({ kind: 'ref', entity: 'x' }, 7)).toBe('ref:7')
    expect(read({ kind: 'ref', entity: 'x' }, 'e\u0301')).toBe('ref:e\u0301')
    expect(toNative({ kind: 'ref', entity: 'x' }, '7', { as: 'number' })).toEqual({ ok: true, value: 7 })
  })
})

describe('laws of canonical values', () => {
  test('reads a canonical value as itself', () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(parseCanonical(type, value)).toEqual({ ok: true, value })
      }),
      runs,
    )
  })

  test('reads back what it wrote, in every format, through JSON', () => {
    const spelled = fieldType.chain((type) =>
      fc.record({ type: fc.constant(type), value: canonicalValue(type), spelling: losslessSpelling(type) }),
    )
    fc.assert(
      fc.property(spelled, ({ type, value, spelling }) => {
        const native = toNative(type, value, spelling)
        // An offset may move the first or last day of the calendar out of range: refused, never wrong.
        if (!native.ok) return
        const wire = parse(stringify({ value: native.value }) ?? '') as { value: unknown }
        expect(parseCanonical(type, wire.value, spelling)).toEqual({ ok: true, value })
      }),
      runs,
    )
  })

  test('survives an expression unchanged', () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(fromExpressionResult(type, toExpressionInput(type, value))).toEqual({ ok: true, value })
      }),
      runs,
    )
  })

  test('has one JSON text for equal values and different ones for different values', () => {
    fc.assert(
      fc.property(typedValue, typedValue, (left, right) => {
        expect(canonicalJson(left.value) === canonicalJson(right.value)).toBe(
          isEqualCanonical(left.value, right.value),
        )
        expect(isEqualCanonical(left.value, structuredClone(left.value))).toBe(true)
        expect(JSON.parse(canonicalJson(left.value))).toEqual(left.value)
      }),
      runs,
    )
  })

  test('distinguishes absent, null and empty', () => {
    const nothings = [undefined, null, '', [], {}]
    for (const [index, left] of nothings.entries()) {
      for (const [other, right] of nothings.entries())
        expect(isEqualCanonical(left, right)).toBe(index === other)
    }
  })
})

describe('hostile natives (H40)', () => {
  const hostile = fc.oneof(
    fc.anything({ withBigInt: true, withNullPrototype: true, withObjectString: true, withSparseArray: true }),
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.constantFrom<unknown>(
      JSON.parse('{"__proto__":{"amount":"1","currency":"EUR"}}'),
      JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`),
      'x'.repeat(2_000_000),
      '9'.repeat(100_000),
      `2024-01-01T00:00:00.${'1'.repeat(100_000)}Z`,
      { constructor: 'x', prototype: 'y' },
    ),
  )

  test('returns a value or a problem for every native, never an exception, and never reveals the value', () => {
    fc.assert(
      fc.property(fieldType, hostile, (type, native) => {
        const parsed = parseCanonical(type, native)
        if (!parsed.ok) expect(parsed.problem.message.length).toBeLessThan(300)
        else expect(parseCanonical(type, parsed.value)).toEqual(parsed)
      }),
      { numRuns: 3000 },
    )
  })

  test('finds no parts on a prototype', () => {
    const native = JSON.parse('{"__proto__":{"street":"inherited"}}') as unknown
    expect(read({ kind: 'group', fields: { street: { kind: 'string' } } }, native)).toEqual({})
    expect(({} as Record<string, unknown>).street).toBeUndefined()
  })
})
