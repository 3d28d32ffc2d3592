import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type FakeGoogleMaps,
  startFakeGoogleMaps,
} from '../../../test/support/google-maps/fake-google-maps.ts'
import { parseJson } from '../../http/json.ts'
import type { CallContext, ConnectedSystem, LookupResult } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'
import { readResponse } from './response.ts'

const context: CallContext = { signal: new AbortController().signal, priority: 'webhook' }

interface Connected extends AsyncDisposable {
  readonly maps: FakeGoogleMaps
  readonly system: ConnectedSystem
  /** Advances the connector's clock. */
  advance(ms: number): void
  geocode(argument: string): Promise<LookupResult | undefined>
}

async function connected(config: Record<string, unknown> = {}): Promise<Connected> {
  await using undo = new AsyncDisposableStack()
  const maps = undo.use(await startFakeGoogleMaps())
  maps.known.set('linden 1, berlin', { lat: 52.5170365, lng: 13.3888599, city: 'Berlin', country: 'DE' })
  let aheadMs = 0
  const system = connectSystem(
    {
      name: 'maps',
      connector: 'google-maps',
      config: { url: maps.url, allowHttp: true, auth: { type: 'api-key', value: maps.key }, ...config },
      timing: { readTimeoutMs: 2_000, writeTimeoutMs: 2_000, concurrency: 8 },
    },
    { clock: { now: () => Date.now() + aheadMs, monotonic: () => performance.now() } },
  )
  undo.defer(() => system.close())
  const opened = undo.move()
  return {
    maps,
    system,
    advance: (ms) => {
      aheadMs += ms
    },
    geocode: async (argument) => system.lookup?.({ lookup: 'geocode', argument }, context),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const berlin = {
  lat: 52.5170365,
  lng: 13.3888599,
  formattedAddress: 'Linden 1, Berlin',
  placeId: 'place of 52.5170365 13.3888599',
  precision: 'ROOFTOP',
  partialMatch: false,
  street: 'Linden',
  streetNumber: '1',
  city: 'Berlin',
  country: 'DE',
}

test('an address becomes a place, with its coordinates and parts', async () => {
  await using it = await connected({ language: 'de', region: 'de', countries: ['DE', 'AT'] })
  expect(await it.geocode('Linden 1, Berlin')).toEqual({ kind: 'found', value: berlin })
  expect(Object.fromEntries(it.maps.asked[0] ?? [])).toEqual({
    address: 'Linden 1, Berlin',
    language: 'de',
    region: 'de',
    components: 'country:DE|country:AT',
    key: it.maps.key,
  })
})

test('of several results the first counts, a town of the post is a city, and coordinates keep their digits', () => {
  const text = readFileSync(new URL('./fixtures/response.json', import.meta.url), 'utf8')
  const parsed = parseJson(text, { maxDepth: 64, numbers: 'lossless' })
  expect(parsed.ok && readResponse(parsed.value, 'refuse')).toEqual({
    kind: 'found',
    value: {
      lat: 51.50000000000001,
      lng: -0.1246254,
      formattedAddress: '7 Example St, Sampleton SA1 2PL, UK',
      placeId: 'ChIJ-an-example',
      precision: 'RANGE_INTERPOLATED',
      partialMatch: false,
      street: 'Example Street',
      streetNumber: '7',
      postalCode: 'SA1 2PL',
      city: 'Sampleton',
      state: 'England',
      country: 'GB',
    },
  })
})

test('an address that leads nowhere, and one that fits in part, is nothing; never a place nearby', async () => {
  await using it = await connected()
  expect(await it.geocode('Nowhere 0')).toEqual({ kind: 'nothing' })
  it.maps.known.set('linden 999, berlin', {
    lat: 52,
    lng: 13,
    city: 'Berlin',
    country: 'DE',
    partialMatch: true,
  })
  expect(await it.geocode('Linden 999, Berlin')).toEqual({ kind: 'nothing' })
  await using lenient = await connected({ partialMatches: 'accept' })
  lenient.maps.known.set('linden 999', {
    lat: 52,
    lng: 13,
    city: 'Berlin',
    country: 'DE',
    partialMatch: true,
  })
  expect(await lenient.geocode('Linden 999')).toMatchObject({ kind: 'found', value: { partialMatch: true } })
})

test('the same question is asked once a day, also while it is under way', async () => {
  await using it = await connected()
  await Promise.all([it.geocode('Linden 1, Berlin'), it.geocode('Linden 1, Berlin'), it.geocode('Nowhere 0')])
  await it.geocode('Nowhere 0')
  expect(it.maps.asked).toHaveLength(2)
  it.advance(86_400_001)
  await it.geocode('Linden 1, Berlin')
  expect(it.maps.asked).toHaveLength(3)
})

test('no more responses are remembered than the bound, and the oldest go first', async () => {
  await using it = await connected({ cacheMax: 2 })
  for (const address of ['a', 'b', 'a', 'c', 'a', 'b']) await it.geocode(address)
  expect(it.maps.asked.map((query) => query.get('address'))).toEqual(['a', 'b', 'c', 'b'])
})

test.each([
  ['OVER_QUERY_LIMIT', 'unknown', { scope: 'system', retryAfterMs: 60_000 }],
  ['OVER_DAILY_LIMIT', 'unknown', { scope: 'system', retryAfterMs: 3_600_000 }],
  ['REQUEST_DENIED', 'unknown', { scope: 'system', retryAfterMs: 600_000 }],
  ['UNKNOWN_ERROR', 'unknown', { scope: 'record' }],
  ['INVALID_REQUEST', 'refused', { scope: 'record' }],
])('%s with HTTP 200 is a failure and is not remembered', async (status, kind, failure) => {
  await using it = await connected()
  it.maps.next.push(status)
  expect(await it.geocode('Linden 1, Berlin')).toEqual({
    kind,
    failure: { code: 'LOOKUP_FAILED', message: `Google says: ${status}.`, ...failure },
  })
  expect(await it.geocode('Linden 1, Berlin')).toMatchObject({ kind: 'found' })
})

test('a used-up quota ends the questions, and what is remembered still answers', async () => {
  await using it = await connected()
  it.maps.quota = 1
  expect(await it.geocode('Linden 1, Berlin')).toMatchObject({ kind: 'found' })
  expect(await it.geocode('Nowhere 0')).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
  expect(await it.geocode('Linden 1, Berlin')).toMatchObject({ kind: 'found' })
})

test('a response that is not as documented is no response', async () => {
  await using it = await connected()
  it.maps.next.push('SOMETHING_NEW', 'OK')
  const unusable = { kind: 'unknown', failure: { code: 'CONNECTOR_RESPONSE_UNUSABLE' } }
  expect(await it.geocode('a')).toMatchObject(unusable)
  expect(await it.geocode('b')).toMatchObject(unusable)
  await using elsewhere = await connected({ url: `${it.maps.url}/other` })
  expect(await elsewhere.geocode('a')).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
})

test('questions keep within the rate that the section allows', async () => {
  await using it = await connected({ limits: { perSecond: 5 } })
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: 8 }, (_, n) => it.geocode(`address ${n}`)))
  expect(performance.now() - startedAt).toBeGreaterThan(400)
})

test('it holds no records, and a wrong key in the section is named', async () => {
  await using it = await connected()
  expect(() => it.system.resource('addresses')).toThrow(/holds no records/)
  expect(await it.system.lookup?.({ lookup: 'route', argument: 'a' }, context)).toMatchObject({
    kind: 'refused',
  })
  await expect(connected({ auth: { type: 'bearer', token: 'x' } })).rejects.toThrow(/auth/)
  await expect(connected({ countries: ['de'] })).rejects.toThrow(/country code/)
})
