/** The Geocoding API on the loopback interface: its paths, its parameters, and its refusals with HTTP 200. */
import { type LocalServer, sendJson, startServer } from '../local-server.ts'

/** A known address. */
export interface KnownAddress {
  readonly lat: number
  readonly lng: number
  readonly city: string
  readonly country: string
  readonly partialMatch?: boolean
}

export interface FakeGoogleMaps extends AsyncDisposable {
  readonly url: string
  readonly key: string
  /** The requests, in order. */
  readonly asked: readonly URLSearchParams[]
  /** By address, without case. */
  readonly known: Map<string, KnownAddress>
  /** Statuses of the next responses, whatever the request. */
  readonly next: string[]
  /** Requests left before OVER_QUERY_LIMIT. @default no bound */
  quota: number
}

/** Starts one. */
export async function startFakeGoogleMaps(): Promise<FakeGoogleMaps> {
  const asked: URLSearchParams[] = []
  const server: LocalServer = await startServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    if (url.pathname !== '/maps/api/geocode/json' || request.method !== 'GET') {
      response.writeHead(404, { 'content-type': 'text/html' })
      response.end('<!doctype html><title>Error 404</title>')
      return
    }
    asked.push(url.searchParams)
    sendJson(response, 200, reply(fake, url.searchParams))
  })
  const fake: FakeGoogleMaps = {
    url: server.url,
    key: 'AIzaFake',
    asked,
    known: new Map(),
    next: [],
    quota: Number.POSITIVE_INFINITY,
    [Symbol.asyncDispose]: () => server.close(),
  }
  return fake
}

function reply(fake: FakeGoogleMaps, query: URLSearchParams): object {
  if (query.get('key') !== fake.key) return refusal('REQUEST_DENIED', 'The provided API key is invalid.')
  const status = fake.next.shift()
  if (status !== undefined) return refusal(status, 'As the test wanted.')
  if (fake.quota <= 0) return refusal('OVER_QUERY_LIMIT', 'You have exceeded your rate-limit for this API.')
  fake.quota -= 1
  const address = query.get('address') ?? ''
  if (address === '') return refusal('INVALID_REQUEST', "Invalid request. Missing the 'address' parameter.")
  const found = fake.known.get(address.toLowerCase())
  const countries = query.get('components')?.split('|') ?? []
  if (found === undefined || (countries.length > 0 && !countries.includes(`country:${found.country}`))) {
    return { results: [], status: 'ZERO_RESULTS' }
  }
  return { results: [resultOf(address, found)], status: 'OK' }
}

function refusal(status: string, message: string): object {
  return { error_message: message, results: [], status }
}

function resultOf(address: string, { lat, lng, city, country, partialMatch }: KnownAddress): object {
  const [street = '', number = ''] = address.split(',', 1)[0]?.split(/ (?=\d)/) ?? []
  return {
    address_components: [
      { long_name: number, short_name: number, types: ['street_number'] },
      { long_name: street, short_name: street, types: ['route'] },
      { long_name: city, short_name: city, types: ['locality', 'political'] },
      { long_name: `Country of ${country}`, short_name: country, types: ['country', 'political'] },
    ],
    formatted_address: `${street} ${number}, ${city}`,
    geometry: {
      location: { lat, lng },
      location_type: 'ROOFTOP',
      viewport: { northeast: { lat, lng }, southwest: { lat, lng } },
    },
    ...(partialMatch === true ? { partial_match: true } : {}),
    place_id: `place of ${lat} ${lng}`,
    types: ['street_address'],
  }
}
