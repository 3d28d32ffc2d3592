import { afterEach, expect, test } from 'vitest'
import { closeAll, context, scripted } from '../../../../test/support/graphql/connected.ts'
import type { FindRequest } from '../../kit/contract.ts'

afterEach(closeAll)

const byName = (name: string): FindRequest => ({ by: 'values', values: { name } })
const search = {
  query:
    'query ($name: String) { things(name: $name) { nodes { ...record } pageInfo { hasNextPage endCursor } } }',
  variables: { name: 'name' },
  batch: { max: 20 },
}
const nodes = (...ids: string[]) => ({
  nodes: ids.map((id) => ({ id, name: `name ${id}` })),
  pageInfo: { hasNextPage: false, endCursor: null },
})
/** How often the search occurs in a request. */
const times = (query: string): number => query.match(/things\(/g)?.length ?? 0

test('several searches are one request, and each finds its own', async () => {
  const { things, seen } = await scripted(() => ({ data: { r0: nodes('1'), r1: nodes(), r2: nodes('3') } }), {
    search,
  })
  const results = await things.findMany?.(['name 1', 'nobody', 'name 3'].map(byName), context)
  expect(results).toEqual([
    { kind: 'found', nativeIds: ['1'], capped: false },
    { kind: 'found', nativeIds: [], capped: false },
    { kind: 'found', nativeIds: ['3'], capped: false },
  ])
  expect(seen()).toBe(1)
  expect(things.capabilities.search?.batch).toBe(20)
})

test('an error of one search is no information about it, and the others are found', async () => {
  const error = { message: 'no', extensions: { code: 'INTERNAL_SERVER_ERROR' }, path: ['r1', 'nodes'] }
  const { things } = await scripted(
    () => ({ data: { r0: nodes('1'), r1: null, r2: nodes('3') }, errors: [error] }),
    { search },
  )
  const results = await things.findMany?.(['name 1', 'name 2', 'name 3'].map(byName), context)
  expect(results).toMatchObject([{ nativeIds: ['1'] }, { kind: 'unknown' }, { nativeIds: ['3'] }])
})

test('a hit that can not be read, or a further page, caps only its own search', async () => {
  const damaged = { nodes: [null], pageInfo: { hasNextPage: false, endCursor: null } }
  const cut = { ...nodes('3'), pageInfo: { hasNextPage: true, endCursor: 'c' } }
  const { things } = await scripted(() => ({ data: { r0: nodes(), r1: damaged, r2: cut } }), { search })
  const results = await things.findMany?.(['name 1', 'name 2', 'name 3'].map(byName), context)
  expect(results).toMatchObject([{ capped: false }, { capped: true }, { capped: true }])
})

test('a value that makes the whole request void costs no other search', async () => {
  const refused = {
    errors: [{ message: 'Variable "$name_1" got invalid value', extensions: { code: 'BAD' } }],
  }
  const { things } = await scripted(
    (query, calls) => {
      if (times(query) > 1 && calls === 1) return refused
      if (times(query) === 2) return { data: { r0: nodes('1'), r1: nodes() } }
      return calls === 2 ? refused : { data: { things: nodes('3') } }
    },
    { search },
  )
  const results = await things.findMany?.(['name 1', 'name 2', 'name 3'].map(byName), context)
  expect(results?.map(({ kind }) => kind).toSorted()).toEqual(['found', 'found', 'found'])
})

test('an API that refuses the credential is asked once', async () => {
  const errors = [{ message: 'who are you?', extensions: { code: 'UNAUTHENTICATED' } }]
  const { things, seen } = await scripted(() => ({ errors }), { search })
  const results = await things.findMany?.(['name 1', 'name 2', 'name 3'].map(byName), context)
  expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'unknown'])
  expect(seen()).toBe(1)
})
