/** Responses that are odd, cut short or about something else: none may turn into a fact about a record. */
import { afterEach, describe, expect, test } from 'vitest'
import type { SeenRequest } from '../../../test/support/local-server.ts'
import { contactsService } from '../../../test/support/odata/catalogue.ts'
import { metadataOf } from '../../../test/support/odata/metadata.ts'
import {
  closeScripted,
  context,
  listOf,
  page,
  product,
  scripted,
} from '../../../test/support/odata/scripted.ts'

afterEach(closeScripted)

/** The records after the key that a page is requested from. */
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
    const { nativeIds, end } = await listOf(resource)
    expect(nativeIds).toHaveLength(7)
    expect(end.complete).toBe(true)
  })

  test('a count that was not reached makes the walk go on, not end', async () => {
    const all = Array.from({ length: 7 }, (_one, at) => product(String(101 + at)))
    const { resource } = await scripted('Products', { list: { pageSize: 10 } }, (request) =>
      page(afterKey(request, all).slice(0, 3), { '@odata.count': '7' }),
    )
    const { nativeIds, end } = await listOf(resource)
    expect([nativeIds.length, end]).toEqual([7, { complete: true, expected: 7 }])
  })

  test('an empty page that promises more is no end', async () => {
    const { resource } = await scripted('Products', { list: { pageSize: 10, count: false } }, () =>
      page([], { '@odata.nextLink': 'Products?$skiptoken=1' }),
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
  })

  test('links that lead round in a circle end the list as an error', async () => {
    const { resource, server } = await scripted('Products', { list: { paging: 'server' } }, ({ url }) =>
      page([product('101')], {
        '@odata.nextLink': `Products?$skiptoken=${(Number(/skiptoken=(\d)/.exec(url)?.[1] ?? 0) % 3) + 1}`,
      }),
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
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
      if (result?.kind !== 'page') throw new RangeError(JSON.stringify(result))
      cursor = result.cursor
    }
    const filter = new URL(server.seen.at(-1)?.url ?? '', 'http://host').searchParams.get('$filter') ?? ''
    const since = Date.parse(`${/datetime'([^']+)'/.exec(filter)?.[1]}Z`)
    // New York's local time is four or five hours behind UTC.
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
    const reported = new Set<string>()
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
      for (const { nativeId } of result.changed) reported.add(nativeId)
      cursor = result.cursor
      if (!result.more) break
    }
    expect(reported.size).toBe(7)
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
      nativeIds: ['101'],
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
