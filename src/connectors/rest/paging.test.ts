import { afterEach, describe, expect, test } from 'vitest'
import { sendJson } from '../../../test/support/local-server.ts'
import { closeAll, context, listOf, scripted } from '../../../test/support/rest/connected.ts'

afterEach(closeAll)

describe('ways of paging', () => {
  const records = Array.from({ length: 23 }, (_, n) => ({ id: n + 1 }))
  const size = { parameter: 'limit', value: 10 }
  const number = (url: string, name: string): number =>
    Number(new URL(url, 'http://x').searchParams.get(name) ?? 0)

  const ways: [
    string,
    Record<string, unknown>,
    (url: string, origin: string) => [unknown, (Record<string, string> | undefined)?],
    boolean,
  ][] = [
    [
      'page',
      { paging: 'page', parameter: 'page', size },
      (url) => [records.slice((number(url, 'page') - 1) * 10, number(url, 'page') * 10)],
      false,
    ],
    [
      'offset',
      { paging: 'offset', parameter: 'skip', size },
      (url) => [records.slice(number(url, 'skip'), number(url, 'skip') + 10)],
      false,
    ],
    [
      'keyset with a smaller page than asked for',
      { paging: 'keyset', after: 'after', size: { parameter: 'limit', value: 100 } },
      (url) => [records.filter(({ id }) => id > number(url, 'after')).slice(0, 4)],
      true,
    ],
    [
      'cursor',
      { paging: 'cursor', after: 'token', next: 'meta.next', items: 'rows', stable: true, size },
      (url) => {
        const from = number(url, 'token')
        return [{ rows: records.slice(from, from + 10), meta: { next: from + 10 < 23 ? from + 10 : null } }]
      },
      true,
    ],
    [
      'link',
      { paging: 'link', stable: true, size },
      (url, origin) => {
        const from = number(url, 'from')
        const link =
          from + 10 < 23
            ? { link: `<${origin}/things?x=,;&from=${from + 10}>; title="a, b"; rel="last next"` }
            : undefined
        return [records.slice(from, from + 10), link]
      },
      true,
    ],
    ['single', { paging: 'single', items: 'all' }, () => [{ all: records }], true],
  ]
  test.each(ways)('%s', async (_name, list, reply, complete) => {
    const resource = await scripted(
      (request, response) => {
        const [body, headers] = reply(request.url, `http://${request.headers.host}`)
        sendJson(response, 200, body, headers)
      },
      { list },
    )
    const { nativeIds, end } = await listOf(resource)
    expect(nativeIds).toEqual(records.map(({ id }) => String(id)))
    expect(end.complete).toBe(complete)
  })

  test('a list by keys does not end at the number that it began with', async () => {
    const pages = [['a', 'b'], ['ba', 'c'], ['d'], []]
    let calls = 0
    const resource = await scripted(
      (_request, response) => {
        const rows = (pages[calls] ?? []).map((id) => ({ id }))
        calls += 1
        return sendJson(response, 200, { rows, total: 4 })
      },
      {
        list: {
          paging: 'keyset',
          after: 'after',
          items: 'rows',
          total: { path: 'total' },
          size: { parameter: 'limit', value: 2 },
        },
      },
    )
    expect((await listOf(resource)).nativeIds).toEqual(['a', 'b', 'ba', 'c', 'd'])
  })

  test('a page link to another host is not followed', async () => {
    const resource = await scripted(
      (_request, response) =>
        sendJson(response, 200, records, { link: '<http://evil.example/next>; rel="next"' }),
      { list: { paging: 'link' } },
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'HTTP_BASE_URL_ESCAPE' })
  })

  test('a server that sends the same page for ever is noticed', async () => {
    const resource = await scripted(
      (_request, response) => sendJson(response, 200, { rows: records, next: 'again' }),
      {
        list: { paging: 'cursor', after: 'token', next: 'next', items: 'rows' },
      },
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'HTTP_PAGES_REPEATED' })
  })

  test('a response that has no list, or a record without an id, is a clear error', async () => {
    for (const body of [{ rows: records }, [{ name: 'no id' }], ['text']]) {
      const resource = await scripted((_request, response) => sendJson(response, 200, body), {
        list: { paging: 'single' },
      })
      await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
    }
  })

  test.each([
    ['application/xml', 'CONNECTOR_RESPONSE_UNUSABLE', 'it is XML, and only JSON is read'],
    ['application/json', 'HTTP_RESPONSE_NOT_JSON', 'XML, although it is declared as JSON'],
  ])('XML as %s is refused as what it is, and never taken for an empty list', async (type, code, words) => {
    for (const text of ['<?xml version="1.0"?><rows/>', '\n<rows><row id="1"/></rows>']) {
      const resource = await scripted(
        (_request, response) => void response.writeHead(200, { 'content-type': type }).end(text),
        { list: { paging: 'single' } },
      )
      await expect(listOf(resource)).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
    }
  })
})

describe('a changes feed by time', () => {
  test('follows (time, id) through the API, ties across page edges included', async () => {
    const rows = Array.from({ length: 25 }, (_, n) => ({
      id: `r${String(n).padStart(2, '0')}`,
      at: n < 20 ? '2026-01-01T00:00:00Z' : '2026-01-01T00:00:01Z',
    }))
    const resource = await scripted(
      ({ url }, response) => {
        const query = new URL(url, 'http://x').searchParams
        const from = Date.parse(query.get('since') ?? '1970-01-01')
        const after = query.get('after') ?? ''
        const found = rows.filter(
          ({ id, at }) => Date.parse(at) > from || (Date.parse(at) === from && id > after),
        )
        sendJson(response, 200, found.slice(0, Number(query.get('limit'))))
      },
      {
        version: undefined,
        changes: {
          by: 'timestamp',
          since: 'since',
          afterId: 'after',
          position: 'at',
          size: { parameter: 'limit', value: 4 },
        },
      },
    )
    const reported: string[] = []
    let cursor: string | undefined
    for (let more = true; more; ) {
      const page = await resource.changes?.(cursor, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      reported.push(...page.changed.map(({ nativeId }) => nativeId))
      cursor = page.cursor
      more = page.more
    }
    expect(reported).toEqual(rows.map(({ id }) => id))
    expect(await resource.changes?.(cursor, context)).toMatchObject({ kind: 'page', changed: [] })
  })

  test('H23: a counter that the system no longer knows is expired', async () => {
    const resource = await scripted((_q, r) => sendJson(r, 410, {}), {
      changes: { by: 'sequence', since: 'since', next: 'next' },
    })
    expect(await resource.changes?.('7', context)).toEqual({ kind: 'expired' })
  })
})
