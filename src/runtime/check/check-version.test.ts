import { expect, test } from 'vitest'
import { fullCapabilities } from '../../../test/support/engine-fixture.ts'
import type { ReadResult, Resource } from '../../connectors/kit/contract.ts'
import { checkVersion } from './check-version.ts'

function checking(reads: readonly ReadResult[], conditionalWrites = true) {
  const left = [...reads]
  const resource: Resource = {
    name: 'contacts',
    capabilities: { ...fullCapabilities, conditionalWrites },
    read: async () => left.shift() ?? { kind: 'gone' },
    list: async function* () {
      yield []
      return { complete: true }
    },
  }
  const context = { signal: AbortSignal.timeout(20_000), priority: 'hand' } as const
  return checkVersion({ subject: 'customer in crm', resource, record: { nativeId: '1' }, context })
}

const live = (version: string, name = 'Ada'): ReadResult => ({
  kind: 'live',
  nativeId: '1',
  native: { id: '1', name },
  version,
})

test.each([
  ['changes with each response', [live('"1"'), live('"2"')], 'changes from one read to the next'],
  ['is weak', [live('W/"1"'), live('W/"1"')], 'weak tags'],
  ['is that of a compressed response', [live('"1-gzip"'), live('"1-gzip"')], 'compressed responses'],
  ['has the suffix of another server', [live('"1;br"'), live('"1;br"')], 'compressed responses'],
])('a version that %s is a warning that says what to do', async (_what, reads, words) => {
  expect(await checking(reads)).toMatchObject([
    {
      level: 'warning',
      area: 'capabilities',
      subject: 'customer in crm',
      message: expect.stringContaining(words),
      hint: expect.any(String),
    },
  ])
})

test.each([
  ['the same strong tag twice', [live('"1"'), live('"1"')]],
  ['a number', [live('7'), live('7')]],
  ['another version of a record that was edited in between', [live('1'), live('2', 'Bea')]],
  ['a record that is gone', [{ kind: 'gone' } as const, { kind: 'gone' } as const]],
])('%s is nothing to report', async (_what, reads) => {
  expect(await checking(reads)).toEqual([])
})

test('is not asked where writes carry no precondition', async () => {
  expect(await checking([live('W/"1"'), live('W/"1"')], false)).toEqual([])
})
