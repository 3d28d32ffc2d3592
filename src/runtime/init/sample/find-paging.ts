/**
 * Detects how an unknown API pages its list: from the response, verified by reading the second page. A
 * parameter counts as recognised only if it returns other records.
 */
import { textAt } from '../../../connectors/kit/native.ts'
import type { ManifestSource } from '../../../connectors/rest/manifests/manifest.ts'
import { envelopeValues, findList, type ListShape, type Place } from './list-shape.ts'
import type { Query, SampleClient, SampleResponse } from './sample-client.ts'

type ListSource = NonNullable<ManifestSource['resources'][string]['list']>

/** A list as declared in a manifest, and how it was verified. */
export interface FoundPaging {
  readonly list: ListSource
  readonly sure: 'high' | 'medium' | 'low'
  readonly why: string
}

/** The first page, and a function to read another. */
export interface FirstPage {
  readonly client: SampleClient
  readonly path: string
  readonly resource: string
  readonly query: Query
  readonly response: SampleResponse
  readonly shape: ListShape
  readonly id: string
}

type Found = Pick<FoundPaging, 'sure' | 'why'> & { readonly list: Record<string, unknown> }

/** Detects the paging. Without any sign of pages, the response is taken for the complete list. */
export async function findPaging(first: FirstPage): Promise<FoundPaging> {
  const { shape, query, response } = first
  const envelope = envelopeValues(response.body, shape.items)
  const total = totalIn(envelope, shape.records.length)
  const base = {
    ...(shape.items.length === 0 ? {} : { items: dotted(shape.items) }),
    ...(Object.keys(query).length === 0 ? {} : { query }),
    ...(total === undefined ? totalHeader(response) : { total: { path: dotted(total.place) } }),
  }
  const found =
    byLink(first) ??
    byAddress(envelope) ??
    (await byToken(first, envelope)) ??
    (await byNumber(first, envelope))
  const size = found === undefined ? {} : await sizeOf(first, envelope)
  const { list, sure, why } = found ?? whole(first, total?.value)
  return { list: { ...list, ...base, ...size } as ListSource, sure, why }
}

function whole({ shape }: FirstPage, total: number | undefined): Found {
  const count = shape.records.length
  if (total !== undefined && total > count)
    return {
      list: { paging: 'single' },
      sure: 'low',
      why: `the response has ${count} of ${total} records, and no parameter was found for the others: see the documentation of the API`,
    }
  const why = total === undefined ? 'the response has no sign of pages' : `it has all ${total} records`
  return { list: { paging: 'single' }, sure: total === undefined ? 'low' : 'medium', why }
}

