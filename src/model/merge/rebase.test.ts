import { describe, expect, test } from 'vitest'
import type { Field } from '../integration.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { joinGroups, reformAgreed, withoutBase, wouldEmpty } from './rebase.ts'

const address: FieldType = { kind: 'group', fields: { street: { kind: 'string' }, city: { kind: 'string' } } }

function field(type: FieldType, normalise: Field['normalise'] = (value) => value): Field {
  return { name: 'x', type, required: false, normalise, policy: { kind: 'manual' } }
}

describe('a field that starts over', () => {
  test('drops its known state, and keeps what was reported', () => {
    const hold = { reason: 'oscillation', at: 1 }
    const own = [{ value: 'a', rev: 3, notAfter: 1 }]
    expect(withoutBase({ shadow: 'a', acked: 3, own, provisional: 3, coerced: true, hold })).toEqual({
      acked: 0,
      rebased: true,
      hold,
    })
  })
})

describe('the agreed value', () => {
  const agreed = (value: CanonicalValue) => ({ value, rev: 3, src: 'crm', at: 1 })

  test('takes the new form of its field under the same revision', () => {
    const trim = (value: CanonicalValue) => (typeof value === 'string' ? value.trim() : value)
    expect(reformAgreed(field({ kind: 'string' }, trim), agreed(' a '))).toMatchObject({ value: 'a', rev: 3 })
    expect(reformAgreed(field({ kind: 'integer' }), agreed('12'))).toMatchObject({ value: '12', rev: 3 })
  })

  test('is no longer agreed where it has no such form', () => {
    const gone = { value: undefined, rev: 0 }
    expect(reformAgreed(field({ kind: 'integer' }), agreed('a dozen'))).toMatchObject(gone)
    const throws = () => {
      throw new RangeError('not this one')
    }
    expect(reformAgreed(field({ kind: 'string' }, throws), agreed('a'))).toMatchObject(gone)
  })

  test('is unchanged where it is a reference, or empty', () => {
    const reference = agreed('01a22acf-e78a-7f2c-a091-044e2a7a37d3')
    expect(reformAgreed(field({ kind: 'ref', entity: 'customer' }), reference)).toBe(reference)
    expect(reformAgreed(field({ kind: 'integer' }), agreed(null))).toEqual(agreed(null))
  })
})

describe('groups', () => {
  test('are joined where each only lacks parts that the other has', () => {
    const joined = { street: 'Main street 1', city: 'Bonn' }
    expect(joinGroups(address, { street: 'Main street 1', city: null }, { city: 'Bonn' })).toEqual(joined)
    expect(joinGroups(address, joined, joined)).toEqual(joined)
  })

  test('are never mixed from two different values', () => {
    expect(
      joinGroups(address, { street: 'Side road 2', city: null }, { street: 'Main street 1', city: 'Bonn' }),
    ).toBeUndefined()
    expect(joinGroups({ kind: 'string' }, 'a', 'b')).toBeUndefined()
  })
})

describe('emptying', () => {
  test.each<[CanonicalValue, CanonicalValue, boolean]>([
    ['a', null, true],
    ['a', '', true],
    [['a'], [], true],
    ['a', 'b', false],
    [null, null, false],
    [['a', 'b'], ['a'], false],
    [{ street: 'a', city: 'b' }, { street: 'a', city: null }, true],
    [{ street: 'a', city: 'b' }, { street: 'a' }, true],
    [{ street: 'a', city: null }, { street: 'c' }, false],
  ])('of %j by %j: %s', (before, after, empties) => {
    expect(wouldEmpty(before, after)).toBe(empties)
  })
})
