import { expect, test } from 'vitest'
import type { Field } from '../model/integration.ts'
import type { CanonicalValue, FieldType } from '../model/values.ts'
import { readGivenValue } from './given-value.ts'

const field = (type: FieldType, normalise = (value: CanonicalValue): CanonicalValue => value): Field => ({
  name: 'x',
  type,
  required: false,
  normalise,
  policy: { kind: 'manual' },
})
const text = { kind: 'string' } as const

test.each<[FieldType, string, CanonicalValue]>([
  [text, 'Bonn', 'Bonn'],
  [text, '', ''],
  [text, '10.50', '10.50'],
  [text, 'true', 'true'],
  [text, '"null"', 'null'],
  [text, '"quoted"', 'quoted'],
  [text, 'say "hi"', 'say "hi"'],
  [text, '[1]', '[1]'],
  [text, 'null', null],
  [{ kind: 'decimal' }, '10.50', '10.5'],
  [{ kind: 'decimal' }, '"10.50"', '10.5'],
  [{ kind: 'integer' }, '9007199254740993', '9007199254740993'],
  [{ kind: 'integer' }, 'null', null],
  [{ kind: 'boolean' }, 'false', false],
  [{ kind: 'boolean' }, 'true', true],
  [{ kind: 'enum', values: ['active', 'blocked'] }, 'blocked', 'blocked'],
  [{ kind: 'date' }, '2026-05-01', '2026-05-01'],
  [{ kind: 'instant' }, '2026-05-01T09:00:00+02:00', '2026-05-01T07:00:00Z'],
  [{ kind: 'list', of: text }, '["b","a"]', ['b', 'a']],
  [{ kind: 'list', of: text }, '[]', []],
  [{ kind: 'set', of: { kind: 'integer' } }, '[2, 1, 2]', ['1', '2']],
  [{ kind: 'group', fields: { city: text } }, '{"city":"Bonn"}', { city: 'Bonn' }],
  [{ kind: 'money' }, '{"amount": 10.50, "currency": "EUR"}', { amount: '10.5', currency: 'EUR' }],
])('%j: %s', (type, given, value) => {
  expect(readGivenValue(field(type), given)).toEqual({ ok: true, value })
})

test.each<[FieldType, string, RegExp]>([
  [{ kind: 'integer' }, 'seven', /./],
  [{ kind: 'boolean' }, 'perhaps', /./],
  [{ kind: 'enum', values: ['active', 'blocked'] }, 'lost', /./],
  [{ kind: 'date' }, 'tomorrow', /./],
  [{ kind: 'list', of: text }, 'a, b', /JSON, such as '\["a","b"\]'/],
  [{ kind: 'list', of: text }, '{"a":1}', /./],
  [{ kind: 'group', fields: { city: text } }, 'Bonn', /\{"city":"…"\}/],
  [{ kind: 'string', maxLength: 3 }, 'Bonn', /./],
])('%j refuses %s, and says why', (type, given, reason) => {
  expect(readGivenValue(field(type), given)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
})

test('the value is in the form that the normaliser of the field declares', () => {
  const lower = field(text, (value) => (typeof value === 'string' ? value.toLowerCase() : value))
  expect(readGivenValue(lower, 'ADA@x.test')).toEqual({ ok: true, value: 'ada@x.test' })
})
