import { LosslessNumber } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import type { LawSubject } from '../laws/law.ts'
import { checkLaws } from '../laws/laws.ts'
import { plainEmpties as empties } from '../normalisers/contract.ts'
import type { CanonicalDocument, FieldType, NativeRecord } from '../values.ts'
import { compileLens } from './compile-lens.ts'
import type { Lens } from './contract.ts'
import type { LensFieldSpec, LensPartSpec, NativePath } from './spec.ts'

const text: FieldType = { kind: 'string' }
const integer: FieldType = { kind: 'integer' }
const line: FieldType = { kind: 'group', fields: { sku: text, qty: integer } }
const lines: FieldType = { kind: 'list', of: line }
const keyed: FieldType = { kind: 'list', of: line, key: ['sku'] }

function spec(
  type: FieldType,
  more: { elements?: LensPartSpec[] } & Partial<LensFieldSpec> = {},
): LensFieldSpec {
  const { elements, ...rest } = more
  const source = {
    kind: 'path',
    path: ['lines'],
    empties,
    ...(elements === undefined ? {} : { elements }),
  } as const
  return { name: 'lines', type, readable: true, writable: true, source, ...rest }
}

function part(name: string, type: FieldType, ...path: NativePath): LensPartSpec {
  return { name, type, source: { kind: 'path', path, empties } }
}

function lensOf(type: FieldType, more: Parameters<typeof spec>[1] = {}): Lens {
  return compileLens({ fields: [spec(type, more)] })
}

function written(lens: Lens, values: CanonicalDocument, base?: NativeRecord): unknown {
  const writing = lens.write(values, base)
  if (writing instanceof Promise) throw new TypeError('a lens of paths must answer at once')
  expect(writing.problems).toEqual([])
  return writing.patch.lines
}

const held = {
  lines: [
    { lineId: 800, tax: 'REDUCED', sku: 'A', qty: 1 },
    { lineId: 801, tax: 'STD', sku: 'B', qty: 2 },
  ],
}
const [heldA, heldB] = held.lines

describe('a list of groups that already exists in a system', () => {
  const lens = lensOf(lines)

  test('keeps unmapped properties with their element when elements are changed, added, removed or moved', () => {
    const write = (...values: CanonicalDocument[]): unknown => written(lens, { lines: values }, held)
    const [a, b] = [
      { sku: 'A', qty: '1' },
      { sku: 'B', qty: '2' },
    ]
    expect(write(a, { sku: 'B', qty: '3' })).toEqual([heldA, { ...heldB, qty: 3 }])
    expect(write(a, b, { sku: 'C', qty: '9' })).toEqual([heldA, heldB, { sku: 'C', qty: 9 }])
    expect(write({ sku: 'C', qty: '9' }, a, b)).toEqual([{ sku: 'C', qty: 9 }, heldA, heldB])
    expect(write(b)).toEqual([heldB])
    expect(write(b, a)).toEqual([heldB, heldA])
    expect(held.lines).toEqual([heldA, heldB])
  })

  test('is created unchanged where there is none yet, and where the system holds something else', () => {
    const values = { lines: [{ sku: 'A', qty: '1' }] }
    expect(written(lens, values)).toEqual([{ sku: 'A', qty: 1 }])
    expect(written(lens, values, { lines: null })).toEqual([{ sku: 'A', qty: 1 }])
    expect(written(lens, values, { lines: 'none' })).toEqual([{ sku: 'A', qty: 1 }])
    expect(written(lens, values, { lines: ['A', null, { id: 7 }] })).toEqual([{ id: 7, sku: 'A', qty: 1 }])
  })

  test('keeps the representation of equal values, and clears parts that an element no longer has', () => {
    const base = { lines: [{ id: 1, sku: 'A', qty: new LosslessNumber('1.0') }] }
    expect(written(lens, { lines: [{ sku: 'A', qty: '1' }] }, base)).toEqual(base.lines)
    expect(written(lens, { lines: [{ sku: 'A' }] }, base)).toEqual([{ id: 1, sku: 'A', qty: null }])
  })

  test('identifies elements by their key alone where one is declared', () => {
    expect(
      written(
        lensOf(keyed),
        {
          lines: [
            { sku: 'X', qty: '1' },
            { sku: 'B', qty: '5' },
          ],
        },
        held,
      ),
    ).toEqual([
      { sku: 'X', qty: 1 },
      { ...heldB, qty: 5 },
    ])
  })

  test('accepts numbers as keys', () => {
    const byNumber: FieldType = {
      kind: 'list',
      of: { kind: 'group', fields: { pos: integer, note: text } },
      key: ['pos'],
    }
    const base = {
      lines: [
        { pos: 10, note: 'x', by: 'ann' },
        { pos: 20, note: 'x', by: 'bob' },
      ],
    }
    const values = {
      lines: [
        { pos: '20', note: 'y' },
        { pos: '15', note: 'x' },
      ],
    }
    expect(written(lensOf(byNumber), values, base)).toEqual([
      { pos: 20, note: 'y', by: 'bob' },
      { pos: 15, note: 'x' },
    ])
  })

  test('recognises elements through the normalisers of the definition', () => {
    const upper = lensOf(keyed, {
      asWritten: (value) =>
        JSON.parse(
          JSON.stringify(value).toUpperCase().replaceAll('"SKU"', '"sku"').replaceAll('"QTY"', '"qty"'),
        ),
    })
    const base = { lines: [{ lineId: 1, sku: 'a', qty: 1 }] }
    expect(written(upper, { lines: [{ sku: 'A', qty: '2' }] }, base)).toEqual([
      { lineId: 1, sku: 'A', qty: 2 },
    ])
    const failing = lensOf(keyed, {
      asWritten: () => {
        throw new TypeError('not expected')
      },
    })
    expect(written(failing, { lines: [{ sku: 'a', qty: '2' }] }, base)).toEqual([
      { lineId: 1, sku: 'a', qty: 2 },
    ])
  })

  test('compares references by the native id', () => {
    const type: FieldType = {
      kind: 'list',
      of: { kind: 'group', fields: { product: { kind: 'ref', entity: 'product' }, qty: integer } },
      key: ['product'],
    }
    const base = {
      lines: [
        { product: 'P1', qty: 1, tax: 'A' },
        { product: 'P2', qty: 1, tax: 'B' },
      ],
    }
    expect(written(lensOf(type), { lines: [{ product: 'P2', qty: '4' }] }, base)).toEqual([
      { product: 'P2', qty: 4, tax: 'B' },
    ])
  })
})

