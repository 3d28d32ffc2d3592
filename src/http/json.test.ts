import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { isLosslessNumber, type LosslessNumber } from 'lossless-json'
import { expect, test } from 'vitest'
import { parseJson, writeJson } from './json.ts'

const limits = { maxDepth: 64, numbers: 'lossless' } as const

function parsed(text: string): unknown {
  const result = parseJson(text, limits)
  return result.ok ? result.value : result.refusal
}

test('every number keeps its value, whatever its size and spelling', () => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,3})?$/)
  fc.assert(
    fc.property(digits, (source) => {
      const [value] = (parsed(`{"a":[${source}]}`) as { a: [number | LosslessNumber] }).a
      return new Decimal(String(value)).eq(source)
    }),
    { numRuns: 2_000 },
  )
})

test('a long id never comes out as another id', () => {
  for (const id of ['9007199254740993', '12345678901234567890', '0.1234567890123456789']) {
    const value = parsed(`{"id":${id}}`) as { id: unknown }
    expect(isLosslessNumber(value.id) && value.id.toString()).toBe(id)
    expect(writeJson(value)).toBe(`{"id":${id}}`)
  }
})

test('parses every JSON value the way JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      if (text.includes('__proto__')) return
      expect(JSON.parse(writeJson(parsed(text)))).toEqual(JSON.parse(text))
    }),
  )
})

test('drops a __proto__ key in any spelling, so that copying a record can not reach the prototype', () => {
  for (const key of [
    '__proto__',
    '\\u005f_proto__',
    '\\u005F\\u005Fproto__',
    '__pr\\u006fto__',
    '__\\u0070rot\\u006F__',
  ]) {
    const value = parsed(`{"a":{"${key}":{"admin":true}},"b":1}`) as { a: object }
    expect(Object.hasOwn(value.a, '__proto__')).toBe(false)
    expect('admin' in value.a).toBe(false)
  }
})

test('counts depth outside of strings only', () => {
  expect(parsed('['.repeat(65) + ']'.repeat(65))).toBe('too-deep')
  expect(parsed(JSON.stringify({ text: '[[[['.repeat(100), quote: '"[[\\"' }))).toMatchObject({
    text: '[[[['.repeat(100),
  })
  expect(parsed('{"a":')).toBe('not-json')
  expect(parsed('[1,"unterminated')).toBe('not-json')
})

test('depth and size of hostile texts cost no more than reading them', () => {
  const text = '['.repeat(5_000_000)
  const before = process.cpuUsage()
  expect(parsed(text)).toBe('too-deep')
  // Processor time, which other work on the machine does not lengthen.
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000)
})
