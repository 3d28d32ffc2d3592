import { expect, test } from 'vitest'
import type { Intent } from '../../src/model/state.ts'
import { BoundedWrites } from './bounded-writes.ts'

const intent = { recordId: 'r1', system: 'crm', createdAt: 1, revs: { name: 6 } } as unknown as Intent

test('a revision that the same native record acknowledges twice is one write too many', () => {
  const writes = new BoundedWrites(() => 0)
  expect(writes.acknowledged(intent, 'c1')).toEqual([])
  expect(writes.acknowledged(intent, 'c1')).toEqual(['crm acknowledged name of rev 6 2 times'])
})

test('a counterpart that replaces another one gets the revision once, too', () => {
  const writes = new BoundedWrites(() => 0)
  expect(writes.acknowledged(intent, 'c1')).toEqual([])
  expect(writes.acknowledged(intent, 'c2')).toEqual([])
  expect(writes.acknowledged(intent, 'c2')).toHaveLength(1)
})

test('an outcome in doubt allows one more write, and so does another mapping', () => {
  let now = 0
  const writes = new BoundedWrites(() => now)
  writes.ambiguous('r1', 'crm')
  expect(writes.acknowledged(intent, 'c1')).toEqual([])
  expect(writes.acknowledged(intent, 'c1')).toEqual([])
  expect(writes.acknowledged(intent, 'c1')).toHaveLength(1)
  now = 10
  writes.mappingChanged()
  expect(writes.acknowledged({ ...intent, createdAt: 11 }, 'c1')).toEqual([])
})