describe('elements with properties of other names', () => {
  const elements = [part('sku', text, 'article'), part('qty', integer, 'amount', 'value')]
  const lens = lensOf(keyed, { elements })
  const base = {
    lines: [
      { id: 1, article: 'A', amount: { value: 1, unit: 'kg' } },
      { id: 2, article: 'B', amount: { value: 2, unit: 'g' } },
    ],
  }

  test('are read and written by the mapping of each part', async () => {
    expect((await lens.read(base)).values).toEqual({
      lines: [
        { sku: 'A', qty: '1' },
        { sku: 'B', qty: '2' },
      ],
    })
    expect(
      written(
        lens,
        {
          lines: [
            { sku: 'B', qty: '5' },
            { sku: 'C', qty: '1' },
          ],
        },
        base,
      ),
    ).toEqual([
      { id: 2, article: 'B', amount: { value: 5, unit: 'g' } },
      { article: 'C', amount: { value: 1 } },
    ])
  })

  test.each([
    [{ lines: [] }, []],
    [{ lines: null }, null],
    [{}, undefined],
    [{ lines: [{ id: 1 }] }, [{}]],
  ])('read %j as %j', async (native, value) => {
    expect((await lens.read(native)).values.lines).toEqual(value)
  })

  test.each([
    ['A'],
    [['A', 'B']],
    [[{ article: 'A', amount: { value: 'many' } }]],
    [Array.from({ length: 10_001 }, () => ({}))],
  ])('refuse a value that is no list of groups', async (value) => {
    const { values, problems } = await lens.read({ lines: value })
    expect([values, problems]).toEqual([{}, [expect.objectContaining({ field: 'lines' })]])
  })
})

describe('lists and groups inside elements', () => {
  const order: FieldType = {
    kind: 'list',
    of: {
      kind: 'group',
      fields: {
        no: text,
        price: { kind: 'group', fields: { net: integer, gross: integer } },
        parts: { kind: 'list', of: { kind: 'group', fields: { name: text } } },
      },
    },
    key: ['no'],
  }
  const base = {
    lines: [
      {
        no: '1',
        seen: true,
        price: { net: 1, gross: 2, currency: 'EUR' },
        parts: [
          { id: 11, name: 'x' },
          { id: 12, name: 'y' },
        ],
      },
    ],
  }

  test('keep unmapped properties in them', () => {
    const value = { no: '1', price: { net: '3' }, parts: [{ name: 'y' }, { name: 'z' }] }
    expect(written(lensOf(order), { lines: [value] }, base)).toEqual([
      {
        no: '1',
        seen: true,
        price: { net: 3, gross: null, currency: 'EUR' },
        parts: [{ id: 12, name: 'y' }, { name: 'z' }],
      },
    ])
    expect(written(lensOf(order), { lines: [{ no: '1', price: null, parts: [] }] }, base)).toEqual([
      { no: '1', seen: true, price: { net: null, gross: null, currency: 'EUR' }, parts: [] },
    ])
  })
})

describe('a set of groups', () => {
  const set: FieldType = { kind: 'set', of: line }
  const base = {
    lines: [
      { id: 2, sku: 'B', qty: 2 },
      { id: 1, sku: 'A', qty: 1 },
      { id: 3, sku: 'B', qty: 2 },
    ],
  }

  test("keeps the system's order, and elements that differ only in unmapped properties", () => {
    const values = {
      lines: [
        { sku: 'A', qty: '1' },
        { sku: 'B', qty: '2' },
        { sku: 'C', qty: '3' },
      ],
    }
    expect(written(lensOf(set), values, base)).toEqual([
      base.lines[0],
      base.lines[2],
      base.lines[1],
      { sku: 'C', qty: 3 },
    ])
    expect(written(lensOf(set), { lines: [{ sku: 'A', qty: '1' }] }, base)).toEqual([base.lines[1]])
  })
})

describe('the laws of a mapping', () => {
  const subject = (lens: Lens, type: FieldType): LawSubject => ({
    lens,
    nested: 'replace',
    fields: new Map([['lines', { type, readable: true, writable: true, normalise: (value) => value }]]),
  })

  test.each([lines, keyed, { kind: 'set', of: line } as const])('hold for a list at a path', async (type) => {
    expect(await checkLaws(subject(lensOf(type), type), held, undefined)).toEqual([])
  })

  test('report what the elements of a list would lose', async () => {
    const losing: Lens = {
      read: lensOf(lines).read,
      write: (values) => lensOf(lines).write(values, undefined),
    }
    expect(await checkLaws(subject(losing, lines), held, undefined)).toEqual([
      {
        law: 'frame',
        field: 'lines',
        message: 'remaining elements lose unmapped properties: lineId, tax',
      },
    ])
  })
})
