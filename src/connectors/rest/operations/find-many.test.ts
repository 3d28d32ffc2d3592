import { afterEach, describe, expect, test } from 'vitest'
import { sendJson } from '../../../../test/support/local-server.ts'
import { closeAll, context, scripted } from '../../../../test/support/rest/connected.ts'
import type { FindRequest } from '../../kit/contract.ts'

afterEach(closeAll)

const byEmail = (email: string): FindRequest => ({ by: 'values', values: { email } })
const found = (...nativeIds: string[]) => ({ kind: 'found', nativeIds, capped: false })
const queryOf = (url: string): URLSearchParams => new URL(url, 'http://x').searchParams

/** People whose filter accepts several values, and the received queries. */
async function people(
  search: Record<string, unknown>,
  answer: (asked: readonly string[], query: URLSearchParams) => unknown = (asked) => holders(asked),
  more: Record<string, unknown> = {},
) {
  const asked: string[][] = []
  const resource = await scripted(
    ({ url }, response) => {
      const query = queryOf(url)
      const values = [...query.getAll('email'), ...(query.get('email[in]')?.split(',') ?? [])]
      asked.push(values)
      sendJson(response, 200, answer(values, query))
    },
    { search, ...more },
  )
  const find = (...emails: string[]) => resource.findMany?.(emails.map(byEmail), context)
  return { asked, find, resource }
}

const holders = (emails: readonly string[]) =>
  emails.filter((email) => !email.startsWith('nobody')).map((email) => ({ id: `id of ${email}`, email }))

test.each([
  ['repeated', { batch: {} }],
  ['joined by commas', { batch: { style: 'comma', filters: ['{path}[in]'] } }],
])('values that are %s are searched for in one request, and each finds its own', async (_, search) => {
  const { asked, find } = await people(search)
  expect(await find('a@x', 'nobody@x', 'b@x', 'a@x')).toEqual([
    found('id of a@x'),
    found(),
    found('id of b@x'),
    found('id of a@x'),
  ])
  expect(asked).toEqual([['a@x', 'nobody@x', 'b@x']])
})

test('a value with a comma in it is asked alone where commas separate', async () => {
  const { asked, find } = await people({ batch: { style: 'comma', filters: ['{path}[in]'] } })
  const [first, comma, last] = (await find('a@x', 'b,c@x', 'd@x')) ?? []
  expect([first, last]).toEqual([found('id of a@x'), found('id of d@x')])
  expect(comma).toEqual(found('id of b,c@x'))
  expect(asked).toEqual([['a@x', 'd@x'], ['b,c@x']])
})

test('searches by other fields, or by several, are asked apart', async () => {
  const { resource } = await people({ batch: {} }, (_, query) => {
    const entries = [...query].filter(([name]) => name !== 'limit')
    return [
      { id: entries.map(([name, value]) => `${name}=${value}`).join('&'), ...Object.fromEntries(entries) },
    ]
  })
  const results = await resource.findMany?.(
    [
      byEmail('a@x'),
      { by: 'values', values: { code: '7' } },
      { by: 'values', values: { email: 'a@x', code: '7' } },
      { by: 'values', values: { address: { city: 'Bonn' } } },
    ],
    context,
  )
  expect(results).toMatchObject([
    found('email=a@x'),
    found('code=7'),
    found('email=a@x&code=7'),
    { kind: 'found', nativeIds: [] },
  ])
})

describe('nothing is taken for missing', () => {
  test.each([
    [
      'the page is full',
      { search: { maxResults: 2 } },
      (asked: readonly string[]) => holders(asked).slice(0, 2),
    ],
    [
      'the page is as large as that of a list',
      { list: { paging: 'page', parameter: 'page', size: { value: 2 } } },
      (asked: readonly string[]) => holders(asked).slice(0, 2),
    ],
    [
      'there are more by the total',
      { list: { paging: 'single', items: 'rows', total: { path: 'total' } }, search: { items: 'rows' } },
      (asked: readonly string[]) => ({ rows: holders(asked).slice(0, 1), total: asked.length }),
    ],
    [
      'there is a further page',
      { list: { paging: 'cursor', after: 'after', next: 'next', items: 'rows' }, search: { items: 'rows' } },
      (asked: readonly string[]) => ({
        rows: holders(asked).slice(0, 1),
        next: asked.length > 1 ? 'more' : null,
      }),
    ],
    [
      'the API filters by nothing',
      {},
      (asked: readonly string[]) =>
        asked.length > 1 ? [{ id: '1', email: 'else@x' }, ...holders(asked)] : holders(asked),
    ],
    [
      'an entry can not be read',
      {},
      (asked: readonly string[]) => (asked.length > 1 ? [null, ...holders(asked).slice(1)] : holders(asked)),
    ],
  ])('when %s: fewer are asked at once', async (_, { search, ...more }: Record<string, object>, answer) => {
    const { asked, find } = await people({ batch: {}, ...search }, answer, more)
    const results = await find('a@x', 'b@x', 'c@x')
    expect(results).toMatchObject(
      ['a@x', 'b@x', 'c@x'].map((email) => ({ kind: 'found', nativeIds: [`id of ${email}`] })),
    )
    expect(asked.length).toBeGreaterThan(1)
  })

  test('when one value is refused: the others are found', async () => {
    const resource = await scripted(
      ({ url }, response) => {
        const emails = queryOf(url).getAll('email')
        if (emails.includes('bad')) return sendJson(response, 400, { error: 'no such address' })
        sendJson(response, 200, holders(emails))
      },
      { search: { batch: {} } },
    )
    const results = await resource.findMany?.(['a@x', 'bad', 'c@x'].map(byEmail), context)
    expect(results).toMatchObject([found('id of a@x'), { kind: 'unknown' }, found('id of c@x')])
  })

  test('when the API can not be reached: one request tells it for all', async () => {
    let asked = 0
    const resource = await scripted(
      (_, response) => {
        asked += 1
        sendJson(response, 401, {})
      },
      { search: { batch: {} } },
    )
    const results = await resource.findMany?.(['a@x', 'b@x', 'c@x'].map(byEmail), context)
    expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(asked).toBeLessThan(3)
  })
})

test('the ids that Isthmus stores are searched for together, too', async () => {
  const resource = await scripted(
    ({ url }, response) =>
      sendJson(
        response,
        200,
        queryOf(url)
          .getAll('ref')
          .map((ref) => ({ id: `of ${ref}`, ref })),
      ),
    { search: { batch: {} }, create: { as: 'marker', field: 'ref' } },
  )
  const requests = ['r1', 'r2'].map((recordId): FindRequest => ({ by: 'marker', recordId }))
  expect(await resource.findMany?.(requests, context)).toEqual([found('of r1'), found('of r2')])
})
