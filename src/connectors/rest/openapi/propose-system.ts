/**
 * From an OpenAPI document to a first system: its address, its authentication, a manifest for each
 * collection, and its fields. A document describes what can be called, seldom what is guaranteed, so anything
 * unstated keeps the safe default, and notes list what to check.
 */
import type { ResourceDescription } from '../../kit/description.ts'
import type { ManifestSource } from '../manifests/manifest.ts'
import { member, type OpenApiDocument, resolvedList, textOf, unusable } from './document.ts'
import { type Collection, findCollections, type Parameter } from './find-collections.ts'
import { type ProposedAuth, proposeAuth } from './propose-auth.ts'
import { proposeList } from './propose-list.ts'
import { plainSchema, schemaFields } from './schema-fields.ts'

/** One collection as a resource of a manifest. */
export interface ProposedResource {
  readonly name: string
  readonly manifest: ManifestSource['resources'][string]
  readonly description: ResourceDescription
  /** Facts that the document does not state and that need to be looked up. */
  readonly notes: readonly string[]
}

/** The result of reading an OpenAPI document. */
export interface ProposedSystem {
  readonly title: string | undefined
  /** Base URL; undefined when the document names none. */
  readonly url: string | undefined
  readonly auth: ProposedAuth
  readonly resources: readonly ProposedResource[]
}

/**
 * Reads what can be determined.
 *
 * @param place origin of the document; an address there completes a relative server
 * @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE when it describes no collection
 */
export function proposeSystem(document: OpenApiDocument, place: string): ProposedSystem {
  const resources = withNames(findCollections(document)).map(([name, collection]) =>
    proposeResource(document, name, collection),
  )
  if (resources.length === 0) {
    const what =
      'it describes no collection: a path that answers a list of objects, with a path below it for one of them'
    throw unusable(place, what)
  }
  return { title: document.title, url: serverOf(document, place), auth: proposeAuth(document), resources }
}

/** Two collections may have the same last segment: `/crm/users` and `/admin/users`. */
function withNames(collections: readonly Collection[]): readonly (readonly [string, Collection])[] {
  const names = new Map<string, number>()
  for (const { name } of collections) names.set(name, (names.get(name) ?? 0) + 1)
  return collections.map((one) => {
    const name = (names.get(one.name) ?? 0) > 1 ? one.path.slice(1).replaceAll('/', '-') : one.name
    return [name, one]
  })
}

function serverOf(document: OpenApiDocument, place: string): string | undefined {
  const [server] = resolvedList(document, document.root.servers)
  const variables = member(document, server, 'variables')
  const url = textOf(server, 'url')?.replaceAll(
    /\{([^{}]+)\}/g,
    (whole, name: string) => textOf(member(document, variables, name), 'default') ?? whole,
  )
  if (url === undefined || url === '/') return URL.canParse(place) ? new URL(place).origin : undefined
  const complete = URL.canParse(url) ? url : URL.canParse(url, place) ? new URL(url, place).href : undefined
  return complete?.replace(/\/+$/, '')
}

function proposeResource(document: OpenApiDocument, name: string, collection: Collection): ProposedResource {
  const { record, create, patch, put } = collection
  const id = idOf(collection)
  const update = patch ?? put
  const fields = schemaFields(document, record, { create: create?.body, update: update?.body })
  const notes: string[] = []
  if (id.isGuessed) notes.push(`the id is taken to be "${id.path}": check it`)
  if (update === undefined)
    notes.push('the document has no PATCH or PUT for a record: nothing can be changed there')
  const manifest: ProposedResource['manifest'] = {
    path: collection.path,
    ...(collection.item === `${collection.path}/{id}` ? {} : { item: collection.item }),
    ...(id.path === 'id' ? {} : { id: id.path }),
    ...envelopeOf(document, collection),
    ...changedAtOf(document, collection),
    ...versionOf(document, collection, notes),
    list: proposeList(document, collection, notes),
    ...searchOf(collection),
    create: createOf(document, collection, notes),
    ...writeOf(collection, fields),
    remove: { delete: collection.hasDelete },
  }
  printChanges(collection, notes)
  const key = [id.path.split('.')]
  return { name, manifest, description: { name, fields, key, ...labelOf(collection) }, notes }
}

/** The envelope of the records; for JSON:API, with the other members of its bodies next to the attributes. */
function envelopeOf(
  document: OpenApiDocument,
  { envelope, record, read, name }: Collection,
): Partial<ProposedResource['manifest']> {
  const isJsonApi = record.properties.has('attributes') && record.properties.has('type')
  const { response, body, element } = envelope
  const mediaType =
    read.responseType !== undefined && /\+json$/i.test(read.responseType)
      ? { mediaType: read.responseType.toLowerCase() }
      : {}
  if (isJsonApi) {
    const type = plainSchema(document, record.properties.get('type'))?.node
    const only: unknown = type?.const ?? (Array.isArray(type?.enum) ? type.enum[0] : undefined)
    const constants = { type: typeof only === 'string' ? only : name, id: '{id}' }
    return { envelope: { ...envelope, with: constants }, ...mediaType }
  }
  if (element === undefined && response !== undefined && response === body)
    return { envelope: response, ...mediaType }
  return Object.keys(envelope).length === 0 ? mediaType : { envelope, ...mediaType }
}

