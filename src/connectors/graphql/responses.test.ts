import { afterEach, describe, expect, test } from 'vitest'
import {
  closeAll,
  connect,
  context,
  listOf,
  open,
  scripted,
} from '../../../test/support/graphql/connected.ts'
import { startServer } from '../../../test/support/local-server.ts'

afterEach(closeAll)

describe('a response with errors is never taken for a record, for absence or for an empty list', () => {
  const error = { message: 'no', extensions: { code: 'INTERNAL_SERVER_ERROR' } }

  test.each([
    ['null with an error', { data: { thing: null }, errors: [{ ...error, path: ['thing'] }] }],
    [
      'a field that is null because of an error',
      { data: { thing: { id: '1', name: null } }, errors: [{ ...error, path: ['thing', 'name'] }] },
    ],
    ['no data', { errors: [error] }],
    ['data that is null', { data: null, errors: [error] }],
    ['neither data nor errors', {}],
    ['a list', []],
    ['no such field', { data: {} }],
    ['a record without an id', { data: { thing: { name: 'x' } } }],
  ])('a read answered with %s', async (_title, reply) => {
    const { things } = await scripted(() => reply)
    expect(await things.read('1', context)).toMatchObject({ kind: 'unknown' })
  })

  test('null without an error is gone, unless the manifest says otherwise', async () => {
    const plain = await scripted(() => ({ data: { thing: null } }))
    expect(await plain.things.read('1', context)).toEqual({ kind: 'gone' })
    const careful = await scripted(() => ({ data: { thing: null } }), { errors: { nullIsGone: false } })
    expect(await careful.things.read('1', context)).toMatchObject({ kind: 'unknown' })
    const coded = {
      data: null,
      errors: [{ message: 'x', extensions: { code: 'NOT_THERE' }, path: ['thing'] }],
    }
    const named = await scripted(() => coded, { errors: { gone: ['NOT_THERE'] } })
    expect(await named.things.read('1', context)).toEqual({ kind: 'gone' })
    const owner = { ...coded, errors: [{ ...coded.errors[0], path: ['thing', 'owner'] }] }
    const refers = await scripted(() => owner, { errors: { gone: ['NOT_THERE'] } })
    expect(await refers.things.read('1', context), 'what it refers to is gone').toMatchObject({
      kind: 'unknown',
    })
  })

  const list = {
    paging: 'connection',
    stable: true,
    query:
      'query ($after: String) { things(after: $after) { nodes { ...record } pageInfo { hasNextPage endCursor } } }',
  }
  const pageInfo = { hasNextPage: false, endCursor: null }

  test.each([
    ['null for the list', { data: { things: { nodes: null, pageInfo } } }],
    ['null for the connection', { data: { things: null } }],
    [
      'an error beside an empty list',
      { data: { things: { nodes: [], pageInfo } }, errors: [{ ...error, path: ['things'] }] },
    ],
    ['a null record', { data: { things: { nodes: [null], pageInfo } } }],
    ['no word about a next page', { data: { things: { nodes: [], pageInfo: {} } } }],
    [
      'a next page without a cursor',
      { data: { things: { nodes: [{ id: '1' }], pageInfo: { hasNextPage: true, endCursor: null } } } },
    ],
    [
      'the same cursor for ever',
      { data: { things: { nodes: [{ id: '1' }], pageInfo: { hasNextPage: true, endCursor: 'c' } } } },
    ],
  ])('a list answered with %s', async (_title, reply) => {
    const { things, seen } = await scripted(() => reply, { list })
    await expect(listOf(things)).rejects.toMatchObject({ code: expect.stringMatching(/^CONNECTOR_RESPONSE/) })
    expect(seen()).toBeLessThan(5)
  })

  test('a search that has a next page may have cut off what was looked for', async () => {
    const query =
      'query ($name: String) { things(name: $name) { nodes { ...record } pageInfo { hasNextPage endCursor } } }'
    const reply = {
      data: {
        things: { nodes: [{ id: '1', name: 'theirs' }], pageInfo: { hasNextPage: true, endCursor: 'c' } },
      },
    }
    const { things } = await scripted(() => reply, { search: { query, variables: { name: 'name' } } })
    expect(await things.find?.({ by: 'values', values: { name: 'ours' } }, context)).toEqual({
      kind: 'found',
      nativeIds: [],
      capped: true,
    })
  })

  test('a list by keys does not end at the number that it began with', async () => {
    const after = 'query ($after: ID) { things(after: $after) { total nodes { ...record } } }'
    const pages = [['a', 'b'], ['ba', 'c'], ['d'], []]
    const { things } = await scripted(
      (_query, calls) => ({
        data: { things: { total: 4, nodes: pages[calls - 1]?.map((id) => ({ id })) ?? [] } },
      }),
      { list: { paging: 'keyset', query: after, size: 2, total: 'things.total' } },
    )
    expect((await listOf(things)).nativeIds).toEqual(['a', 'b', 'ba', 'c', 'd'])
  })

  test('cursors that go in a circle are noticed', async () => {
    const page = (calls: number) => ({ hasNextPage: true, endCursor: `c${calls % 7}` })
    const { things, seen } = await scripted(
      (_query, calls) => ({ data: { things: { nodes: [], pageInfo: page(calls) } } }),
      { list },
    )
    await expect(listOf(things)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
    expect(seen()).toBeLessThan(40)
  })
})

describe('what may have taken effect', () => {
  const create = { body: { name: 'x' }, recordId: 'r', idempotencyKey: 'k' }
  const coded = (code: string) => ({ message: 'told', extensions: { code } })
  const at = (code: string) => ({ ...coded(code), path: ['thingCreate'] })
  const made = { thing: { id: '1', name: 'x' }, userErrors: [] }

  test.each([
    ['a request error: nothing ran', { errors: [{ message: 'Unknown argument' }] }, 'rejected'],
    ['THROTTLED', { errors: [coded('THROTTLED')] }, 'not-sent'],
    ['UNAUTHENTICATED', { errors: [coded('UNAUTHENTICATED')] }, 'not-sent'],
    ['FORBIDDEN by the resolver', { data: null, errors: [at('FORBIDDEN')] }, 'not-sent'],
    [
      'BAD_USER_INPUT by the resolver',
      { data: { thingCreate: null }, errors: [at('BAD_USER_INPUT')] },
      'rejected',
    ],
    ['a resolver that threw', { data: null, errors: [at('INTERNAL_SERVER_ERROR')] }, 'unknown'],
    [
      'an error without a code',
      { data: { thingCreate: null }, errors: [{ message: 'oops', path: ['thingCreate'] }] },
      'unknown',
    ],
    [
      'two errors of which one is not understood',
      { data: null, errors: [at('FORBIDDEN'), at('E42')] },
      'unknown',
    ],
    [
      'a result beside an error',
      {
        data: { thingCreate: made },
        errors: [{ ...coded('FORBIDDEN'), path: ['thingCreate', 'thing', 'name'] }],
      },
      'unknown',
    ],
    [
      'a field of the result that is FORBIDDEN, with the result lost to it',
      { data: null, errors: [{ ...coded('FORBIDDEN'), path: ['thingCreate', 'thing', 'name'] }] },
      'unknown',
    ],
    [
      'a field of the result that is THROTTLED, with the result lost to it',
      { data: { thingCreate: null }, errors: [{ ...coded('THROTTLED'), path: ['thingCreate', 'thing'] }] },
      'unknown',
    ],
    [
      'a field of the result with BAD_USER_INPUT, with the result lost to it',
      {
        data: { thingCreate: null },
        errors: [{ ...coded('BAD_USER_INPUT'), path: ['thingCreate', 'thing', 'name'] }],
      },
      'unknown',
    ],
    ['null without an error', { data: { thingCreate: null } }, 'unknown'],
    [
      'a record without an id',
      { data: { thingCreate: { thing: { name: 'x' }, userErrors: [] } } },
      'unknown',
    ],
    [
      'user errors',
      { data: { thingCreate: { thing: null, userErrors: [{ code: 'TAKEN', field: ['input', 'name'] }] } } },
      'rejected',
    ],
    [
      'user errors beside a record that was made',
      { data: { thingCreate: { thing: { id: '1', name: 'x' }, userErrors: [{ code: 'NO_IMAGE' }] } } },
      'unknown',
    ],
    ['a page of a proxy', 'oops', 'unknown'],
    ['the record', { data: { thingCreate: made } }, 'ok'],
  ])('a create answered with %s', async (_title, reply, kind) => {
    const { things, seen } = await scripted(() => reply)
    expect(await things.create?.(create, context)).toMatchObject({ kind })
    expect(seen()).toBe(1)
  })

  test.each([
    ['in its message', { message: 'Variable "$input" got invalid value at "input.name"' }],
    ['in its extensions', { extensions: { validation: { 'input.name': ['no'] } } }],
  ])('a refusal names fields %s', async (_title, error) => {
    const refused = { message: 'no', ...error }
    const extensions = { code: 'BAD_USER_INPUT', ...('extensions' in error ? error.extensions : {}) }
    const { things } = await scripted(() => ({ errors: [{ ...refused, extensions }] }))
    expect(await things.create?.(create, context)).toMatchObject({
      kind: 'rejected',
      fields: ['input.name'],
    })
  })

  test.each([
    ['the record', { thing: { id: '1' } }, 'ok'],
    ['another record', { thing: { id: '2' } }, 'unknown'],
    ['null', null, 'unknown'],
    ['no record', { thing: null, userErrors: [] }, 'unknown'],
    ['an empty object, as for a type that was not asked for', { thing: {} }, 'unknown'],
    ['another type', { thing: { recordTypename: 'EmailTaken' } }, 'rejected'],
    ['an error member', { thing: { errorCode: 'TAKEN', message: 'no' } }, 'rejected'],
    ['success: false', { success: false, thing: null }, 'rejected'],
    ['success: false beside the record', { success: false, thing: { id: '1' } }, 'rejected'],
    ['errors of another name', { thing: null, customerUserErrors: [{ code: 'TAKEN' }] }, 'rejected'],
    ['errors as texts', { thing: null, errors: ['no'] }, 'rejected'],
    ['false', false, 'rejected'],
  ])('an update answered with %s', async (_title, thingUpdate, kind) => {
    const { things } = await scripted(() => ({ data: { thingUpdate } }))
    const result = await things.update?.(
      { nativeId: '1', patch: { name: 'x' }, idempotencyKey: 'k' },
      context,
    )
    expect(result).toMatchObject({ kind })
    if (result?.kind === 'ok') expect(result.native).toEqual({ id: '1' })
  })

  test("the server's own words are reported, without the values that were sent", async () => {
    const errors = [{ message: 'duplicate key: Ada Lovelace is taken', path: ['thingCreate'] }]
    const { things } = await scripted(() => ({ data: null, errors }))
    const result = await things.create?.({ ...create, body: { name: 'Ada Lovelace' } }, context)
    expect(result).toMatchObject({
      kind: 'unknown',
      failure: { answered: true, message: expect.stringContaining('duplicate key: … is taken') },
    })
  })

  test.each([
    [400, { errors: [coded('GRAPHQL_VALIDATION_FAILED')] }, 'rejected'],
    [404, { errors: [{ message: 'no such route' }] }, 'rejected'],
    [404, { message: 'not here' }, 'unknown'],
    [429, {}, 'not-sent'],
    [500, { errors: [coded('BAD_USER_INPUT')] }, 'unknown'],
    [503, {}, 'unknown'],
  ])('a create answered with status %i', async (status, reply, kind) => {
    const { things } = await scripted(() => reply, {}, status)
    expect(await things.create?.(create, context)).toMatchObject({ kind })
    const read = await things.read('1', context)
    expect(read, 'no status of the one address says that a record is gone').toMatchObject({ kind: 'unknown' })
  })

  test('refusals of an API that may have done a part of the work are an unknown outcome', async () => {
    const reply = { data: { thingCreate: { thing: null, userErrors: [{ code: 'X' }] } } }
    const { things } = await scripted(() => reply, { errors: { userErrorsArePartial: true } })
    expect(await things.create?.(create, context)).toMatchObject({ kind: 'unknown' })
  })

  test('numbers keep their digits, both ways', async () => {
    const server = await startServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const isWrite = request.body.includes('mutation')
      const thing = '{"id":9007199254740993,"name":0.1000000000000000055}'
      response.end(isWrite ? `{"data":{"thingUpdate":{"thing":${thing}}}}` : `{"data":{"thing":${thing}}}`)
    })
    open.push(server)
    const manifest = {
      resources: {
        things: {
          type: 'Thing',
          fields: 'id name',
          read: { query: 'query ($id: Long!) { thing(id: $id) { ...record } }' },
          update: {
            query:
              'mutation ($id: Long!, $input: T!) { thingUpdate(id: $id, input: $input) { thing { ...record } } }',
          },
        },
      },
    }
    const things = connect(server.url, { manifest }).resource('things')
    const read = await things.read('9007199254740993', context)
    if (read.kind !== 'live') return expect.fail(JSON.stringify(read))
    expect(read.nativeId).toBe('9007199254740993')
    await things.update?.(
      { nativeId: read.nativeId, patch: { name: read.native.name }, idempotencyKey: 'k' },
      context,
    )
    expect(server.seen[0]?.body).toContain('"id":9007199254740993')
    expect(server.seen[1]?.body).toContain('"name":0.1000000000000000055')
  })
})
