/**
 * Interprets Google's responses. Refusals have HTTP status 200: the code in `status` decides.
 *
 * | status | result for the rule | reason |
 * | --- | --- | --- |
 * | OK | a place | the first result, unless it matches only a part of the address and such results are refused |
 * | ZERO_RESULTS | nothing | the address does not exist |
 * | OVER_QUERY_LIMIT | no information, again in a minute | too many requests in a short time |
 * | OVER_DAILY_LIMIT | no information, again in an hour | the day's allowance, the billing or the key |
 * | REQUEST_DENIED | no information | the key has no permission |
 * | INVALID_REQUEST | a refusal | the request is not valid |
 * | UNKNOWN_ERROR, anything else | no information | a retry may succeed |
 */

import { isLosslessNumber } from '../../http/json.ts'
import type { CallFailure, LookupResult } from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt } from '../kit/native.ts'
import { unusableFailure } from '../kit/unusable.ts'

/** A place as rules see it. */
export interface Place {
  /** Degrees, in Google's format. */
  readonly lat: number
  readonly lng: number
  readonly formattedAddress: string
  /** May be kept forever, unlike everything else in here. */
  readonly placeId: string
  /** ROOFTOP, RANGE_INTERPOLATED, GEOMETRIC_CENTER or APPROXIMATE. */
  readonly precision: string
  readonly partialMatch: boolean
  readonly street?: string
  readonly streetNumber?: string
  readonly postalCode?: string
  readonly city?: string
  readonly state?: string
  /** ISO 3166-1 alpha-2. */
  readonly country?: string
}

const failures: Readonly<
  Record<string, { readonly scope: 'system' | 'record'; readonly retryAfterMs?: number }>
> = {
  OVER_QUERY_LIMIT: { scope: 'system', retryAfterMs: 60_000 },
  OVER_DAILY_LIMIT: { scope: 'system', retryAfterMs: 3_600_000 },
  REQUEST_DENIED: { scope: 'system', retryAfterMs: 600_000 },
  INVALID_REQUEST: { scope: 'record' },
  UNKNOWN_ERROR: { scope: 'record' },
}

/** Reads a response. */
export function readResponse(body: unknown, partialMatches: 'accept' | 'refuse'): LookupResult {
  const status = textAt(body, ['status'])
  if (status === 'ZERO_RESULTS') return { kind: 'nothing' }
  if (status === 'OK') return readPlace(valueAt(body, ['results', 0]), partialMatches)
  const known = status === undefined ? undefined : failures[status]
  if (status === undefined || known === undefined)
    return unusable('the response has no status that is documented')
  const failure: CallFailure = { code: 'LOOKUP_FAILED', message: `Google says: ${status}.`, ...known }
  return { kind: status === 'INVALID_REQUEST' ? 'refused' : 'unknown', failure }
}

function readPlace(result: unknown, partialMatches: 'accept' | 'refuse'): LookupResult {
  const lat = degreesAt(result, 'lat', 90)
  const lng = degreesAt(result, 'lng', 180)
  const formattedAddress = textAt(result, ['formatted_address'])
  const placeId = textAt(result, ['place_id'])
  if (lat === undefined || lng === undefined || formattedAddress === undefined || placeId === undefined) {
    return unusable('a result has no coordinates, address or id')
  }
  const partialMatch = valueAt(result, ['partial_match']) === true
  // A partial address leads to a different place, which is worse than none.
  if (partialMatch && partialMatches === 'refuse') return { kind: 'nothing' }
  const value: Place = {
    lat,
    lng,
    formattedAddress,
    placeId,
    precision: textAt(result, ['geometry', 'location_type']) ?? 'APPROXIMATE',
    partialMatch,
    ...partsOf(result),
  }
  return { kind: 'found', value }
}

/** A double is precise enough for degrees: its last digit is less than a micrometre. */
function degreesAt(result: unknown, name: 'lat' | 'lng', bound: number): number | undefined {
  const value = valueAt(result, ['geometry', 'location', name])
  const degrees = isLosslessNumber(value) ? Number(value.toString()) : value
  return typeof degrees === 'number' && Math.abs(degrees) <= bound ? degrees : undefined
}

/** The component types of each part; the first one present is used. */
const components: Readonly<Record<string, readonly string[]>> = {
  street: ['route'],
  streetNumber: ['street_number'],
  postalCode: ['postal_code'],
  city: ['locality', 'postal_town', 'administrative_area_level_3'],
  state: ['administrative_area_level_1'],
  country: ['country'],
}

function partsOf(result: unknown): Readonly<Record<string, string>> {
  const listed = valueAt(result, ['address_components'])
  const all = Array.isArray(listed) ? listed.filter(isNativeRecord) : []
  const named = (type: string): string | undefined => {
    const found = all.find(({ types }) => Array.isArray(types) && types.includes(type))
    return textAt(found, [type === 'country' ? 'short_name' : 'long_name'])
  }
  const parts = Object.entries(components).flatMap(([part, types]) => {
    const text = types.map(named).find((name) => name !== undefined)
    return text === undefined ? [] : [[part, text]]
  })
  return Object.fromEntries(parts)
}

function unusable(what: string): LookupResult {
  const failure = unusableFailure(`The response is not as Google documents it: ${what}.`)
  return { kind: 'unknown', failure }
}
