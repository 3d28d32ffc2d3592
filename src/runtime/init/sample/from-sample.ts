/**
 * Describes a system from records of its API: properties are detected by reading, and reported with a
 * confidence.
 */
import { textAt } from '../../../connectors/kit/native.ts'
import type { ManifestSource } from '../../../connectors/rest/manifests/manifest.ts'
import { UsageError } from '../../../model/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { DescribedResource, DescribedSystem } from '../described-system.ts'
import { isLoopbackAddress } from '../fetch-description.ts'
import { findPaging } from './find-paging.ts'
import { type FoundRecord, findRecordFacts } from './find-record.ts'
import { findList, findRecord, type ListShape } from './list-shape.ts'
import type { Login } from './login.ts'
import { createSampleClient, type Query, type SampleClient, type SampleResponse } from './sample-client.ts'
import { fieldsOf } from './sample-fields.ts'

/** A collection as named by the user, and its authentication. */
export interface SampleSource {
  readonly name: string
  /** URL of the API, without the collection. */
  readonly url: string
  /** Path of the collection, with a leading slash. */
  readonly path: string
  readonly query: Query
  readonly login: Login | undefined
  /** A built-in manifest that describes the system. */
  readonly manifest: string | undefined
  /** Property that identifies a record. */
  readonly id: string | undefined
  readonly offline: boolean
  readonly signal: AbortSignal
}

type ResourceSource = ManifestSource['resources'][string]

/** Findings about one collection. */
interface Sample {
  readonly path: string
  readonly records: readonly NativeRecord[]
  readonly settings: ResourceSource
  readonly facts: FoundRecord
  readonly isPublic: boolean
  readonly notes: readonly string[]
}

/**
 * Samples the API. An API that does not respond results in a system without fields, and a note with the
 * reason.
 */
export async function fromSample(source: SampleSource): Promise<DescribedSystem> {
  const { name, url, login, manifest } = source
  const sample = source.offline ? unseen(source, []) : await fetchSample(source)
  const auth = login?.section ?? (sample.isPublic || manifest !== undefined ? undefined : guessedLogin)
  const resource = resourceOf(source, sample)
  return {
    name,
    connector: 'rest',
    section: {
      url: '{env:URL}',
      ...(isLoopbackAddress(url) ? { allowHttp: true } : {}),
      ...(auth === undefined ? {} : { auth }),
      ...(manifest === undefined ? {} : { manifest }),
    },
    resourcesIn: manifest === undefined ? 'inline' : 'built-in',
    variables: [
      { name: 'URL', value: url },
      ...(login?.variables ?? (auth === undefined ? [] : [{ name: 'TOKEN' }])),
    ],
    resources: [resource],
    notes:
      login === undefined && auth !== undefined
        ? [
            'auth is a guess: bearer, basic, api-key or oauth2-client-credentials; remove it if the API requires none',
          ]
        : [],
  }
}

const guessedLogin = { type: 'bearer', token: '{env:TOKEN}' } as const

function resourceOf(source: SampleSource, sample: Sample): DescribedResource {
  const { facts, settings, records, notes } = sample
  const { methods, collectionMethods } = facts
  const canCreate = collectionMethods?.has('POST') ?? true
  const canUpdate = methods === undefined || methods.has('PATCH') || methods.has('PUT')
  const name = sample.path.split('/').at(-1) ?? sample.path
  return {
    name,
    description: { name, fields: fieldsOf(records, facts.id), key: [facts.id.split('.')] },
    settings: source.manifest === undefined ? settings : {},
    canCreate,
    canUpdate,
    conditional: false,
    notes: source.manifest === undefined ? notes : [],
    sampled: records.length,
  }
}

async function fetchSample(source: SampleSource): Promise<Sample> {
  const client = createSampleClient(source.url, { auth: source.login?.auth, signal: source.signal })
  try {
    const response = await client.get(source.path, source.query)
    if (response === undefined)
      return unseen(source, [`${addressOf(source)} can't be read (${client.problem ?? 'no response'})`])
    if (response.status !== 200) return unseen(source, [refusal(source, response.status)])
    return (await oneRecord(source, client, response)) ?? (await collection(source, client, response))
  } finally {
    await client.close()
  }
}

const addressOf = ({ url, path }: SampleSource): string => `${url}${path}`

function refusal(source: SampleSource, status: number): string {
  const hint = ![401, 403].includes(status)
    ? ''
    : source.login === undefined
      ? `: specify the authentication with --token ${source.name}=VARIABLE, --api-key ${source.name}=HEADER:VARIABLE or --basic ${source.name}=USER:PASSWORD`
      : ': the credential was refused'
  return `${addressOf(source)} responded with ${status}${hint}`
}

