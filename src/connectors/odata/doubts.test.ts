/** Answers that are odd, cut short or about something else: none may turn into a fact about a record. */
import { afterEach, describe, expect, test } from 'vitest'
import { type LocalServer, type SeenRequest, startServer } from '../../../test/support/local-server.ts'
import { contactsService, productsService } from '../../../test/support/odata/catalogue.ts'
import { metadataOf } from '../../../test/support/odata/metadata.ts'
import type { CallContext, ListEnd, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Reply {
  readonly status?: number
  readonly type?: string
  readonly body: string
}

/** A resource of a service whose answers the test writes; the metadata is the service's own unless given. */
async function scripted(
  name: 'Products' | 'Contacts',
  settings: Record<string, unknown>,
  answer: (request: SeenRequest) => Reply,
  options: { readonly metadata?: string; readonly batchFormat?: string } = {},
): Promise<{ resource: Resource; server: LocalServer }> {
  const service = name === 'Products' ? productsService : contactsService
  const metadata = options.metadata ?? metadataOf({ ...service, path: '' })
  const server = await startServer((request, response) => {
    const isMetadata = request.url.includes('$metadata')
    const {
      status = 200,
      type = 'application/json',
      body,
    } = isMetadata ? { body: metadata } : answer(request)
    response.writeHead(status, { 'content-type': isMetadata ? 'application/xml' : type })
    response.end(body)
  })
  open.push(server)
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'odata',
      config: {
        url: server.url,
        allowHttp: true,
        resources: { [name]: settings },
        ...(options.batchFormat === undefined ? {} : { batchFormat: options.batchFormat }),
      },
      timing: { readTimeoutMs: 3_000, writeTimeoutMs: 3_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return { resource: system.resource(name), server }
}

async function listOf(resource: Resource): Promise<{ rids: string[]; end: ListEnd }> {
  const rids: string[] = []
  const walk = resource.list(context)
  for (;;) {
    const next = await walk.next()
    if (next.done === true) return { rids, end: next.value }
    rids.push(...next.value.map(({ rid }) => rid))
  }
}

const product = (ID: string, more: Record<string, unknown> = {}) => ({ ID, Name: `N${ID}`, ...more })
const page = (value: readonly unknown[], more: Record<string, unknown> = {}): Reply => ({
  body: JSON.stringify({ value, ...more }),
})

/** The records after the key that a page is asked for. */
function afterKey({ url }: SeenRequest, all: readonly { readonly ID: string }[]): { readonly ID: string }[] {
  const filter = new URL(url, 'http://host').searchParams.get('$filter') ?? ''
  const after = /ID gt '([^']*)'/.exec(filter)?.[1] ?? ''
  return all.filter(({ ID }) => ID > after)
}

