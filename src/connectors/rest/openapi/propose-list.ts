/** Determines how a collection is paged, by the parameters and the response in the document. */
import type { ManifestSource } from '../manifests/manifest.ts'
import type { OpenApiDocument } from './document.ts'
import type { Collection, Parameter } from './find-collections.ts'
import { plainSchema } from './schema-fields.ts'

type ListSource = NonNullable<ManifestSource['resources'][string]['list']>

const sizeNames = /^(?:limit|per_?page|page_?size|page\[size\]|size|max_?results|top|count)$/i
const cursorNames = /^(?:cursor|page_?token|next_?token|continuation(?:_?token)?|page\[after\]|after)$/i
const keysetNames = /^(?:starting_after|after_id|since_id)$/i
const offsetNames = /^(?:offset|skip|start|start_?at|start_?index)$/i
const pageNames = /^(?:page|page_?number|page_?no|page\[number\])$/i
const nextNames =
  /^(?:next|next_?cursor|next_?page_?token|next_?token|cursor|continuation(?:_?token)?|end_?cursor|after)$/i
const moreNames = /^(?:has_?more|has_?next(?:_?page)?|more)$/i
const totalNames = /^(?:total|total_?count|total_?items|total_?results|count)$/i

/** Proposes the list; anything undetermined is added to the notes. */
export function proposeList(document: OpenApiDocument, collection: Collection, notes: string[]): ListSource {
  const { list, items } = collection
  const query = list.parameters.filter((one) => one.in === 'query')
  const base = {
    ...(items === undefined ? {} : { items: items.join('.') }),
    ...sizeOf(query),
    ...totalOf(document, collection),
  }
  const named = (pattern: RegExp): string | undefined => query.find((one) => pattern.test(one.name))?.name
  const cursor = named(cursorNames)
  const next = pathIn(document, collection, nextNames, ['string'])
  if (cursor !== undefined && next !== undefined) {
    notes.push(
      'pages go by a cursor; if the API promises that none is skipped while records vanish, set list.stable: true',
    )
    const more = pathIn(document, collection, moreNames, ['boolean'])
    return { paging: 'cursor', after: cursor, next, ...(more === undefined ? {} : { more }), ...base }
  }
  const address = nextAddressIn(document, collection)
  if (address !== undefined) {
    notes.push(`pages are taken to follow the address at ${address}: check it with isthmus check`)
    return { paging: 'next', next: address, ...base }
  }
  const keyset = named(keysetNames)
  if (keyset !== undefined) return { paging: 'keyset', after: keyset, ...base }
  if (list.responseHeaders.includes('link')) return { paging: 'link', ...base }
  const page = named(pageNames)
  if (page !== undefined) return { paging: 'page', parameter: page, ...base }
  const offset = named(offsetNames)
  if (offset !== undefined) return { paging: 'offset', parameter: offset, ...base }
  if (cursor !== undefined)
    notes.push(
      `the parameter ${cursor} pages, but the document does not say where the response has the next one: list reads one page`,
    )
  else if ('size' in base)
    notes.push('the document gives a page size but no way to the next page: the list reads one page')
  return { paging: 'single', ...base }
}

function sizeOf(query: readonly Parameter[]): Pick<ListSource, 'size'> {
  const found = query.find((one) => sizeNames.test(one.name))
  if (found === undefined) return {}
  const maximum = found.schema?.maximum
  const value = typeof maximum === 'number' && Number.isSafeInteger(maximum) ? Math.min(maximum, 100) : 100
  return { size: { parameter: found.name, value: Math.max(1, value) } }
}

function totalOf(document: OpenApiDocument, collection: Collection): Pick<ListSource, 'total'> {
  const header = collection.list.responseHeaders.find((name) => /^x-(?:total(?:-count)?|count)$/.test(name))
  if (header !== undefined) return { total: { header } }
  const path = pathIn(document, collection, totalNames, ['integer', 'number'])
  return path === undefined ? {} : { total: { path } }
}

/**
 * Where HAL (`_links.next.href`), JSON:API (`links.next`) and others (`next`) put the address of the next
 * page.
 */
function nextAddressIn(document: OpenApiDocument, { list }: Collection): string | undefined {
  for (const path of [['_links', 'next', 'href'], ['links', 'next', 'href'], ['links', 'next'], ['next']]) {
    let schema = list.response
    for (const name of path) schema = plainSchema(document, schema?.properties.get(name))
    const isAddress = path.length > 1 || /^uri/.test(String(schema?.node.format ?? ''))
    if (schema?.types.includes('string') === true && isAddress) return path.join('.')
  }
  return undefined
}

/** A property of the envelope, or of an object in it (`meta.next_cursor`, `pagination.total`). */
function pathIn(
  document: OpenApiDocument,
  { list }: Collection,
  pattern: RegExp,
  types: readonly string[],
): string | undefined {
  for (const [name, value] of list.response?.properties ?? []) {
    const schema = plainSchema(document, value)
    if (schema === undefined || schema.types.includes('array')) continue
    if (pattern.test(name) && schema.types.some((type) => types.includes(type))) return name
    const inner = [...schema.properties].find(
      ([below, inside]) =>
        pattern.test(below) &&
        plainSchema(document, inside)?.types.some((type) => types.includes(type)) === true,
    )
    if (inner !== undefined) return `${name}.${inner[0]}`
  }
  return undefined
}
