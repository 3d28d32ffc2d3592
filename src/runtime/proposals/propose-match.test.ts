import { describe, expect, test } from 'vitest'
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { proposeMapping } from './propose-mapping.ts'

function field(name: string, more: Partial<FieldDescription> = {}): FieldDescription {
  return {
    path: [name],
    nativeType: 'text',
    type: { kind: 'string' },
    required: false,
    nullable: true,
    creatable: true,
    updatable: true,
    ...more,
  }
}

const integer = { nativeType: 'integer', type: { kind: 'integer' } } as const

interface Wish {
  readonly fields: readonly FieldDescription[]
  readonly key?: readonly string[]
  readonly uniques?: readonly (readonly string[])[]
}

function resource({ fields, key = ['id'], uniques }: Wish): ResourceDescription {
  const paths = (names: readonly string[]): string[][] => names.map((name) => [name])
  return {
    name: 'customers',
    fields,
    key: paths(key),
    ...(uniques === undefined ? {} : { uniques: uniques.map(paths) }),
  }
}

function proposed(left: Wish, right: Wish = left) {
  const { match } = proposeMapping(resource(left), resource(right))
  return {
    proved: match.proved.map((set) => set.map((pair) => pair.left.path[0])),
    suggested: match.suggested.map((pair) => pair.left.path[0]),
  }
}

const names = ['email', 'postalCode', 'taxNumber', 'name', 'sku']

describe('what records are matched by', () => {
  test('names alone only suggest a key, the surest first', () => {
    const fields = names.map((name) => field(name))
    expect(proposed({ fields })).toEqual({ proved: [], suggested: ['taxNumber', 'sku', 'email'] })
  })

  test('fields that both systems keep unique are proposed, the surest first', () => {
    const fields = names.map((name) => field(name, { unique: true }))
    expect(proposed({ fields }).proved).toEqual([['taxNumber'], ['sku'], ['email'], ['postalCode'], ['name']])
  })

  test('a field that one of them keeps unique is not', () => {
    const left = { fields: [field('sku', { unique: true })] }
    expect(proposed(left, { fields: [field('sku')] })).toEqual({ proved: [], suggested: ['sku'] })
  })

  test('half of a key is not proposed, the whole key is', () => {
    const left = { fields: [field('tenant'), field('number')], key: ['tenant', 'number'] }
    const right = { ...left, key: ['id'], uniques: [['number', 'tenant']] }
    expect(proposed(left, right).proved).toEqual([['tenant', 'number']])
    const half = { fields: [field('number')], key: ['tenant', 'number'] }
    expect(proposed(half, half)).toEqual({ proved: [], suggested: ['number'] })
    expect(proposed(left, { ...left, key: ['id'] })).toEqual({ proved: [], suggested: ['number'] })
  })

  test('a combination is worth nothing where the other system keeps only a part of it unique, or more', () => {
    const fields = [field('tenant'), field('number'), field('year')]
    const left = { fields, key: ['tenant', 'number'] }
    expect(proposed(left, { fields, key: ['tenant', 'number', 'year'] }).proved).toEqual([])
    expect(proposed(left, { fields, key: ['number'] }).proved).toEqual([])
  })

  test('what each system makes up for itself is no key: counters meet by chance', () => {
    const counter = field('customerNumber', { ...integer, generated: true, unique: true })
    expect(proposed({ fields: [counter], key: ['customerNumber'] }).proved).toEqual([])
    const random = field('rowId', { generated: true, unique: true })
    expect(proposed({ fields: [random] }).proved).toEqual([])
    const silent = field('customer_no', integer)
    expect(proposed({ fields: [silent], key: ['customer_no'] }).proved).toEqual([])
    const ids = field('customer_id')
    expect(proposed({ fields: [ids], key: ['customer_id'] }).proved).toEqual([])
  })

  test('a key that whoever creates a record has to give is one', () => {
    const given = field('customerNumber', { ...integer, required: true })
    expect(proposed({ fields: [given], key: ['customerNumber'] }).proved).toEqual([['customerNumber']])
    expect(proposed({ fields: [field('BusinessPartner')], key: ['BusinessPartner'] }).proved).toEqual([
      ['BusinessPartner'],
    ])
  })
})
