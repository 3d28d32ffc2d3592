/** Envelopes of records: removed in reads, lists, searches and responses to writes, added to bodies. */
import { afterEach, describe, expect, test } from 'vitest'
import { sendJson } from '../../../test/support/local-server.ts'
import { closeAll, context, listOf, scripted } from '../../../test/support/rest/connected.ts'
import type { Resource } from '../kit/contract.ts'

afterEach(closeAll)

interface Call {
  readonly call: string
  readonly body?: unknown
  readonly type?: string | undefined
}

const pageOf = { '/things': ['1', '2'], '/things?after=2': ['3'] } as const

/** An API with the envelope in `wrap`, which records the bodies it receives. */
async function wrapping(
  manifest: Record<string, unknown>,
  wrap: {
    readonly one: (record: object) => unknown
    readonly all: (records: object[], next?: string) => unknown
  },
): Promise<{ readonly things: Resource; readonly calls: Call[] }> {
  const calls: Call[] = []
  const things = await scripted((request, response) => {
    const text = request.body
    const call = `${request.method} ${request.url}`
    if (text !== '') calls.push({ call, body: JSON.parse(text), type: request.headers['content-type'] })
    if (request.method === 'POST') return sendJson(response, 201, wrap.one({ id: '4', name: 'New', v: 1 }))
    const id = /^\/things\/(\w+)/.exec(request.url)?.[1]
    if (id === 'none') return sendJson(response, 200, wrap.one({}))
    if (id !== undefined) return sendJson(response, 200, wrap.one({ id, name: `N${id}`, v: 2 }))
    const searched = new URL(request.url, 'http://x').searchParams.get('name')
    if (searched !== null) return sendJson(response, 200, wrap.all([{ id: '1', name: searched }]))
    const ids = pageOf[request.url as keyof typeof pageOf] ?? []
    sendJson(
      response,
      200,
      wrap.all(
        ids.map((one) => ({ id: one, name: `N${one}` })),
        request.url === '/things' ? '/things?after=2' : undefined,
      ),
    )
  }, manifest)
  return { things, calls }
}

const inData = {
  one: (data: object) => ({ data }),
  all: (data: object[], next?: string) => ({ data, links: { next: next ?? null } }),
}
const list = { paging: 'next', next: 'links.next', items: 'data' }
const create = { body: { name: 'New' }, recordId: 'r', idempotencyKey: 'k' }

describe('a record in an envelope', () => {
  test('is read, listed over the pages, searched, created and changed', async () => {
    const { things, calls } = await wrapping({ envelope: 'data', list, search: {} }, inData)
    expect(await things.read('1', context)).toMatchObject({ kind: 'live', native: { id: '1', name: 'N1' } })
    expect(await listOf(things)).toMatchObject({ nativeIds: ['1', '2', '3'] })
    expect(await things.find?.({ by: 'values', values: { name: 'N1' } }, context)).toMatchObject({
      kind: 'found',
      nativeIds: ['1'],
    })
    expect(await things.create?.(create, context)).toMatchObject({
      kind: 'ok',
      nativeId: '4',
      native: { id: '4', name: 'New' },
      version: '1',
    })
    expect(
      await things.update?.({ nativeId: '1', patch: { name: 'N' }, idempotencyKey: 'k' }, context),
    ).toMatchObject({
      kind: 'ok',
      version: '2',
    })
    expect(calls).toEqual([
      { call: 'POST /things', body: { data: { name: 'New' } }, type: 'application/json' },
      { call: 'PATCH /things/1', body: { data: { name: 'N' } }, type: 'application/json' },
    ])
  })

  test('replaced whole: the record that was read goes into the envelope again', async () => {
    const { things, calls } = await wrapping({ envelope: 'data', write: { with: 'put' } }, inData)
    const base = { id: '1', name: 'N1', other: true }
    await things.update?.({ nativeId: '1', patch: { name: 'N' }, idempotencyKey: 'k', base }, context)
    expect(calls[0]?.body).toEqual({ data: { id: '1', name: 'N', other: true } })
  })

  test('only in responses: bodies are sent bare', async () => {
    const { things, calls } = await wrapping({ envelope: { response: 'data' } }, inData)
    await things.update?.({ nativeId: '1', patch: { name: 'N' }, idempotencyKey: 'k' }, context)
    expect(calls[0]?.body).toEqual({ name: 'N' })
  })

  test('as JSON:API has it: type and id go along, under its media type', async () => {
    const envelope = { response: 'data', body: 'data', with: { type: 'things', id: '{id}' } }
    const manifest = { envelope, mediaType: 'application/vnd.api+json' }
    const { things, calls } = await wrapping(manifest, inData)
    await things.create?.({ ...create, body: { attributes: { name: 'New' } } }, context)
    await things.update?.(
      { nativeId: '1', patch: { attributes: { name: 'N' } }, idempotencyKey: 'k' },
      context,
    )
    const type = 'application/vnd.api+json'
    expect(calls).toEqual([
      { call: 'POST /things', body: { data: { type: 'things', attributes: { name: 'New' } } }, type },
      {
        call: 'PATCH /things/1',
        body: { data: { type: 'things', id: '1', attributes: { name: 'N' } } },
        type,
      },
    ])
  })

  test('around each element of a list, as in a Relay connection, which ends where it says so', async () => {
    const { things } = await wrapping(
      {
        envelope: { element: 'node' },
        list: {
          paging: 'cursor',
          after: 'after',
          next: 'pageInfo.endCursor',
          more: 'pageInfo.hasNextPage',
          items: 'edges',
        },
      },
      {
        one: (record) => record,
        all: (records, next) => ({
          edges: records.map((node) => ({ node })),
          pageInfo: { hasNextPage: next !== undefined, endCursor: next === undefined ? '3' : '2' },
        }),
      },
    )
    expect(await listOf(things)).toMatchObject({ nativeIds: ['1', '2', '3'] })
  })

  test('an empty envelope is no record: a read tells nothing, a create stays unknown', async () => {
    const { things } = await wrapping({ envelope: 'data' }, { one: () => ({ data: null }), all: () => [] })
    expect(await things.read('1', context)).toMatchObject({
      kind: 'unknown',
      failure: { message: expect.stringContaining('no record at data') as string },
    })
    expect(await things.create?.(create, context)).toMatchObject({
      kind: 'unknown',
      failure: { message: expect.stringContaining('no id at data.id') as string },
    })
  })
})
