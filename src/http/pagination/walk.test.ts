import { expect, test } from 'vitest'
import { z } from 'zod'
import { useLocalClients } from '../../../test/support/local-clients.ts'
import { type Respond, sendJson } from '../../../test/support/local-server.ts'
import { UsageError } from '../../model/errors.ts'
import { ResponseValidationError } from '../errors.ts'
import {
  cursor,
  linkHeader,
  odata,
  offsetLimit,
  type Pagination,
  pageNumber,
  salesforceQuery,
} from './paginate.ts'

const { serve, clientOf } = useLocalClients({
  auth: { type: 'bearer', token: 'canary' },
  retry: { retries: 0 },
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const records = Array.from({ length: 7 }, (_, index) => ({ id: index }))

/** Seven records, three per page, in every method of pagination at once; the query specifies the page. */
const list: Respond = ({ url, headers }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://x')
  const at = (name: string): number => Number(searchParams.get(name) ?? 0)
  const from =
    at('from') ||
    at('offset') ||
    Math.max(0, at('page') - 1) * 3 ||
    Number(/query\/(\d+)/.exec(pathname)?.[1] ?? 0)
  const page = records.slice(from, from + 3)
  const more = from + 3 < records.length
  const next = from + 3
  const bodies: Readonly<Record<string, unknown>> = {
    '/v1/plain': page,
    '/v1/cursor': { data: { rows: page }, meta: { next: more ? String(next) : null } },
    '/v1/odata4': { value: page, ...(more ? { '@odata.nextLink': `odata4?from=${next}` } : {}) },
    '/v1/odata2': {
      d: { results: page, ...(more ? { __next: `http://${headers.host}/v1/odata2?from=${next}` } : {}) },
    },
  }
  const body = bodies[pathname] ?? {
    records: page,
    done: !more,
    nextRecordsUrl: more ? `/v1/query/${next}` : undefined,
  }
  const links = more ? { link: `</v1/plain?from=${next}>; rel="next", </v1/plain>; rel="first"` } : {}
  sendJson(response, 200, body, links)
}

const ways: readonly (readonly [string, string, Pagination])[] = [
  ['Link header', '/plain', linkHeader()],
  ['cursor', '/cursor', cursor({ parameter: 'from', next: 'meta.next', items: 'data.rows' })],
  ['page number', '/plain', pageNumber()],
  ['page number with a size', '/plain', pageNumber({ size: 3 })],
  ['offset', '/plain', offsetLimit({ size: 3 })],
  ['OData 4', '/odata4', odata()],
  ['OData 2', '/odata2', odata({ version: 2 })],
  ['Salesforce', '/query', salesforceQuery()],
]

test.each(ways)('walks a list by %s', async (_name, target, paginate) => {
  const server = await serve(list)
  const client = clientOf(`${server.url}/v1`)
  expect(await collect(client.items(target, { paginate }))).toEqual(records)
  const sizes = (await collect(client.pages(target, { paginate }))).map(({ items }) => items.length)
  expect(sizes.slice(0, 3)).toEqual([3, 3, 1])
})

test('items are checked and typed by a schema, and no more are read than are wanted', async () => {
  const server = await serve(list)
  const client = clientOf(`${server.url}/v1`)
  const Item = z.object({ id: z.number().transform((id) => `#${id}`) })
  const items = await collect(client.items('/plain', { paginate: linkHeader(), schema: Item, itemsMax: 3 }))
  expect(items.map(({ id }) => id)).toEqual(['#0', '#1', '#2'])
  expect(server.seen).toHaveLength(1)
  const Wrong = z.object({ id: z.string() })
  await expect(
    collect(client.items('/plain', { paginate: linkHeader(), schema: Wrong })),
  ).rejects.toBeInstanceOf(ResponseValidationError)
})

test("the caller's query goes with every page that is requested by query, and with the first one of addresses", async () => {
  const server = await serve(list)
  const client = clientOf(`${server.url}/v1`)
  await collect(client.pages('/plain', { paginate: pageNumber({ size: 3 }), query: { since: 'x' } }))
  expect(server.seen.every(({ url }) => url.includes('since=x'))).toBe(true)
  server.seen.splice(0)
  await collect(client.pages('/plain', { paginate: linkHeader(), query: { since: 'x' } }))
  expect(server.seen.map(({ url }) => url.includes('since=x'))).toEqual([true, false, false])
})

test('a page link to another origin is refused, and the credential never gets there', async () => {
  const other = await serve((_request, response) => sendJson(response, 200, []))
  for (const link of [
    `${other.url}/v1/x`,
    `//127.0.0.1:${new URL(other.url).port}/v1/x`,
    'http://169.254.169.254/latest',
    'https://user:secret@example.com/',
    '/outside',
    '/v1/../outside',
    'file:///etc/passwd',
    'http://[',
  ]) {
    const server = await serve((_request, response) =>
      sendJson(response, 200, [1], { link: `<${link}>; rel="next"` }),
    )
    const client = clientOf(`${server.url}/v1`)
    await expect(collect(client.pages('/x', { paginate: linkHeader() })), link).rejects.toBeInstanceOf(
      UsageError,
    )
    expect(server.seen, link).toHaveLength(1)
  }
  expect(other.seen).toEqual([])
})

test('a list that leads back to a page ends with an error instead of never', async () => {
  let count = 0
  const server = await serve((_request, response) => {
    count += 1
    sendJson(response, 200, { next: count % 2 === 0 ? 'a' : 'b' })
  })
  const walk = collect(
    clientOf(server.url).pages('/x', { paginate: cursor({ parameter: 'after', next: 'next' }) }),
  )
  await expect(walk).rejects.toMatchObject({ code: 'HTTP_PAGES_REPEATED' })
  expect(count).toBe(3)
})

test('a list with more pages than allowed is an error, since a list cut off looks whole', async () => {
  const server = await serve(list)
  const walk = collect(clientOf(`${server.url}/v1`).pages('/plain', { paginate: linkHeader(), pagesMax: 2 }))
  await expect(walk).rejects.toMatchObject({ code: 'HTTP_PAGES_LIMIT' })
  expect(server.seen).toHaveLength(2)
})

test('a page without items where they should be is an error for items, and ends a counted list of pages', async () => {
  const server = await serve((_request, response) => sendJson(response, 200, { error: 'odd' }))
  const client = clientOf(server.url)
  await expect(collect(client.items('/x', { paginate: pageNumber() }))).rejects.toMatchObject({
    code: 'HTTP_RESPONSE_UNEXPECTED',
    message: expect.stringMatching(/no list/),
  })
  expect(await collect(client.pages('/x', { paginate: pageNumber() }))).toHaveLength(1)
  expect(server.seen).toHaveLength(2)
})

test.each([
  ['the last page again', pageNumber(), (page: number) => Math.min(page, 3)],
  ['everything each time', pageNumber(), () => 1],
  ['everything each time, by offset', offsetLimit(), () => 1],
])('a list by number that gives %s ends, and nothing comes twice', async (_what, paginate, pageOf) => {
  const server = await serve(({ url }, response) => {
    const asked = Number(new URL(url, 'http://x').searchParams.get('page') ?? 1)
    const page = pageOf(asked)
    sendJson(response, 200, [{ id: page * 2 }, { id: page * 2 + 1 }])
  })
  const items = await collect(clientOf(server.url).items('/x', { paginate }))
  expect(new Set(items.map((item) => JSON.stringify(item))).size).toBe(items.length)
  expect(items.length).toBe(pageOf(99) * 2)
})