function byLink({ response }: FirstPage): Found | undefined {
  const { link } = response.headers
  if (link === undefined || !/rel="?(?:next|prev|first|last)\b/i.test(link)) return undefined
  return { list: { paging: 'link' }, sure: 'high', why: 'the response has a Link header with pages' }
}

const addressNames = /^(?:next|next_?(?:url|link|page_?url|page)|@odata\.nextlink|href|link)$/i

/** A URL in the body: `links.next`, `_links.next.href`, `next`. */
function byAddress(envelope: ReadonlyMap<string, unknown>): Found | undefined {
  for (const [key, value] of envelope) {
    const place = key.split('\n')
    const isNext = addressNames.test(place.at(-1) ?? '') && place.some((name) => /next/i.test(name))
    if (!isNext) continue
    const list = { paging: 'next', next: dotted(place) }
    if (typeof value === 'string' && /^(?:https?:|\/|\?)/i.test(value))
      return { list, sure: 'high', why: `${dotted(place)} has the URL of the next page` }
    const isAddressPlace = place.length > 1 || /url|link/i.test(place.at(-1) ?? '')
    if (value === null && isAddressPlace)
      return { list, sure: 'medium', why: `${dotted(place)} exists, and is empty on the only page` }
  }
  return undefined
}

const tokenNames =
  /^(?:next|after|cursor|next_?(?:cursor|token|page_?token|page|key)|(?:page_?|continuation_?)token|end_?cursor|scroll_?id)$/i
const moreNames = /^(?:has_?more|has_?next(?:_?page)?|more)$/i

/** A token for the next page; its query parameter is found by trial. */
async function byToken(first: FirstPage, envelope: ReadonlyMap<string, unknown>): Promise<Found | undefined> {
  const found = [...envelope].find(([key]) => tokenNames.test(key.split('\n').at(-1) ?? ''))
  if (found === undefined) return undefined
  const place = found[0].split('\n')
  const name = place.at(-1) ?? ''
  const more = [...envelope.keys()].find((key) => moreNames.test(key.split('\n').at(-1) ?? ''))
  const list = {
    paging: 'cursor',
    next: dotted(place),
    ...(more === undefined ? {} : { more: dotted(more.split('\n')) }),
  }
  const token = textAt(first.response.body, place)
  const candidates = parametersFor(name)
  for (const after of token === undefined ? [] : candidates) {
    if ((await pageAt(first, { [after]: token ?? '' })) === 'other')
      return {
        list: { ...list, after },
        sure: 'high',
        why: `${dotted(place)} sent as ${after} returned other records`,
      }
  }
  return {
    list: { ...list, after: candidates[0] },
    sure: 'low',
    why:
      token === undefined
        ? `${dotted(place)} looks like a token and is empty on the only page; the parameter ${candidates[0]} is a guess`
        : `${dotted(place)} looks like a token, and none of ${candidates.join(', ')} accepts it: see the documentation of the API for the parameter`,
  }
}

/** `next_cursor` is sent as `cursor`, `nextPageToken` as `pageToken`, `endCursor` as `after`. */
function parametersFor(name: string): readonly [string, ...string[]] {
  const bare = name.replace(/^next_?(?=.)/i, '')
  const own =
    bare === '' || /^end_?cursor$/i.test(bare) ? 'after' : (bare[0]?.toLowerCase() ?? '') + bare.slice(1)
  const usual = ['cursor', 'after', 'page_token', 'pageToken', 'starting_after', 'next', 'page', 'token']
  return [own, ...usual.filter((one) => one !== own)]
}

const offsetNames = ['offset', 'skip', 'start', 'startAt', 'start_index']
const pageNames = ['page', 'pageNumber', 'page_number', 'p']

/** Numbered pages: parameters that the response repeats are tried first. */
async function byNumber(
  first: FirstPage,
  envelope: ReadonlyMap<string, unknown>,
): Promise<Found | undefined> {
  const names = [...envelope.keys()].map((key) => key.split('\n').at(-1) ?? '')
  const hinted = (usual: readonly string[]): readonly string[] => [
    ...names.filter((name) => usual.some((one) => one.toLowerCase() === name.toLowerCase())),
    ...usual.slice(0, 2),
  ]
  const count = first.shape.records.length
  if (count === 0) return undefined
  let isFilter: boolean | undefined
  // Some APIs treat every parameter as a filter; then an empty page proves nothing.
  const isEmptyAnyway = async (): Promise<boolean> => {
    isFilter ??= (await pageAt(first, { isthmus_probe: 1 })) === 'empty'
    return isFilter
  }
  const pages = async (): Promise<Found | undefined> => {
    for (const parameter of new Set(hinted(pageNames))) {
      const second = await pageAt(first, { [parameter]: 2 })
      if (second !== 'other' && second !== 'empty') continue
      if (second === 'empty' && (await isEmptyAnyway())) continue
      const isFromZero = (await pageAt(first, { [parameter]: 1 })) !== 'same'
      return {
        list: { paging: 'page', parameter, ...(isFromZero ? { first: 0 } : {}) },
        ...(second === 'other' ? tried(parameter) : triedEmpty(parameter)),
      }
    }
    return undefined
  }
  const offsets = async (): Promise<Found | undefined> => {
    for (const parameter of new Set(hinted(offsetNames))) {
      const second = await pageAt(first, { [parameter]: count })
      if (second === 'other') return { list: { paging: 'offset', parameter }, ...tried(parameter) }
      if (second === 'empty' && !(await isEmptyAnyway()))
        return { list: { paging: 'offset', parameter }, ...triedEmpty(parameter) }
    }
    return undefined
  }
  const hasPage = names.some((name) => pageNames.includes(name))
  return hasPage ? ((await pages()) ?? (await offsets())) : ((await offsets()) ?? (await pages()))
}

function tried(parameter: string): Pick<Found, 'sure' | 'why'> {
  return { sure: 'high', why: `${parameter} returned other records` }
}

function triedEmpty(parameter: string): Pick<Found, 'sure' | 'why'> {
  return { sure: 'medium', why: `${parameter} is recognised: beyond the last record the list is empty` }
}

/** Compares a page with these parameters with the first one. */
async function pageAt(
  { client, path, query, resource, shape, id }: FirstPage,
  more: Query,
): Promise<'other' | 'same' | 'empty' | 'none'> {
  const response = await client.get(path, { ...query, ...more })
  if (response === undefined || response.status !== 200) return 'none'
  const page = findList(response.body, resource)
  if (page === undefined || page.items.join('\n') !== shape.items.join('\n')) return 'none'
  if (page.records.length === 0) return 'empty'
  const idOf = (record: object): string => textAt(record, id.split('.')) ?? JSON.stringify(record)
  const seen = new Set(shape.records.map(idOf))
  const fresh = page.records.filter((record) => !seen.has(idOf(record)))
  if (fresh.length === page.records.length) return 'other'
  return fresh.length === 0 ? 'same' : 'none'
}

const sizeNames = /^(?:limit|per_?page|page_?size|size|count|max_?results|take|top)$/i

/** Finds the parameter for the page size, if there is one. */
async function sizeOf(
  { client, path, query, resource, shape }: FirstPage,
  envelope: ReadonlyMap<string, unknown>,
): Promise<Pick<ListSource, 'size'>> {
  if (shape.records.length < 2) return {}
  const hinted = [...envelope.keys()]
    .map((key) => key.split('\n').at(-1) ?? '')
    .filter((name) => sizeNames.test(name))
  for (const parameter of new Set([...hinted, 'limit', 'per_page', 'page_size'])) {
    const one = await client.get(path, { ...query, [parameter]: 1 })
    if (one?.status !== 200 || findList(one.body, resource)?.records.length !== 1) continue
    const many = await client.get(path, { ...query, [parameter]: 100 })
    if (many?.status === 200) return { size: { parameter, value: 100 } }
  }
  return {}
}

const totalNames = /^(?:total|total_?(?:count|items|results|records|elements)|count)$/i

/** A `count` that equals the number of records on this page may refer to the page. */
function totalIn(
  envelope: ReadonlyMap<string, unknown>,
  onPage: number,
): { readonly place: Place; readonly value: number } | undefined {
  for (const [key, value] of envelope) {
    const place = key.split('\n')
    const number = Number(String(value))
    if (/^count$/i.test(place.at(-1) ?? '') && number <= onPage) continue
    if (totalNames.test(place.at(-1) ?? '') && value !== null && Number.isSafeInteger(number))
      return { place, value: number }
  }
  return undefined
}

function totalHeader({ headers }: SampleResponse): Pick<ListSource, 'total'> {
  const header = ['x-total-count', 'x-total'].find((name) => headers[name] !== undefined)
  return header === undefined ? {} : { total: { header } }
}

/** Formats a path for a manifest. */
export function dotted(place: Place): string {
  return place.reduce(
    (text, step) => (/[.[\]"→]/.test(step) ? `${text}["${step}"]` : text === '' ? step : `${text}.${step}`),
    '',
  )
}
