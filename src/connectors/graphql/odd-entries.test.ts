/** Partial responses: an entry that failed, or is null, affects only itself and never its page. */
import { afterEach, describe, expect, test } from 'vitest'
import { closeAll, context, listOf, scripted } from '../../../test/support/graphql/connected.ts'

afterEach(closeAll)

const pageInfo = { hasNextPage: false, endCursor: null }
const failed = { message: 'no', extensions: { code: 'INTERNAL_SERVER_ERROR' } }
const list = {
  paging: 'connection',
  stable: true,
  query:
    'query ($after: String) { things(after: $after) { nodes { ...record } pageInfo { hasNextPage endCursor } } }',
}
const edges = {
  ...list,
  query:
    'query ($after: String) { things(after: $after) { edges { node { ...record } } pageInfo { hasNextPage endCursor } } }',
}
const nodes = [{ id: '1' }, null, { id: '3', name: null }]

describe('a list with an entry that failed', () => {
  test.each([
    ['a null', { data: { things: { nodes, pageInfo } } }],
    [
      'a null with its error',
      { data: { things: { nodes, pageInfo } }, errors: [{ ...failed, path: ['things', 'nodes', 1] }] },
    ],
    [
      'a field that failed, too',
      {
        data: { things: { nodes, pageInfo } },
        errors: [
          { ...failed, path: ['things', 'nodes', 1] },
          { ...failed, path: ['things', 'nodes', 2, 'name'] },
        ],
      },
    ],
  ])('%s', async (_, reply) => {
    const { things } = await scripted(() => reply, { list })
    const { nativeIds, end } = await listOf(things)
    expect(nativeIds).toEqual(['1', '3'])
    expect(end).toMatchObject({ complete: false, ended: true, unreadable: 1 })
  })

  test('an edge without a node', async () => {
    const reply = { data: { things: { edges: [{ node: { id: '1' } }, { node: null }, null], pageInfo } } }
    const { things } = await scripted(() => reply, { list: edges })
    expect(await listOf(things)).toMatchObject({ nativeIds: ['1'], end: { unreadable: 2 } })
  })

  test.each([
    ['without a place', [failed]],
    ['of the list itself', [{ ...failed, path: ['things', 'nodes'] }]],
    [
      'of the whole API',
      [{ message: 'later', extensions: { code: 'THROTTLED' }, path: ['things', 'nodes', 1] }],
    ],
    ['in each entry', [0, 1, 2].map((at) => ({ ...failed, path: ['things', 'nodes', at] }))],
  ])('an error %s makes it no page', async (_, errors) => {
    const { things } = await scripted(() => ({ data: { things: { nodes, pageInfo } }, errors }), { list })
    await expect(listOf(things)).rejects.toThrow()
  })
})

test('a feed goes on past a record without a usable time', async () => {
  const at = '2026-03-01T10:00:00Z'
  const changes = {
    since: '{since}',
    position: 'at',
    commitLag: '0s',
    query: 'query ($since: String) { things(since: $since) { ...record } }',
  }
  const reply = { data: { things: [{ id: '1', at }, { id: '2', at: null }, null, { id: '4', at }] } }
  const { things } = await scripted(() => reply, { changes })
  const page = await things.changes?.(undefined, context)
  expect(page).toMatchObject({ kind: 'page', unreadable: expect.any(String) })
  expect(page?.kind === 'page' ? page.changed.map(({ nativeId }) => nativeId) : []).toEqual(['1', '4', '2'])
})
