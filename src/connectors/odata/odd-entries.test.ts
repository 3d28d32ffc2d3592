/**
 * An entry that is not a record affects only itself: neither its page, nor the list, the feed or the search
 * that contains it.
 */
import { afterEach, expect, test } from 'vitest'
import {
  closeScripted,
  context,
  listOf,
  page,
  product,
  scripted,
} from '../../../test/support/odata/scripted.ts'

afterEach(closeScripted)

test.each([['keyset'], ['server']] as const)(
  'a list with entries that are no records hands on the others, and proves no absence (paging: %s)',
  async (paging) => {
    const { resource } = await scripted('Products', { list: { paging, count: false } }, ({ url }) =>
      page(url.includes('gt') ? [] : [product('101'), null, { Name: 'without a key' }, product('102')]),
    )
    const { nativeIds, end } = await listOf(resource)
    expect(nativeIds).toEqual(['101', '102'])
    expect(end).toMatchObject({ complete: false, ended: true, unreadable: 2 })
    expect(end.reason).toContain("2 entries of the response can't be read")
  },
)

test('a list of nothing but such entries is an error: it is read by the wrong rules', async () => {
  const { resource } = await scripted('Products', { list: { paging: 'server' } }, () => page([null, 7]))
  await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
})

test('a change without a time is reported once, one without a key is counted, and the feed goes on', async () => {
  const settings = { changes: { tracks: [{ field: 'ModifiedAt' }] } }
  const { resource } = await scripted('Products', settings, () =>
    page([
      null,
      product('101', { ModifiedAt: '2026-05-01T12:00:00Z' }),
      product('102', { ModifiedAt: null }),
      { Name: 'without a key', ModifiedAt: '2026-05-01T12:00:01Z' },
      product('103', { ModifiedAt: '2026-05-01T12:00:02Z' }),
    ]),
  )
  const first = await resource.changes?.(undefined, context)
  if (first?.kind !== 'page') return expect.fail(JSON.stringify(first))
  expect(first.changed.map(({ nativeId }) => nativeId).toSorted()).toEqual(['101', '102', '103'])
  expect(first.unreadable).toContain("2 entries of the response can't be read")
  const second = await resource.changes?.(first.cursor, context)
  expect(second).toMatchObject({ kind: 'page', changed: [] })
})

test('a search with a hit that is no record names the others, and does not prove that there is no more', async () => {
  const search = { by: 'values', values: { Name: 'N101' } } as const
  const { resource } = await scripted('Products', { search: {} }, () => page([null, product('101')]))
  expect(await resource.find?.(search, context)).toEqual({ kind: 'found', nativeIds: ['101'], capped: true })
})
