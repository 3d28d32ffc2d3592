import { describe, expect, test } from 'vitest'
import { entityOf } from '../../../test/support/merge-cases.ts'
import type { MatchRule } from '../integration.ts'
import { comparableText } from './comparable-text.ts'
import { matchKeys } from './match-keys.ts'
import { searchKeys } from './search-keys.ts'
import { textSimilarity } from './similarity.ts'

const customers = (...match: MatchRule[]) => ({
  ...entityOf({
    fields: {
      email: {},
      name: {},
      address: { type: { kind: 'group', fields: { zip: { kind: 'string' } } } },
    },
  }),
  match,
})

describe('comparable text', () => {
  test.each([
    ['Müller & Söhne GmbH', 'MULLER SOHNE'],
    ['Acme, Inc.', 'acme'],
    ["O'Brien Ltd", 'OBrien Limited'],
    ['Straße 5', 'STRASSE 5'],
    ['Łódź Sp.', 'lodz sp'],
  ])('of %s is that of %s', (left, right) => {
    expect(comparableText(left)).toBe(comparableText(right))
  })

  test('keeps a name that consists only of a legal form', () => {
    expect(comparableText('AG')).toBe('ag')
  })
})

describe('match keys', () => {
  test('of an exact rule are equal for equal values only', () => {
    const entity = customers({ kind: 'exact', fields: ['email', 'address.zip'] })
    const [key] = matchKeys(entity, { email: 'a@x', address: { zip: '1' } })
    expect(key).toEqual({ rule: 0, kind: 'exact', text: '["\\"a@x\\"","\\"1\\""]' })
    expect(matchKeys(entity, { email: 'A@x', address: { zip: '1' } })[0]).not.toEqual(key)
  })

  test('are left out when a field of the rule has no value', () => {
    const entity = customers(
      { kind: 'exact', fields: ['email', 'name'] },
      { kind: 'normalised', fields: ['name'] },
    )
    expect(matchKeys(entity, { email: 'a@x', name: '' })).toEqual([])
    expect(matchKeys(entity, { name: '!!!' })).toEqual([])
  })

  test('of a normalised rule are equal for spellings of the same thing', () => {
    const entity = customers({ kind: 'normalised', fields: ['name'] })
    expect(matchKeys(entity, { name: 'Acme GmbH' })).toEqual(matchKeys(entity, { name: 'ACME' }))
  })

  test('of a score rule find typing errors, other word orders and added words', () => {
    const entity = customers({ kind: 'score', weights: { name: 1 }, link: 0.9, review: 0.7 })
    const texts = (name: string) => new Set(matchKeys(entity, { name }).map(({ text }) => text))
    const share = (left: string, right: string) => [...texts(left)].some((text) => texts(right).has(text))
    expect(share('Jane Dalloway', 'Jane Daloway')).toBe(true)
    expect(share('Jane Dalloway', 'Dalloway, Jane')).toBe(true)
    expect(share('Acme Tools', 'Acme Tools Berlin')).toBe(true)
    expect(share('Customer 1234', 'Customer 5678')).toBe(false)
  })
})

describe('text similarity', () => {
  test.each([
    ['', '', 1],
    ['a', '', 0],
    ['kitten', 'sitting', 1 - 3 / 7],
    ['ab', 'ba', 0.5],
    ['jane doe', 'joan doe', 0.75],
  ])('of %j and %j is %d', (left, right, expected) => {
    expect(textSimilarity(left, right)).toBeCloseTo(expected)
    expect(textSimilarity(right, left)).toBeCloseTo(expected)
  })
})

describe('search keys', () => {
  test('are those that a record with the value in a matched field has', () => {
    const entity = customers(
      { kind: 'exact', fields: ['email'] },
      { kind: 'normalised', fields: ['name'] },
      { kind: 'score', weights: { name: 1 }, link: 0.9, review: 0.5 },
    )
    const record = matchKeys(entity, { email: 'a@x', name: 'Müller & Söhne GmbH' })
    const found = (text: string) =>
      searchKeys(entity, text).filter((key) =>
        record.some((own) => JSON.stringify(own) === JSON.stringify(key)),
      )
    expect(found('a@x')).toEqual([expect.objectContaining({ rule: 0, kind: 'exact' })])
    expect(found('muller sohne').map(({ rule, kind }) => `${rule} ${kind}`)).toContain('1 exact')
    expect(found('Mueller').length).toBe(0)
  })

  test('leave out rules that need several fields, and fields that nothing is matched by', () => {
    expect(searchKeys(customers({ kind: 'exact', fields: ['email', 'name'] }), 'a@x')).toEqual([])
    expect(searchKeys(customers(), 'a@x')).toEqual([])
  })
})
