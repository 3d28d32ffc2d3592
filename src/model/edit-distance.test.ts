import { expect, test } from 'vitest'
import { editDistance } from './edit-distance.ts'

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['url', 'ulr', 1],
  ['kitten', 'sitting', 3],
  ['abcdef', 'badcfe', 3],
  ['🚲', '🚗', 1],
  ['same', 'same', 0],
])('from %j to %j', (one, other, edits) => {
  expect(editDistance(one, other)).toBe(edits)
  expect(editDistance(other, one)).toBe(edits)
})

test('texts whose lengths differ by more than the bound are not compared', () => {
  expect(editDistance('a'.repeat(100_000), 'b', 4)).toBe(4)
})