function labelOf({ record }: Collection): { readonly label?: string } {
  const label = textOf(record.node, 'title')
  return label === undefined ? {} : { label }
}

/** The property named like the parameter of the path, or `id`. */
function idOf({ idParameter, record, name }: Collection): {
  readonly path: string
  readonly isGuessed: boolean
} {
  const properties = [...record.properties.keys()]
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const singular = plain(name).replace(/ies$/, 'y').replace(/s$/, '')
  const same = properties.find((one) => plain(one) === plain(idParameter))
  if (same !== undefined) return { path: same, isGuessed: false }
  const usual = properties.find((one) => ['id', `${singular}id`, 'uuid', 'key'].includes(plain(one)))
  return { path: usual ?? 'id', isGuessed: usual !== 'id' }
}

function changedAtOf(
  document: OpenApiDocument,
  { record }: Collection,
): Partial<ProposedResource['manifest']> {
  const found = [...record.properties].find(
    ([name, value]) =>
      /updated|modified|changed/i.test(name) &&
      textOf(plainSchema(document, value)?.node, 'format') === 'date-time',
  )
  return found === undefined ? {} : { changedAt: { path: found[0] } }
}

function versionOf(
  document: OpenApiDocument,
  { read, patch, put, record }: Collection,
  notes: string[],
): Partial<ProposedResource['manifest']> {
  const takesIfMatch = [patch, put].some((one) => one !== undefined && hasHeader(one.parameters, 'if-match'))
  const ifMatch = takesIfMatch ? { ifMatch: '{version}' } : {}
  if (read.responseHeaders.includes('etag')) return { version: { header: 'etag', ...ifMatch } }
  const found = [...record.properties].find(
    ([name, value]) =>
      /^(?:version|revision|etag|row_?version|lock_?version)$/i.test(name) &&
      plainSchema(document, value) !== undefined,
  )
  if (found === undefined) {
    if (takesIfMatch)
      notes.push('If-Match is accepted, but the document names neither an ETag header nor a version property')
    return {}
  }
  const isNumber = plainSchema(document, found[1])?.types.includes('integer') === true
  return { version: { path: found[0], ordered: isNumber, ...ifMatch } }
}

function hasHeader(parameters: readonly Parameter[], name: string): boolean {
  return parameters.some((one) => one.in === 'header' && one.name.toLowerCase() === name)
}

/** Filters by a property are parameters of the same name. */
function searchOf({ list, record, items }: Collection): Partial<ProposedResource['manifest']> {
  const filters = list.parameters.filter((one) => one.in === 'query' && record.properties.has(one.name))
  return filters.length === 0 ? {} : { search: items === undefined ? {} : { items: items.join('.') } }
}

const markerNames = /^(?:external_?(?:id|ref|reference|key)|client_?reference(?:_?id)?|foreign_?id)$/i

function createOf(
  document: OpenApiDocument,
  { create, list }: Collection,
  notes: string[],
): NonNullable<ProposedResource['manifest']['create']> {
  if (create === undefined) return { as: 'unsupported' }
  const keyHeader = create.parameters.find(
    (one) => one.in === 'header' && /^(?:x-)?idempotency-key$/i.test(one.name),
  )
  if (keyHeader !== undefined) {
    notes.push(
      'how long an idempotency key is remembered is not in the document: create.ttl is a guess of 24h',
    )
    return { as: 'idempotencyKey', header: keyHeader.name.toLowerCase(), ttl: '24h' }
  }
  const filters = new Set(list.parameters.filter((one) => one.in === 'query').map((one) => one.name))
  const marker = [...(create.body?.properties ?? [])].find(
    ([name, value]) =>
      markerNames.test(name) &&
      filters.has(name) &&
      plainSchema(document, value)?.types.includes('string') === true,
  )
  if (marker !== undefined) return { as: 'marker', field: marker[0] }
  notes.push(
    'nothing in the document keeps a create from happening twice: after a lost response a person decides (create)',
  )
  return { as: 'none' }
}

function writeOf(
  { patch, put }: Collection,
  fields: ResourceDescription['fields'],
): Partial<ProposedResource['manifest']> {
  if (patch !== undefined) {
    const isMerged = /^application\/(?:merge-patch|vnd\.api)\+json\b/i.test(patch.bodyType ?? '')
    const nested = isMerged ? 'merge' : 'replace'
    return { write: { with: 'patch', nested, returns: patch.response === undefined ? 'nothing' : 'body' } }
  }
  if (put === undefined) return {}
  const omit = fields.filter((field) => !field.updatable).map((field) => field.path.join('.'))
  return { write: { with: 'put', returns: put.response === undefined ? 'nothing' : 'body', omit } }
}

function printChanges({ list }: Collection, notes: string[]): void {
  const since = list.parameters.find(
    (one) =>
      one.in === 'query' &&
      /(?:updated|modified|changed).*(?:since|after|from|gte?|min)|^since$/i.test(one.name),
  )
  if (since === undefined) return
  notes.push(
    `the parameter ${since.name} looks like a feed of changes; if it sorts oldest first, add changes: { by: timestamp, since: ${since.name}, position: … }`,
  )
}
