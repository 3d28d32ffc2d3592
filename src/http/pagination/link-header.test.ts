import { expect, test } from 'vitest'
import { nextLink, parseLinkHeader } from './link-header.ts'

test.each([
  ['<https://a.example/x?page=2>; rel="next"', 'https://a.example/x?page=2'],
  [
    '<https://a.example/?page=1>; rel="prev", <https://a.example/?page=3>; rel="next"',
    'https://a.example/?page=3',
  ],
  ['</x?page=2>;rel=next', '/x?page=2'],
  ['<?page=2>; rel=next', '?page=2'],
  ['<>; rel=next', ''],
  ['<a>; REL="NEXT"', 'a'],
  ['<a>; rel="last next"', 'a'],
  ['<a,b;c>; rel="next"', 'a,b;c'],
  ['<a>; title="x, <b>; rel=\\"next\\"", <c>; rel=next', 'c'],
  ['<a>; title="unended; rel=next', undefined],
  ['<a> ; rel = "next"', 'a'],
  ['<a>;;; rel="next";', 'a'],
  ['<a>; rel="prev"; rel="next"', undefined],
  ['<a>; rel="nextpage"', undefined],
  ['<a>; rel', undefined],
  ['<a>; anchor="/other"; rel="next", <b>; rel="next"', 'b'],
  [', ,<a>; rel=next,', 'a'],
  ['<a rel=next', undefined],
  ['a; rel=next', undefined],
  ['<a>; junk here, <b>; rel=next', 'b'],
  ['<a>; __proto__=x; rel=next', 'a'],
  ['', undefined],
  [undefined, undefined],
])('%j leads to %j', (field, target) => {
  expect(nextLink(field)).toBe(target)
})

test('gives every link with its parameters', () => {
  expect(parseLinkHeader('<a>; rel="self item"; title*=UTF-8\'\'x; hreflang=de, <b>;rel=up')).toEqual([
    {
      target: 'a',
      relations: ['self', 'item'],
      parameters: { rel: 'self item', 'title*': "UTF-8''x", hreflang: 'de' },
    },
    { target: 'b', relations: ['up'], parameters: { rel: 'up' } },
  ])
})

test('a field made to take long is read in no time', () => {
  const before = process.cpuUsage()
  for (const field of [
    '<'.repeat(100_000),
    '<a>;'.repeat(30_000),
    `<a>; x="${'\\'.repeat(100_000)}`,
    ','.repeat(100_000),
  ]) {
    parseLinkHeader(field)
  }
  // Processor time, which other work on the machine does not lengthen.
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000)
})
