/** Batches, ids and replacements: an uncertain outcome of a write stays unknown. */
import { afterEach, describe, expect, test } from 'vitest'
import { contactsService } from '../../../test/support/odata/catalogue.ts'
import { metadataOf } from '../../../test/support/odata/metadata.ts'
import {
  closeScripted,
  context,
  listOf,
  product,
  type Reply,
  scripted,
} from '../../../test/support/odata/scripted.ts'

afterEach(closeScripted)

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

  /** A batch without ids: responses can only be matched by their order. */
  const multipart = (bodies: readonly string[]): Reply => ({
    type: 'multipart/mixed; boundary=b',
    body: `${bodies
      .map(
        (body) =>
          `--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n${body}\r\n`,
      )
      .join('')}--b--\r\n`,
  })

  test('a response about another record of the batch is no observation', async () => {
    const { resource } = await scripted('Products', batch, () => multipart([JSON.stringify(product('102'))]))
    const results = await resource.readMany?.(['101', '102'], context)
    expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
  })

  test('answers that are fewer than the requests, and no error ends them, are nobody’s', async () => {
    const made = multipart([JSON.stringify(product('102'))]).body.replace('200 OK', '201 Created')
    const { resource } = await scripted('Products', batch, () => ({ ...multipart([]), body: made }))
    const results = await resource.createMany?.(requests, context)
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

describe('ids', () => {
  const contact = { Company: '', Number: '1001', Name: 'Ada' }

  test('a part of a key may be empty where there are several', async () => {
    const { resource, server } = await scripted('Contacts', { list: { count: false } }, ({ url }) => {
      const filter = new URL(url, 'http://host').searchParams.get('$filter')
      const results = filter === null ? [contact] : []
      return { body: JSON.stringify({ d: url.includes('(') && filter === null ? contact : { results } }) }
    })
    const { nativeIds } = await listOf(resource)
    expect(nativeIds).toEqual(['Company=,Number=1001'])
    expect(await resource.read(nativeIds[0] ?? '', context)).toMatchObject({ kind: 'live', native: contact })
    expect(decodeURIComponent(server.seen.at(-1)?.url ?? '')).toContain("(Company='',Number='1001')")
  })

  test('the address of a new record spells a long number with its type, and the id has none of that', async () => {
    const metadata = metadataOf({ ...contactsService, path: '' })
      .replace('<PropertyRef Name="Company"/>', '')
      .replace(/<Property Name="Number" Type="Edm.String"/, '<Property Name="Number" Type="Edm.Int64"')
    const location = 'http://host/Contacts(1001L)'
    const response = (): Reply => ({ status: 204, body: '', headers: { location } })
    const { resource } = await scripted('Contacts', {}, response, { metadata })
    const request = { body: { Name: 'Ada' }, recordId: 'id-1', idempotencyKey: 'k' }
    expect(await resource.create?.(request, context)).toEqual({ kind: 'ok', nativeId: '1001' })
  })
})

describe('whole replacements', () => {
  test('a change is not sent where the rest of the record is not known', async () => {
    const { resource, server } = await scripted('Products', { update: 'put' }, () => ({
      status: 204,
      body: '',
    }))
    const request = { nativeId: '101', patch: { Name: 'B' }, idempotencyKey: 'k' }
    expect(await resource.update?.(request, context)).toMatchObject({ kind: 'rejected' })
    expect(server.seen.some(({ method }) => method === 'PUT')).toBe(false)
  })

  test('an archive where changes replace the whole record keeps the rest of it', async () => {
    const settings = { update: 'put', remove: { archive: { Available: false } } }
    const { resource, server } = await scripted('Products', settings, ({ method }) =>
      method === 'GET'
        ? { body: JSON.stringify(product('101', { Available: true })) }
        : { status: 204, body: '' },
    )
    expect(await resource.remove?.({ nativeId: '101', mode: 'archive' }, context)).toMatchObject({
      kind: 'ok',
    })
    const sent = server.seen.find(({ method }) => method === 'PUT')
    expect(JSON.parse(sent?.body ?? '{}')).toEqual({ Name: 'N101', Available: false })
  })
})
