/** Lists of groups in a definition: their keys, and the mapping of their elements. */
import { describe, expect, test } from 'vitest'
import { checkDefinition } from './compile-integration.ts'

const line = { type: 'group', fields: { sku: 'string', qty: 'integer', price: 'money' } }

function definition(field: object, mapping: unknown) {
  const part = { resource: 'orders', triggers: [{ poll: '1m' }] }
  return {
    integration: 'lists',
    systems: { a: { connector: 'memory' }, b: { connector: 'memory' } },
    entities: {
      order: {
        fields: { no: 'string', lines: field },
        match: [{ exact: ['no'] }],
        systems: {
          a: { ...part, map: { no: 'no', lines: mapping } },
          b: { ...part, map: { no: 'no', lines: 'lines' } },
        },
      },
    },
  }
}

function messages(field: object, mapping: unknown = 'lines'): string[] {
  const { findings } = checkDefinition(definition(field, mapping), { hash: () => 'h' })
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
}

describe('the key of a list', () => {
  test.each(['sku', ['sku', 'qty']])('may be %j', (key) => {
    expect(messages({ type: 'list', of: line, key })).toEqual([])
  })

  test.each<[field: object, message: string]>([
    [{ type: 'list', of: line, key: 'skuu' }, 'fields.lines.key: the elements have no part skuu'],
    [
      { type: 'set', of: line, key: ['sku', 'price'] },
      "fields.lines.key: price is a money, which can't be a key",
    ],
    [{ type: 'list', of: 'string', key: 'x' }, 'fields.lines.key: elements of type string have no parts'],
    [
      { type: 'list', of: { type: 'group', fields: { parts: { type: 'list', of: line, key: 'no' } } } },
      'fields.lines.of.fields.parts.key: the elements have no part no',
    ],
  ])('of %j is refused', (field, message) => {
    expect(messages(field)).toContain(message)
  })
})

describe('the mapping of elements', () => {
  const list = { type: 'list', of: { type: 'group', fields: { sku: 'string', qty: 'integer' } }, key: 'sku' }
  const elements = { sku: { path: 'article', maxLength: 3 }, qty: 'amount.value' }

  test('reads, normalises and writes each part at its own path', async () => {
    const { integration } = checkDefinition(definition(list, { path: 'positions', elements }), {
      hash: () => 'h',
    })
    const part = integration?.entities.get('order')?.systems.get('a')
    const native = { positions: [{ id: 1, article: 'abc', amount: { value: 2, unit: 'kg' } }] }
    expect((await part?.lens.read(native))?.values).toEqual({ lines: [{ sku: 'abc', qty: '2' }] })
    const stored = part?.fields.get('lines')?.normalise([{ sku: 'abcdef', qty: '2' }])
    expect(stored).toEqual([{ sku: 'abc', qty: '2' }])
    const { patch } = (await part?.lens.write({ lines: [{ sku: 'abc', qty: '5' }] }, native)) ?? {}
    expect(patch).toEqual({ positions: [{ id: 1, article: 'abc', amount: { value: 5, unit: 'kg' } }] })
  })

  test.each<[mapping: unknown, message: string]>([
    [
      { path: 'p', elements: { sku: 'a' } },
      'systems.a.map.lines.elements: the part qty of an element is not mapped',
    ],
    [
      { path: 'p', elements: { ...elements, ski: 'a' } },
      'systems.a.map.lines.elements.ski: the group has no part ski',
    ],
    [
      { read: 'p', write: 'p', elements },
      'systems.a.map.lines.elements: elements does not go with read and write',
    ],
  ])('%j is refused', (mapping, message) => {
    expect(messages(list, mapping)).toContain(message)
  })

  test('may leave parts out where changes are never propagated', () => {
    expect(messages(list, { path: 'p', elements: { sku: 'a' }, lossy: 'never-origin' })).toEqual([])
    expect(messages({ type: 'list', of: 'string' }, { path: 'p', elements: { sku: 'a' } })).toEqual([
      'systems.a.map.lines.elements: only sets and lists of groups have them, this is list',
    ])
  })
})
