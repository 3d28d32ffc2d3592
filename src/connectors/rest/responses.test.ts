import { afterEach, describe, expect, test } from 'vitest'
import { type Respond, sendJson } from '../../../test/support/local-server.ts'
import { closeAll, connect, context, scripted } from '../../../test/support/rest/connected.ts'
import type { Resource } from '../kit/contract.ts'

afterEach(closeAll)

describe('what may have taken effect', () => {
  const create = (resource: Resource) =>
    resource.create?.({ body: { a: 1 }, recordId: 'r', idempotencyKey: 'k' }, context)
  const update = (resource: Resource) =>
    resource.update?.({ nativeId: '1', patch: { a: 1 }, ifVersion: '3', idempotencyKey: 'k' }, context)

  const page: Respond = (_request, response) =>
    sendJson(response, 404, '<html>no such page</html>', { 'content-type': 'text/html' })
  const table: [string, Respond, string, string | undefined][] = [
    [
      '200 with a web page',
      (_q, r) => sendJson(r, 200, '<html></html>', { 'content-type': 'text/html' }),
      'unknown',
      'system',
    ],
    ['200 with broken JSON', (_q, r) => sendJson(r, 200, '{'), 'unknown', 'record'],
    ['303', (_q, r) => sendJson(r, 303, {}), 'unknown', 'system'],
    ['307', (_q, r) => sendJson(r, 307, {}), 'not-sent', 'system'],
    ['400', (_q, r) => sendJson(r, 400, {}), 'rejected', 'record'],
    ['401', (_q, r) => sendJson(r, 401, {}), 'not-sent', 'system'],
    ['403', (_q, r) => sendJson(r, 403, {}), 'not-sent', 'system'],
    ['404 in the form of the API', (_q, r) => sendJson(r, 404, {}), 'gone', undefined],
    ['404 of a proxy', page, 'unknown', 'system'],
    ['408', (_q, r) => sendJson(r, 408, {}), 'unknown', 'record'],
    ['409', (_q, r) => sendJson(r, 409, {}), 'rejected', 'record'],
    ['412', (_q, r) => sendJson(r, 412, {}), 'stale', undefined],
    ['422', (_q, r) => sendJson(r, 422, {}), 'rejected', 'record'],
    ['429', (_q, r) => sendJson(r, 429, {}, { 'retry-after': '9' }), 'not-sent', 'system'],
    ['500', (_q, r) => sendJson(r, 500, {}), 'unknown', 'record'],
    ['503', (_q, r) => sendJson(r, 503, {}), 'unknown', 'system'],
    ['no response', () => undefined, 'unknown', 'record'],
    ['a reset', (_q, r) => void r.destroy(), 'unknown', 'system'],
  ]
  test.each(table)('a write answered by %s', async (name, respond, kind, scope) => {
    let requests = 0
    const resource = await scripted((request, response) => {
      requests += 1
      return respond(request, response)
    })
    for (const result of [await create(resource), await update(resource)]) {
      expect(result).toMatchObject({ kind })
      expect(result !== undefined && 'failure' in result ? result.failure.scope : undefined).toBe(scope)
    }
    // After a 429 our own limiter delays the second one.
    expect(requests).toBe(name === '429' ? 1 : 2)
  })

  test('an unreachable system and a passed start time are known not to have been sent', async () => {
    const resource = await scripted((_request, response) => sendJson(response, 200, { id: 1 }))
    const late = { ...context, startBefore: performance.now() - 1 }
    const result = await resource.create?.({ body: {}, recordId: 'r', idempotencyKey: 'k' }, late)
    expect(result).toMatchObject({ kind: 'not-sent', failure: { code: 'HTTP_START_TOO_LATE' } })
    const dead = connect('http://127.0.0.1:1', { manifest: 'jsonplaceholder' }).resource('users')
    expect(await dead.create?.({ body: {}, recordId: 'r', idempotencyKey: 'k' }, context)).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'HTTP_NETWORK', scope: 'system' },
    })
  })

  test('says when to come back, which fields were refused, and never quotes a sentence', async () => {
    const throttled = await scripted((_q, r) => sendJson(r, 429, {}, { 'retry-after': '9' }))
    expect(await create(throttled)).toMatchObject({ failure: { retryAfterMs: 9_000 } })
    const refusing = await scripted(
      (_q, r) =>
        sendJson(r, 422, {
          code: 'INVALID',
          errors: [{ field: 'email' }, { field: 'ada@example.org is taken' }],
        }),
      { errors: { code: 'code', fields: { items: 'errors', name: 'field' } } },
    )
    const result = await create(refusing)
    expect(result).toMatchObject({ kind: 'rejected', fields: ['email'] })
    expect(JSON.stringify(result)).toContain('INVALID')
    expect(JSON.stringify(result)).not.toContain('ada@')
  })

  test('a created record whose response names no id is an unknown outcome', async () => {
    const resource = await scripted((_q, r) => sendJson(r, 201, { fine: true }))
    expect(await create(resource)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'CONNECTOR_RESPONSE_UNUSABLE' },
    })
    const located = await scripted((_q, r) => {
      r.writeHead(201, { location: '/things/a%20b' })
      r.end()
    })
    expect(await create(located)).toEqual({ kind: 'ok', nativeId: 'a b' })
  })
})

test('a search that the API answers with strangers, because it ignored the filter, finds nothing of ours', async () => {
  const rows = Array.from({ length: 3 }, (_, n) => ({ id: n, mark: n === 1 ? 'ours' : 'theirs' }))
  const resource = await scripted((_request, response) => sendJson(response, 200, rows), {
    create: { as: 'marker', field: 'mark' },
    search: { maxResults: 3 },
  })
  expect(await resource.find?.({ by: 'marker', recordId: 'ours' }, context)).toEqual({
    kind: 'found',
    nativeIds: ['1'],
    capped: true,
  })
  expect(await resource.find?.({ by: 'marker', recordId: 'nobody' }, context)).toMatchObject({
    nativeIds: [],
    capped: true,
  })
})

describe('identity of creates', () => {
  const seenBy = async (create: Record<string, unknown>) => {
    const seen: { method: string; url: string; body: unknown; key: unknown }[] = []
    const resource = await scripted(
      ({ method, url, body, headers }, response) => {
        seen.push({ method, url, body: JSON.parse(body), key: headers['x-key'] })
        sendJson(response, 201, { id: 'native' })
      },
      { create },
    )
    await resource.create?.({ body: { a: 1 }, recordId: 'rec', idempotencyKey: 'idem' }, context)
    return seen[0]
  }

  test('the id, key, marker or header goes where the manifest says', async () => {
    expect(await seenBy({ as: 'clientId' })).toMatchObject({
      method: 'PUT',
      url: '/things/rec',
      body: { a: 1, id: 'rec' },
    })
    expect(await seenBy({ as: 'upsertKey', path: '/things/by/{key}', field: 'ext.ref' })).toMatchObject({
      method: 'PUT',
      url: '/things/by/rec',
      body: { ext: { ref: 'rec' } },
    })
    expect(await seenBy({ as: 'idempotencyKey', header: 'X-Key', ttl: '24h' })).toMatchObject({
      method: 'POST',
      key: 'idem',
      body: { a: 1 },
    })
    expect(await seenBy({ as: 'marker', field: 'mark' })).toMatchObject({
      method: 'POST',
      url: '/things',
      body: { a: 1, mark: 'rec' },
    })
    expect(await seenBy({ as: 'none' })).toMatchObject({ method: 'POST', body: { a: 1 } })
  })
})
