import { describe, expect, test } from 'vitest'
import type { CanonicalValue, NativeRecord } from '../values.ts'
import { checkDefinition } from './compile-integration.ts'

function compiled(field: object | string, mapping: object | string) {
  const triggers = [{ poll: '1s' }]
  const result = checkDefinition(
    {
      integration: 'small',
      systems: { a: { connector: 'rest' }, b: { connector: 'rest' } },
      entities: {
        thing: {
          fields: { value: field },
          match: 'never',
          systems: {
            a: { resource: 'a', map: { value: mapping }, triggers },
            b: { resource: 'b', map: { value: { read: 'v', write: 'v' } }, triggers },
          },
        },
      },
    },
    { hash: () => 'h' },
  )
  const system = result.integration?.entities.get('thing')?.systems.get('a')
  if (system === undefined) return expect.fail(JSON.stringify(result.findings))
  return {
    read: async (native: NativeRecord) => (await system.lens.read(native)).values.value,
    write: async (value: CanonicalValue, base?: NativeRecord) =>
      (await system.lens.write({ value }, base)).patch,
    stored: (value: CanonicalValue) => system.fields.get('value')?.normalise(value),
  }
}

describe('a system that escapes what it stores', () => {
  const shop = compiled('string', { path: 'v', normalize: ['escapeHtml'] })

  test.each(['R & D', '<b>"x"</b>', "O'Hara", 'R &amp; D', '&lt;', 'plain'])(
    'is sent the plain text, and what it stores is recognised: %s',
    async (value) => {
      const escaped = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
      expect(await shop.write(value)).toEqual({ v: value })
      expect(await shop.read({ v: escaped })).toBe(value)
      expect(shop.stored(value)).toBe(value)
    },
  )

  test('is stable with a length limit on the escaped text', () => {
    const short = compiled('string', { path: 'v', normalize: ['trim', 'escapeHtml'], maxLength: 8 })
    const stored = short.stored(' R & D and more ')
    expect(stored).toBe('R &')
    expect(short.stored(stored ?? null)).toBe(stored)
  })

  test('in a part of a group, and in no other part', async () => {
    const fields = { a: 'string', b: 'string' }
    const group = compiled({ type: 'group', fields }, { a: { path: 'x', normalize: ['escapeHtml'] }, b: 'y' })
    expect(await group.read({ x: 'R &amp; D', y: 'R &amp; D' })).toEqual({ a: 'R & D', b: 'R &amp; D' })
    expect(await group.write({ a: 'R & D', b: 'R & D' })).toEqual({ x: 'R & D', y: 'R & D' })
  })

  test('in the elements of a list, whose other properties are kept', async () => {
    const of = { type: 'group', fields: { name: 'string', qty: 'integer' } }
    const list = compiled(
      { type: 'list', of },
      { path: 'rows', elements: { name: { path: 'n', normalize: ['escapeHtml'] }, qty: 'q' } },
    )
    const base = { rows: [{ n: 'R &amp; D', q: 1, own: 'kept' }] }
    expect(await list.read(base)).toEqual([{ name: 'R & D', qty: '1' }])
    expect(await list.write([{ name: 'R & D', qty: '2' }], base)).toEqual({
      rows: [{ n: 'R & D', q: 2, own: 'kept' }],
    })
  })
})

test('a field that is escaped everywhere is still escaped in requests', async () => {
  const field = { type: 'string', normalize: ['escapeHtml'] }
  expect(await compiled(field, 'v').write('R &amp; D')).toEqual({ v: 'R &amp; D' })
})
