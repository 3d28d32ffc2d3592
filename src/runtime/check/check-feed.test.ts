import { expect, test } from 'vitest'
import { fullCapabilities } from '../../../test/support/engine-fixture.ts'
import type { ChangesResult, Resource } from '../../connectors/kit/contract.ts'
import { checkFeed } from './check-feed.ts'

type Feed = (cursor: string | undefined) => Promise<ChangesResult>

function checking(changes: Feed | undefined) {
  const resource: Resource = {
    name: 'contacts',
    capabilities: { ...fullCapabilities, changes: { cursor: 'seq', commitLagMs: 0 } },
    read: async () => ({ kind: 'gone' }),
    list: async function* () {
      yield []
      return { complete: true }
    },
    ...(changes === undefined ? {} : { changes }),
  }
  const context = { signal: AbortSignal.timeout(20_000), priority: 'hand' } as const
  return checkFeed({ subject: 'customer in crm', resource, context })
}

const page = (cursor: string, more = false): ChangesResult => ({
  kind: 'page',
  changed: more ? [] : [{ nativeId: '1' }],
  cursor,
  more,
})
const refusal: ChangesResult = {
  kind: 'unknown',
  failure: {
    code: 'HTTP_STATUS_FINAL',
    message: 'GET /changes was refused (404).',
    said: 'no such path',
    scope: 'system',
  },
}

test('reads a feed from its beginning and from the position that it gave', async () => {
  const asked: (string | undefined)[] = []
  const rows = await checking(async (cursor) => {
    asked.push(cursor)
    return page('1')
  })
  expect(asked).toEqual([undefined, '1'])
  expect(rows).toMatchObject([{ level: 'ok', subject: 'customer in crm, feed' }])
})

test('says in the words of the system what is wrong with the first page', async () => {
  expect(await checking(async () => refusal)).toMatchObject([
    {
      level: 'error',
      message: 'GET /changes was refused (404). The system says: no such path. (HTTP_STATUS_FINAL)',
      hint: expect.any(String),
    },
  ])
})

test('finds a position that is refused, by an error or as expired', async () => {
  const second =
    (response: ChangesResult): Feed =>
    async (cursor) =>
      cursor === undefined ? page('1') : response
  expect(await checking(second(refusal))).toMatchObject([
    { level: 'error', subject: 'customer in crm, feed after a position' },
  ])
  expect(await checking(second({ kind: 'expired' }))).toMatchObject([
    { level: 'error', message: 'it rejects the cursor that it has just returned' },
  ])
})

test('finds a feed that does not start, and one that never moves on', async () => {
  expect(await checking(async () => ({ kind: 'expired' }))).toMatchObject([
    { level: 'error', message: 'it refuses to start from its beginning' },
  ])
  expect(await checking(async () => page('same', true))).toMatchObject([
    { level: 'error', message: expect.stringContaining('the same page for every cursor') },
  ])
})

test('a connector that throws, and a resource without a feed, are no reason to end the report', async () => {
  const thrown = await checking(async () => {
    throw new TypeError('broken')
  })
  expect(thrown).toMatchObject([{ level: 'error', message: 'broken' }])
  expect(await checking(undefined)).toEqual([])
})
