import { expect, test } from 'vitest'
import type { FieldDescription, ResourceDescription } from './description.ts'
import { compareDescriptions } from './schema-drift.ts'

const field = (name: string, rest: Partial<FieldDescription> = {}): FieldDescription => ({
  path: [name],
  nativeType: 'varchar(80)',
  type: { kind: 'string' },
  maxLength: 80,
  required: false,
  nullable: true,
  creatable: true,
  updatable: true,
  ...rest,
})
const resource = (...fields: FieldDescription[]): ResourceDescription => ({
  name: 'customer',
  key: [['id']],
  fields,
})
const between = (before: Partial<FieldDescription>, after: Partial<FieldDescription>) =>
  compareDescriptions(resource(field('name', before)), resource(field('name', after))).map(
    ({ kind, harmful, message }) => [kind, harmful, message],
  )

test('the same description in another order and with other labels has not drifted', () => {
  const [a, b] = [field('a'), field('b', { label: 'old' })]
  expect(compareDescriptions(resource(a, b), resource({ ...b, label: 'new' }, a))).toEqual([])
})

test('fields that come and go are reported; a new one hurts only when creates need it', () => {
  const found = compareDescriptions(
    resource(field('a'), field('gone')),
    resource(field('a'), field('extra'), field('needed', { required: true })),
  )
  expect(found.map(({ path, kind, harmful }) => [path, kind, harmful])).toEqual([
    ['extra', 'added', false],
    ['gone', 'removed', true],
    ['needed', 'added', true],
  ])
})

test.each([
  ['another type', {}, { nativeType: 'int8', type: { kind: 'integer' } as const }, 'type', true],
  ['a shorter text', {}, { nativeType: 'varchar(40)', maxLength: 40 }, 'length', true],
  ['a longer text', {}, { nativeType: 'varchar(90)', maxLength: 90 }, 'length', false],
  ['fewer decimal places', { scale: 4 }, { scale: 2 }, 'length', true],
  ['a value that is gone', { values: ['a', 'b'] }, { values: ['a'] }, 'enum', true],
  ['a new value', { values: ['a'] }, { values: ['a', 'b'] }, 'enum', true],
  ['values that are no longer fixed', { values: ['a'] }, {}, 'enum', false],
  ['a field that became required', {}, { required: true }, 'required', true],
  ['a field that may be left out now', { required: true }, {}, 'required', false],
  ['a field that can not be changed any more', {}, { updatable: false }, 'writability', true],
  ['a field that can be changed now', { updatable: false }, {}, 'writability', false],
] as const)('%s is classified', (_, before, after, kind, harmful) => {
  expect(between(before, after).map(([first, second]) => [first, second])).toEqual([[kind, harmful]])
})

test('the words say what was and what is', () => {
  expect(between({}, { nativeType: 'varchar(40)', maxLength: 40 })).toEqual([
    ['length', true, '80 → 40 (characters)'],
  ])
})