/** Handles the URL of one record, `/users/7`: its collection is the parent path. */
async function oneRecord(
  source: SampleSource,
  client: SampleClient,
  response: SampleResponse,
): Promise<Sample | undefined> {
  const [, above, last] = /^(\/.+)\/([^/]+)$/.exec(source.path) ?? []
  const ids = source.id === undefined ? ['id', 'uuid', 'key', 'number', 'code'] : [source.id]
  const id = ids.find(
    (one) => last !== undefined && findRecord(response.body, one.split('.'), last) !== undefined,
  )
  if (above === undefined || last === undefined || id === undefined) return undefined
  const list = await client.get(above)
  if (list?.status === 200 && findList(list.body, nameOf(above)) !== undefined)
    return collection({ ...source, path: above, query: {}, id }, client, list)
  const envelope = findRecord(response.body, id.split('.'), last) ?? []
  const record = envelope.reduce<unknown>((value, key) => Reflect.get(Object(value), key), response.body)
  const facts = await findRecordFacts(client, {
    path: above,
    records: [record as NativeRecord],
    resource: nameOf(above),
    given: id,
  })
  const notes = [
    `${above} did not return a list: declare how records are listed (list), or name a feed (changes)`,
  ]
  const settings = settingsOf({ ...source, path: above }, facts, undefined, undefined, notes)
  return { path: above, records: [record as NativeRecord], settings, facts, isPublic: true, notes }
}

const nameOf = (path: string): string => path.split('/').at(-1) ?? path

async function collection(
  source: SampleSource,
  client: SampleClient,
  response: SampleResponse,
): Promise<Sample> {
  const { path, query, id: given } = source
  const resource = nameOf(path)
  const shape = findList(response.body, resource)
  if (shape === undefined)
    return unseen(source, [
      `${addressOf(source)} returned neither a list of records nor a record with that id`,
    ])
  const facts = await findRecordFacts(client, { path, records: shape.records, resource, given })
  const { list, sure, why } = await findPaging({
    client,
    path,
    resource,
    query,
    response,
    shape,
    id: facts.id,
  })
  const notes = [...facts.notes, `list: ${sure} confidence: ${why}`]
  if (shape.records.length === 0)
    notes.push('the list is empty, so the properties of its records are unknown')
  const settings = settingsOf(source, facts, shape, list, notes)
  const search = await searchOf(client, { path, query, shape, facts, resource })
  if (search !== undefined) notes.push(`search: high confidence: ${search} filters the list`)
  return {
    path,
    records: shape.records,
    settings: search === undefined ? settings : { ...settings, search: {} },
    facts,
    isPublic: source.login === undefined,
    notes,
  }
}

/** Finds a query parameter with the name of a key that filters the list to its record. */
async function searchOf(
  client: SampleClient,
  {
    path,
    query,
    shape,
    facts,
    resource,
  }: {
    readonly path: string
    readonly query: Query
    readonly shape: ListShape
    readonly facts: FoundRecord
    readonly resource: string
  },
): Promise<string | undefined> {
  const [first, second] = shape.records
  if (first === undefined || second === undefined) return undefined
  const keys = fieldsOf(shape.records, facts.id).filter(
    (field) => field.unique === true && field.path.length === 1,
  )
  for (const { path: at } of keys.slice(0, 3)) {
    const [name] = at
    const value = textAt(second, at)
    if (typeof name !== 'string' || value === undefined) continue
    const response = await client.get(path, { ...query, [name]: value })
    const found = response?.status === 200 ? findList(response.body, resource)?.records : undefined
    if (found?.length === 1 && found.every((record) => textAt(record, at) === value)) return name
  }
  return undefined
}