describe('lists', () => {
  test.each([
    ['that is not counted', { pageSize: 10, count: false }],
    ['whose count the service does not tell', { pageSize: 10 }],
  ])('a list %s goes on past pages that the service silently cuts short', async (_title, list) => {
    const all = Array.from({ length: 7 }, (_one, at) => product(String(101 + at)))
    const { resource } = await scripted('Products', { list }, (request) =>
      page(afterKey(request, all).slice(0, 3)),
    )
    const { rids, end } = await listOf(resource)
    expect(rids).toHaveLength(7)
    expect(end.complete).toBe(true)
  })

  test('a count that was not reached makes the walk go on, not end', async () => {
    const all = Array.from({ length: 7 }, (_one, at) => product(String(101 + at)))
    const { resource } = await scripted('Products', { list: { pageSize: 10 } }, (request) =>
      page(afterKey(request, all).slice(0, 3), { '@odata.count': '7' }),
    )
    const { rids, end } = await listOf(resource)
    expect([rids.length, end]).toEqual([7, { complete: true, expected: 7 }])
  })

  test('an empty page that promises more is no end', async () => {
    const { resource } = await scripted('Products', { list: { pageSize: 10, count: false } }, () =>
      page([], { '@odata.nextLink': 'Products?$skiptoken=1' }),
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_ANSWER_UNUSABLE' })
  })

  test('links that lead round in a circle end the list as an error', async () => {
    const { resource, server } = await scripted('Products', { list: { paging: 'server' } }, ({ url }) =>
      page([product('101')], {
        '@odata.nextLink': `Products?$skiptoken=${(Number(/skiptoken=(\d)/.exec(url)?.[1] ?? 0) % 3) + 1}`,
      }),
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_ANSWER_UNUSABLE' })
    expect(server.seen.length).toBeLessThan(20)
  })

  test('a condition that is written over several lines keeps its alternatives together', async () => {
    const where = "Name eq 'A'\nor Name eq 'B'"
    const { resource, server } = await scripted(
      'Products',
      { where, list: { pageSize: 1, count: false } },
      (request) => page(afterKey(request, [product('101'), product('102')]).slice(0, 1)),
    )
    await listOf(resource)
    const filters = server.seen.map(({ url }) => new URL(url, 'http://host').searchParams.get('$filter'))
    expect(filters.at(-1)).toBe(`(${where}) and ID gt '102'`)
  })
})

describe('the change feed', () => {
  const zoneless = metadataOf({ ...contactsService, path: '' }).replace(
    '<Property Name="Mail"',
    '<Property Name="Changed" Type="Edm.DateTime"/><Property Name="Mail"',
  )

  test('times without a zone are on the wall that the definition names, so a quiet feed does not run ahead of it', async () => {
    const settings = { changes: { tracks: [{ field: 'Changed' }], timeZone: 'America/New_York' } }
    const { resource, server } = await scripted(
      'Contacts',
      settings,
      () => ({ body: JSON.stringify({ d: { results: [] } }) }),
      { metadata: zoneless },
    )
    let cursor: string | undefined
    for (let poll = 0; poll < 3; poll += 1) {
      const result = await resource.changes?.(cursor, context)
      if (result?.kind !== 'page') throw new Error(JSON.stringify(result))
      cursor = result.cursor
    }
    const filter = new URL(server.seen.at(-1)?.url ?? '', 'http://host').searchParams.get('$filter') ?? ''
    const since = Date.parse(`${/datetime'([^']+)'/.exec(filter)?.[1]}Z`)
    // What the wall of New York shows is four or five hours behind UTC.
    expect(since).toBeLessThan(Date.now() - 4 * 3_600_000)
  })

  test('ties that are passed by counting are not counted past what the service left out of a page', async () => {
    const settings = { changes: { tracks: [{ field: 'ModifiedAt' }], ties: 'skip' }, list: { pageSize: 10 } }
    const tie = Array.from({ length: 7 }, (_one, at) =>
      product(String(101 + at), { ModifiedAt: '2026-05-01T12:00:00Z' }),
    )
    const { resource } = await scripted('Products', settings, ({ url }) => {
      const skip = Number(new URL(url, 'http://host').searchParams.get('$skip') ?? 0)
      const items = tie.slice(skip, skip + 3)
      return page(items, skip + 3 < tie.length ? { '@odata.nextLink': 'Products?$skiptoken=3' } : {})
    })
    const told = new Set<string>()
    let cursor: string | undefined
    for (let at = 0; at < 10; at += 1) {
      const result = await resource.changes?.(cursor, context)
      if (result?.kind !== 'page') {
        expect(result).toMatchObject({
          kind: 'unknown',
          failure: { message: expect.stringContaining('pageSize') },
        })
        return
      }
      for (const { rid } of result.changed) told.add(rid)
      cursor = result.cursor
      if (!result.more) break
    }
    expect(told.size).toBe(7)
  })
})

describe('searches', () => {
  test.each([
    ['a number with other digits after the point', { Price: '12.50' }, { Price: '12.5000' }],
    [
      'a time in another spelling',
      { ModifiedAt: '2026-05-01T12:00:00.000Z' },
      { ModifiedAt: '2026-05-01T12:00:00Z' },
    ],
    ['a text without its blanks at the end', { Name: 'Lamp ' }, { Name: 'Lamp' }],
  ])('%s is the value that was asked for', async (_title, values, answered) => {
    const { resource } = await scripted('Products', { create: { as: 'naturalKey' } }, () =>
      page([{ ID: '101', ...answered }]),
    )
    expect(await resource.find?.({ by: 'values', values }, context)).toMatchObject({
      kind: 'found',
      rids: ['101'],
    })
  })

  test('a hit that has another value is no proof that there is none', async () => {
    const { resource } = await scripted('Products', { create: { as: 'naturalKey' } }, () =>
      page([{ ID: '101', Name: '4711' }]),
    )
    expect(await resource.find?.({ by: 'values', values: { Name: '0000004711' } }, context)).toMatchObject({
      kind: 'unknown',
    })
  })
})

describe('batches', () => {
  const batch = { batch: { read: 10, write: 10 }, create: { as: 'marker', field: 'ExternalID' } }
  const json = { batchFormat: 'json' }
  const requests = ['1', '2'].map((n) => ({ body: { Name: n }, recordId: `id-${n}`, idempotencyKey: n }))

  test.each([
    [401, {}],
    [429, { 'Retry-After': '7' }],
  ])(
    'a write that is answered %i within a batch was not done, and is no refusal of its data',
    async (status, headers) => {
      const { resource } = await scripted(
        'Products',
        batch,
        () => ({
          body: JSON.stringify({
            responses: requests.map((_one, at) => ({
              id: `${at + 1}.1`,
              status,
              headers,
              body: { error: { code: 'X' } },
            })),
          }),
        }),
        json,
      )
      const results = await resource.createMany?.(requests, context)
      expect(results).toMatchObject([
        { kind: 'not-sent', failure: { scope: 'system' } },
        { kind: 'not-sent', failure: { scope: 'system' } },
      ])
      if (status === 429) expect(results).toMatchObject([{ failure: { retryAfterMs: 7_000 } }, {}])
    },
  )

  /** A batch without ids: answers can only be told apart by their order. */
  const multipart = (bodies: readonly string[]): Reply => ({
    type: 'multipart/mixed; boundary=b',
    body: `${bodies
      .map(
        (body) =>
          `--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n${body}\r\n`,
      )
      .join('')}--b--\r\n`,
  })

  test('an answer about another record of the batch is no observation', async () => {
    const { resource } = await scripted('Products', batch, () => multipart([JSON.stringify(product('102'))]))
    const results = await resource.readMany?.(['101', '102'], context)
    expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
  })

  test('digits beyond a double survive a batch in JSON', async () => {
    const { resource } = await scripted(
      'Products',
      batch,
      () => ({
        body: `{"responses":[{"id":"1.1","status":200,"body":{"ID":"101","Extra":12345678901234567890.123}},{"id":"2.1","status":200,"body":{"ID":"102"}}]}`,
      }),
      json,
    )
    const [first] = (await resource.readMany?.(['101', '102'], context)) ?? []
    expect(first?.kind === 'live' && String(first.native.Extra)).toBe('12345678901234567890.123')
  })
})

describe('whole replacements', () => {
  test('an archive where changes replace the whole record keeps the rest of it', async () => {
    const settings = { update: 'put', remove: { archive: { Available: false } } }
    const { resource, server } = await scripted('Products', settings, ({ method }) =>
      method === 'GET'
        ? { body: JSON.stringify(product('101', { Available: true })) }
        : { status: 204, body: '' },
    )
    expect(await resource.remove?.({ rid: '101', mode: 'archive' }, context)).toMatchObject({ kind: 'ok' })
    const sent = server.seen.find(({ method }) => method === 'PUT')
    expect(JSON.parse(sent?.body ?? '{}')).toEqual({ Name: 'N101', Available: false })
  })
})
