import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ElementView, pairElements } from './pair-elements.ts'

/** `A1` is the article A in quantity 1; `A1!` uses the letter as its key. */
function view(text: string): ElementView {
  const [sku = '', qty = ''] = text
  const parts = new Map(Object.entries({ sku, qty }).filter(([, value]) => value !== '_'))
  return { content: sku + qty, parts, ...(text.endsWith('!') && sku !== '_' ? { key: sku } : {}) }
}

function pairs(held: string, wanted: string, ordered = true): readonly (number | undefined)[] {
  const views = (list: string): ElementView[] => (list === '' ? [] : list.split(' ').map(view))
  return pairElements(views(held), views(wanted), { naming: new Set(['sku']), ordered })
}

const none = undefined

describe('elements without a declared key', () => {
  test.each<[what: string, held: string, wanted: string, expected: readonly (number | undefined)[]]>([
    ['nothing changed', 'A1 B2', 'A1 B2', [0, 1]],
    ['one is changed', 'A1 B2', 'A1 B3', [0, 1]],
    ['all are changed', 'A1 B2', 'A5 B6', [0, 1]],
    ['one is added at the end', 'A1 B2', 'A1 B2 C3', [0, 1, none]],
    ['one is added at the beginning', 'A1 B2', 'C3 A1 B2', [none, 0, 1]],
    ['one is removed at the beginning', 'A1 B2 C3', 'B2 C3', [1, 2]],
    ['one is removed and its neighbour changed', 'A1 B2', 'B3', [1]],
    ['the order is reversed', 'A1 B2 C3', 'C3 B2 A1', [2, 1, 0]],
    ['one is moved and changed', 'A1 B2 C3', 'B2 C3 A9', [1, 2, 0]],
    ['one goes at the beginning and another comes at the end', 'A1 B2', 'B2 X5', [1, none]],
    ['one is replaced in its place', 'A1 B2', 'X5 B2', [0, 1]],
    ['two are equal, and one of them is changed', 'A1 A1', 'A1 A2', [0, 1]],
    ['two are equal, and the first of them is changed', 'A1 A1', 'A2 A1', [0, 1]],
    ['two are equal, and one of them goes', 'A1 A1 B2', 'A1 B2', [0, 2]],
    ['two are equal, and another comes before them', 'A1 A1', 'X9 A1 A1', [none, 0, 1]],
    ['a text without a number is changed and one is appended', 'a_', 'b_ c_', [0, none]],
    ['values of nothing', '_1 _2', '_1 _3', [0, 1]],
    ['the list was empty', '', 'A1', [none]],
    ['the list becomes empty', 'A1', '', []],
  ])('%s', (_, held, wanted, expected) => {
    expect(pairs(held, wanted)).toEqual(expected)
  })
})

describe('elements with a declared key', () => {
  test.each<[what: string, held: string, wanted: string, expected: readonly (number | undefined)[]]>([
    ['another key is another element, in the same place too', 'A1! B2!', 'X1! B2!', [none, 1]],
    ['all other parts may change and move', 'A1! B2!', 'B7! A9!', [1, 0]],
    ['a key that occurs twice is matched by content, then by order', 'A1! A2! A3!', 'A2! A9!', [1, 0]],
    ['elements without a value for the key are matched by the rest', '_1! B2!', '_1! B2!', [0, 1]],
    ['an element never matches one without a key', 'A1!', '_1!', [none]],
  ])('%s', (_, held, wanted, expected) => {
    expect(pairs(held, wanted)).toEqual(expected)
  })
})

describe('elements of sets', () => {
  test.each<[what: string, held: string, wanted: string, expected: readonly (number | undefined)[]]>([
    ['are matched by content and by their texts', 'B2 A1', 'A1 B3', [1, 0]],
    ['have no position: an element that is not similar is another one', 'A1 B2', 'A1 X5', [0, none]],
  ])('%s', (_, held, wanted, expected) => {
    expect(pairs(held, wanted, false)).toEqual(expected)
  })
})

describe('any two lists', () => {
  const list = fc
    .array(fc.tuple(fc.constantFrom('A', 'B', 'C', '_'), fc.constantFrom('1', '2', '3')), { maxLength: 8 })
    .map((elements) => elements.map(([sku, qty]) => `${sku}${qty}`).join(' '))

  test('are paired one to one, and equal ones completely and in order', () => {
    fc.assert(
      fc.property(list, list, (held, wanted) => {
        const partners = pairs(held, wanted).filter((at) => at !== undefined)
        expect(new Set(partners).size).toBe(partners.length)
        const count = held === '' ? 0 : held.split(' ').length
        expect(pairs(held, held)).toEqual(Array.from({ length: count }, (_, index) => index))
      }),
      { numRuns: 500 },
    )
  })

  test('are paired in bounded time where nothing is recognised', () => {
    const many = (text: string): ElementView[] =>
      Array.from({ length: 5_000 }, () => ({ content: text, parts: new Map([['sku', text]]) }))
    expect(pairElements(many('a'), many('b'), { naming: new Set(), ordered: true }).slice(0, 3)).toEqual([
      0, 1, 2,
    ])
  })
})
