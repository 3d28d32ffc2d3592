import { expect, test } from 'vitest'
import { encodeForm, type FormFields } from './form.ts'

const decoded = (fields: FormFields): string => decodeURIComponent(encodeForm(fields).replaceAll('+', ' '))

test('plain fields are encoded as browsers do', () => {
  expect(encodeForm({ 'a b': 'x&y=ü', empty: '' })).toBe('a+b=x%26y%3D%C3%BC&empty=')
})

test('nested fields and lists become names with brackets, in order', () => {
  expect(
    decoded({
      customer: { address: { city: 'Köln' }, metadata: { crm: 7 } },
      items: [{ price: 'p_1', quantity: 2n }, { price: 'p_2' }],
      expand: ['data.a', 'data.b'],
      paid: false,
    }),
  ).toBe(
    'customer[address][city]=Köln&customer[metadata][crm]=7&items[0][price]=p_1&items[0][quantity]=2&items[1][price]=p_2&expand[0]=data.a&expand[1]=data.b&paid=false',
  )
})

test('null clears a field, undefined says nothing about it', () => {
  expect(encodeForm({ phone: null, fax: undefined, nested: { a: null, b: undefined } })).toBe(
    'phone=&nested%5Ba%5D=',
  )
})

test('a number that is none, a cycle and too many fields are refused before anything is sent', () => {
  expect(() => encodeForm({ amount: Number.NaN })).toThrow(
    expect.objectContaining({ code: 'HTTP_REQUEST_INVALID' }),
  )
  const cycle: Record<string, FormFields> = {}
  cycle.self = cycle
  expect(() => encodeForm(cycle)).toThrow(/deeper than 16/)
  expect(() => encodeForm({ list: Array.from({ length: 100_001 }, () => 1) })).toThrow(/after 100000/)
})