function settingsOf(
  { path }: SampleSource,
  facts: FoundRecord,
  shape: ListShape | undefined,
  list: ResourceSource['list'],
  notes: string[],
): ResourceSource {
  const { id, envelope = [], etag, methods, mergesPatches } = facts
  const [first] = shape?.records ?? []
  const isJsonApi = first !== undefined && 'attributes' in first && typeof first.type === 'string'
  const usesPut = methods?.has('PUT') === true && !methods.has('PATCH')
  notes.push(writeNote(methods))
  if (envelope.length > 0 && !isJsonApi)
    notes.push(
      `envelope: high confidence for reads, which have the record at ${envelope.join('.')}; that request bodies are wrapped in the same way is a guess (otherwise: envelope: { response: ${envelope.join('.')} })`,
    )
  if (etag !== undefined)
    notes.push(
      "version: it sends an ETag; if it honours If-Match, add ifMatch: '{version}' and remove acceptRaceWindow below",
    )
  notes.push(
    'create: as none is the conservative choice: after a lost response a person decides; a marker, an upsert key or an idempotency key is better',
  )
  return {
    path,
    ...(id === 'id' ? {} : { id }),
    ...envelopeSetting(shape, envelope, isJsonApi ? String(first.type) : undefined),
    ...(etag === undefined ? {} : { version: { header: 'etag' } }),
    ...(list === undefined ? {} : { list }),
    create: {
      as: methods !== undefined && facts.collectionMethods?.has('POST') === false ? 'unsupported' : 'none',
    },
    write: {
      with: usesPut ? 'put' : 'patch',
      nested: mergesPatches || isJsonApi ? 'merge' : 'replace',
      returns: 'body',
      ...(usesPut ? { omit: omitted(first) } : {}),
    },
    remove: { delete: methods?.has('DELETE') ?? false },
  }
}

function writeNote(methods: ReadonlySet<string> | undefined): string {
  return methods === undefined
    ? 'write: low confidence: PATCH is assumed; set with: put if the API replaces whole records, and remove.delete if records may be deleted'
    : `write: high confidence: it allows ${[...methods].join(', ')}`
}

/** Links of HAL are returned but not accepted in writes. */
function omitted(first: NativeRecord | undefined): string[] {
  return ['_links', '_embedded'].filter((name) => first !== undefined && name in first)
}

function envelopeSetting(
  shape: ListShape | undefined,
  envelope: readonly string[],
  jsonApiType: string | undefined,
): Partial<ResourceSource> {
  const at = envelope.join('.')
  if (jsonApiType !== undefined)
    return {
      mediaType: 'application/vnd.api+json',
      envelope: {
        ...(at === '' ? {} : { response: at, body: at }),
        with: { type: jsonApiType, id: '{id}' },
      },
    }
  if (shape?.element !== undefined)
    return { envelope: { ...(at === '' ? {} : { response: at, body: at }), element: shape.element } }
  return at === '' ? {} : { envelope: at }
}

function unseen(source: SampleSource, notes: readonly string[]): Sample {
  const facts: FoundRecord = { id: source.id ?? 'id', mergesPatches: false, notes: [] }
  const more = [...notes]
  const settings = settingsOf(source, facts, undefined, { paging: 'single' }, more)
  more.push(
    'list: low confidence: everything in one response is assumed; use keyset, cursor, link, next, page or offset if the API has pages',
  )
  return { path: source.path, records: [], settings, facts, isPublic: false, notes: more }
}

const namePattern = /^[a-z][a-z0-9-]*$/
const secretNames = /key|token|secret|signature|passw|credential/i

/** `crm=https://api.example.com/v1/users` → name, address and collection. @throws CLI_USAGE */
export function parseSystem(text: string): Pick<SampleSource, 'name' | 'url' | 'path' | 'query'> {
  const at = text.indexOf('=')
  const name = text.slice(0, Math.max(at, 0))
  if (!namePattern.test(name))
    throw new UsageError(
      'CLI_USAGE',
      `--system ${at < 0 ? text : name}: write <name>=<url of the collection>, the name in lower case`,
    )
  const address = text.slice(at + 1)
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new UsageError('CLI_USAGE', `--system ${name}: '${address}' is not an http(s) URL`)
  const url = new URL(address)
  const query = Object.fromEntries(url.searchParams)
  if (url.username !== '' || url.password !== '' || Object.keys(query).some((one) => secretNames.test(one)))
    throw new UsageError(
      'CLI_USAGE',
      `--system ${name}: a URL with a credential would be written to files; put the credential into a variable and name it with --basic, or with --api-key ${name}=?PARAMETER:VARIABLE`,
    )
  const segments = url.pathname.split('/').filter((segment) => segment !== '')
  const resource = segments.at(-1)
  if (resource === undefined)
    throw new UsageError(
      'CLI_USAGE',
      `--system ${name}: the URL must end with the collection, as in ${url.origin}/users`,
    )
  // In the URL of a record, the last but one segment is the collection; the path contains both.
  const isRecord = segments.length > 1 && /\d/.test(resource)
  const own = isRecord ? segments.slice(-2) : [resource]
  const base = segments.slice(0, segments.length - own.length).join('/')
  return { name, url: base === '' ? url.origin : `${url.origin}/${base}`, path: `/${own.join('/')}`, query }
}
