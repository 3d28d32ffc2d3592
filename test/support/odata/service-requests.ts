/** One request to a fake service: reads with their query options, writes with their preconditions. */
import { canonicalPath, entityJson, etagOf, readBody, type Spelling } from './entity-json.ts'
import { parseFilter } from './filter.ts'
import { type FakeNavigation, type FakeService, type FakeSet, Refusal, type StoredRecord } from './model.ts'
import type { PartRequest, PartResponse } from './multipart.ts'
import { type FakeStore, notFound } from './store.ts'

export interface ServiceEnvironment {
  readonly service: FakeService
  readonly store: FakeStore
  /** Records per page without a request by the client. */
  readonly pageSizeMax: number
  /** `http://127.0.0.1:1234`. */
  readonly origin: string
}

/** The target of an address. */
interface Place {
  readonly set: FakeSet
  readonly key: StoredRecord | undefined
  readonly navigation: FakeNavigation | undefined
  readonly counts: boolean
}

export function handleRequest(environment: ServiceEnvironment, request: PartRequest): PartResponse {
  try {
    const url = new URL(request.url, `http://host${environment.service.path}/`)
    const path = url.pathname.startsWith(environment.service.path)
      ? url.pathname.slice(environment.service.path.length)
      : url.pathname
    const place = placeOf(environment.service, path)
    const verb = (request.headers['x-http-method'] ?? request.method).toUpperCase()
    return new RequestResponse(environment, request, place, url.searchParams).response(verb)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return refusalResponse(environment.service, error)
  }
}

function placeOf(service: FakeService, path: string): Place {
  const segments = path.split('/').filter((segment) => segment !== '')
  const match = /^(\w+)(?:\((.*)\))?$/.exec(decodeURIComponent(segments[0] ?? ''))
  const set = service.sets.find(({ name }) => name === match?.[1])
  if (set === undefined) {
    throw new Refusal(404, '/IWFND/CM_BEC/026', `Resource not found for the segment '${match?.[1] ?? ''}'`)
  }
  const second = segments[1]
  const navigation = set.navigations?.find(({ name }) => name === second)
  if (second !== undefined && second !== '$count' && navigation === undefined) throw notFound(set)
  const key = match?.[2] === undefined ? undefined : keyIn(set, match[2])
  return { set, key, navigation, counts: segments.at(-1) === '$count' }
}

function keyIn(set: FakeSet, text: string): StoredRecord {
  const named = [...text.matchAll(/(\w+)=(?:guid)?'((?:[^']|'')*)'/g)].map(
    ([, name = '', value = '']) => [name, value.replaceAll("''", "'")] as const,
  )
  if (named.length > 0) return Object.fromEntries(named)
  const [, quoted] = /^(?:guid)?'((?:[^']|'')*)'$/.exec(text) ?? []
  const value = quoted?.replaceAll("''", "'") ?? text
  return { [set.key[0] ?? '']: padded(set, value) }
}

/** SAP accepts a number with or without leading zeros; it is stored and shown without. */
function padded(_set: FakeSet, value: string): string {
  return /^0+\d+$/.test(value) ? value.replace(/^0+/, '') : value
}

class RequestResponse {
  readonly #environment: ServiceEnvironment
  readonly #request: PartRequest
  readonly #place: Place
  readonly #query: URLSearchParams
  readonly #spelling: Spelling

  constructor(environment: ServiceEnvironment, request: PartRequest, place: Place, query: URLSearchParams) {
    this.#environment = environment
    this.#request = request
    this.#place = place
    this.#query = query
    const { service, origin } = environment
    const ieee754 = /IEEE754Compatible=true/i.test(request.headers.accept ?? '')
    this.#spelling = { service, root: origin + service.path, ieee754 }
  }

  response(verb: string): PartResponse {
    const { key, navigation } = this.#place
    switch (verb) {
      case 'GET':
      case 'HEAD':
        if (navigation !== undefined) return this.#related(navigation)
        return key === undefined ? this.#list(this.#records()) : this.#one()
      case 'POST':
        return this.#create()
      case 'PATCH':
      case 'MERGE':
      case 'PUT':
        return this.#update(verb)
      case 'DELETE':
        return this.#delete()
      default:
        throw new Refusal(405, '/IWFND/CM_CONSUMER/101', 'Method not allowed')
    }
  }

  #records(): readonly StoredRecord[] {
    const { service, store } = this.#environment
    return store.all(service, this.#place.set)
  }

  #existing(): StoredRecord {
    const { set, key } = this.#place
    const { service, store } = this.#environment
    const record = key === undefined ? undefined : store.get(service, set, key)
    if (record === undefined) throw notFound(set)
    return record
  }

  #one(): PartResponse {
    const record = this.#existing()
    const etag = etagOf(this.#place.set, record)
    const body = this.#expanded(
      this.#place.set,
      record,
      expandsOf(this.#query.get('$expand')),
      this.#select(),
    )
    return this.#json(200, this.#wrapped(body), etag === undefined ? {} : { etag })
  }

  #related(navigation: FakeNavigation): PartResponse {
    const target = this.#target(navigation)
    const found = this.#far(navigation, this.#existing(), target)
    if (navigation.many) return this.#list(found, target)
    const [one] = found
    if (one === undefined) throw notFound(target)
    return this.#json(200, this.#wrapped(this.#expanded(target, one, [], this.#select())), {})
  }

  #list(all: readonly StoredRecord[], set: FakeSet = this.#place.set): PartResponse {
    const { service, pageSizeMax, origin } = this.#environment
    const filter = this.#query.get('$filter')
    const matching = filter === null ? all : filtered(all, parseFilter(filter, set), this.#limitOfScan(set))
    if (this.#place.counts)
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: String(matching.length) }
    const ordered = sorted(matching, this.#query.get('$orderby'), set)
    const start = Number(this.#query.get('$skip') ?? 0) + Number(this.#query.get('$skiptoken') ?? 0)
    const wanted = Number(this.#query.get('$top') ?? Number.POSITIVE_INFINITY)
    const preferred = Number(/maxpagesize=(\d+)/.exec(this.#request.headers.prefer ?? '')?.[1] ?? pageSizeMax)
    const size = Math.min(wanted, preferred, pageSizeMax)
    const page = ordered.slice(start, start + size)
    const expands = expandsOf(this.#query.get('$expand'))
    const items = page.map((one) => this.#expanded(set, one, expands, this.#select()))
    const isCut = size < wanted && start + size < ordered.length
    const next = isCut ? `${origin}${service.path}/${set.name}?${this.#nextQuery(start + size)}` : undefined
    const counts = this.#query.get('$inlinecount') === 'allpages' || this.#query.get('$count') === 'true'
    return this.#json(200, this.#page(items, counts ? matching.length : undefined, next), {})
  }

  /** Without a count and another order, records beyond the page need not be evaluated. */
  #limitOfScan(set: FakeSet): number {
    const counts = this.#query.has('$inlinecount') || this.#query.has('$count') || this.#place.counts
    const byKey = (this.#query.get('$orderby') ?? set.key.join(',')) === set.key.join(',')
    const top = Number(this.#query.get('$top') ?? Number.POSITIVE_INFINITY)
    return counts || !byKey ? Number.POSITIVE_INFINITY : top + Number(this.#query.get('$skip') ?? 0) + 1
  }

  #nextQuery(skiptoken: number): string {
    const query = new URLSearchParams(this.#query)
    query.delete('$skip')
    query.set('$skiptoken', String(skiptoken))
    return query.toString()
  }

  #page(items: readonly unknown[], count: number | undefined, next: string | undefined): unknown {
    if (this.#environment.service.version === 2) {
      const counted = count === undefined ? {} : { __count: String(count) }
      return { d: { ...counted, results: items, ...(next === undefined ? {} : { __next: next }) } }
    }
    return {
      '@odata.context': '$metadata#x',
      ...(count === undefined ? {} : { '@odata.count': this.#spelling.ieee754 ? String(count) : count }),
      value: items,
      ...(next === undefined ? {} : { '@odata.nextLink': next }),
    }
  }

  #create(): PartResponse {
    const { service, store } = this.#environment
    const { set, navigation } = this.#place
    const target = navigation === undefined ? set : this.#target(navigation)
    if (target.creatable === false)
      throw new Refusal(405, '/IWBEP/CM_MGW_RT/CREATE', 'Create is not supported')
    const above = navigation === undefined ? {} : linked(navigation, this.#existing())
    const body: unknown = JSON.parse(this.#request.body)
    const { record, made } = store.allOrNothing(() => this.#make(target, body, above))
    const json = this.#expanded(target, record, made, undefined)
    const etag = etagOf(target, record)
    const location = `${this.#spelling.root}/${canonicalPath(target, record)}`
    // The header of the new record may have been completed by its parts.
    const now = store.get(service, target, record) ?? record
    return this.#json(201, this.#wrapped({ ...json, ...this.#expanded(target, now, made, undefined) }), {
      location,
      ...(etag === undefined ? {} : { etag: etagOf(target, now) ?? etag }),
    })
  }

  /** A record with its parts, each of them handled in the same way. */
  #make(
    set: FakeSet,
    body: unknown,
    above: StoredRecord,
  ): { readonly record: StoredRecord; readonly made: readonly string[] } {
    const { service, store } = this.#environment
    const { values, parts } = readBody(service, set, body)
    assertGiven(set, values, 'creatable')
    const record = store.create(service, set, { ...values, ...above })
    for (const [name, items] of Object.entries(parts)) {
      const navigation = set.navigations?.find((one) => one.name === name)
      if (navigation === undefined) continue
      for (const item of items) this.#make(this.#target(navigation), item, linked(navigation, record))
    }
    return { record, made: Object.keys(parts) }
  }

  #update(verb: string): PartResponse {
    const { service, store } = this.#environment
    const { set, key } = this.#place
    if (set.updatable === false) throw new Refusal(405, '/IWBEP/CM_MGW_RT/UPDATE', 'Update is not supported')
    const record = this.#existing()
    this.#assertVersion(record)
    const { values, parts } = readBody(service, set, JSON.parse(this.#request.body))
    if (Object.keys(parts).length > 0) {
      throw new Refusal(400, '/IWBEP/CM_MGW_RT/176', 'Deep update is not supported')
    }
    for (const name of set.key) if (values[name] === record[name]) delete values[name]
    assertGiven(set, values, 'updatable')
    const patch = verb === 'PUT' ? { ...cleared(set), ...values } : values
    const changed = store.allOrNothing(() => store.update(service, set, key ?? {}, patch))
    const etag = etagOf(set, changed)
    const headers = etag === undefined ? {} : { etag }
    // V2 returns nothing after a change; V4 does unless requested otherwise.
    const isMinimal = service.version === 2 || /return=minimal/.test(this.#request.headers.prefer ?? '')
    if (isMinimal) return { status: 204, headers: service.version === 2 ? {} : headers, body: '' }
    return this.#json(200, this.#expanded(set, changed, [], undefined), headers)
  }

  #delete(): PartResponse {
    const { service, store } = this.#environment
    const { set, key } = this.#place
    if (set.deletable === false) throw new Refusal(405, '/IWBEP/CM_MGW_RT/DELETE', 'Delete is not supported')
    this.#assertVersion(this.#existing())
    store.allOrNothing(() => store.delete(service, set, key ?? {}))
    return { status: 204, headers: {}, body: '' }
  }

  #assertVersion(record: StoredRecord): void {
    const { set } = this.#place
    const etag = etagOf(set, record)
    const given = this.#request.headers['if-match']
    if (etag === undefined) return
    if (given === undefined) {
      throw new Refusal(
        428,
        'SADL_ENTITY_RUNTIME/006',
        `Precondition required for entity ${set.name} (If-Match missing)`,
      )
    }
    if (given !== '*' && given !== etag) {
      throw new Refusal(412, '/IWBEP/CM_MGW_RT/021', 'Precondition failed')
    }
  }

  #expanded(
    set: FakeSet,
    record: StoredRecord,
    expands: readonly string[],
    select: readonly string[] | undefined,
  ): Record<string, unknown> {
    const json = entityJson(this.#spelling, set, record, select)
    for (const path of expands) {
      const [name = '', ...rest] = path.split('/')
      const navigation = set.navigations?.find((one) => one.name === name)
      if (navigation === undefined) throw new Refusal(400, '/IWBEP/CM_MGW_RT/165', `Invalid expand '${name}'`)
      const target = this.#target(navigation)
      const inner = rest.length === 0 ? [] : [rest.join('/')]
      const items = this.#far(navigation, record, target).map((one) =>
        this.#expanded(target, one, inner, undefined),
      )
      const isV2 = this.#environment.service.version === 2
      json[name] = navigation.many ? (isV2 ? { results: items } : items) : (items[0] ?? null)
    }
    return json
  }

  #target({ target }: FakeNavigation): FakeSet {
    const found = this.#environment.service.sets.find(({ name }) => name === target)
    if (found === undefined) throw new Refusal(500, 'ABAP/000', `no set ${target}`)
    return found
  }

  #far({ on }: FakeNavigation, record: StoredRecord, target: FakeSet): readonly StoredRecord[] {
    const { service, store } = this.#environment
    return store.where(
      service,
      target,
      on.map(([here, there]) => [there, record[here] ?? null]),
    )
  }

  #select(): readonly string[] | undefined {
    const text = this.#query.get('$select')
    return text === null || text === '*' ? undefined : text.split(',').map((name) => name.trim())
  }

  #wrapped(body: Record<string, unknown>): unknown {
    return this.#environment.service.version === 2
      ? { d: body }
      : { '@odata.context': '$metadata#x', ...body }
  }

  #json(status: number, body: unknown, headers: Readonly<Record<string, string>>): PartResponse {
    return {
      status,
      headers: { ...jsonHeaders(this.#environment.service), ...headers },
      body: JSON.stringify(body),
    }
  }
}

/** Names of `$expand`, ignoring options in brackets. */
function expandsOf(text: string | null): readonly string[] {
  return text === null
    ? []
    : text
        .replaceAll(/\([^)]*\)/g, '')
        .split(',')
        .map((name) => name.trim())
}

function linked({ on }: FakeNavigation, record: StoredRecord): StoredRecord {
  return Object.fromEntries(on.map(([here, there]) => [there, record[here] ?? null]))
}

function assertGiven(set: FakeSet, values: StoredRecord, may: 'creatable' | 'updatable'): void {
  for (const name of Object.keys(values)) {
    const property = set.properties.find((one) => one.name === name)
    if (property?.[may] !== false && (may === 'creatable' || !set.key.includes(name))) continue
    throw new Refusal(400, '/IWBEP/CM_MGW_RT/READONLY', `Property ${name} can not be set`, name)
  }
}

/** Properties that a PUT does not name are reset. */
function cleared(set: FakeSet): StoredRecord {
  const own = set.properties.filter(({ name, updatable }) => updatable !== false && !set.key.includes(name))
  return Object.fromEntries(
    own.map(({ name, type }) => [name, type === 'Edm.String' ? '' : type === 'Edm.Boolean' ? false : null]),
  )
}

function filtered(
  all: readonly StoredRecord[],
  predicate: (record: StoredRecord) => boolean,
  limit: number,
): readonly StoredRecord[] {
  const found: StoredRecord[] = []
  for (const record of all) {
    if (!predicate(record)) continue
    found.push(record)
    if (found.length >= limit) break
  }
  return found
}

function sorted(
  records: readonly StoredRecord[],
  orderby: string | null,
  set: FakeSet,
): readonly StoredRecord[] {
  if (orderby === null || orderby === set.key.join(',')) return records
  const terms = orderby.split(',').map((term) => term.trim().split(/\s+/))
  return [...records].sort((a, b) => {
    for (const [name = '', direction] of terms) {
      const order = compared(a[name] ?? '', b[name] ?? '')
      if (order !== 0) return direction === 'desc' ? -order : order
    }
    return 0
  })
}

function compared(a: string | number | boolean, b: string | number | boolean): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function jsonHeaders({ version }: FakeService): Readonly<Record<string, string>> {
  return version === 2
    ? { 'content-type': 'application/json;charset=utf-8', dataserviceversion: '2.0' }
    : {
        'content-type': 'application/json;odata.metadata=minimal;IEEE754Compatible=true;charset=utf-8',
        'odata-version': '4.0',
      }
}

/** An error in the format of SAP Gateway, for either version. */
export function refusalResponse(
  service: FakeService,
  { status, code, message, field }: Refusal,
): PartResponse {
  const detail = { code, message, severity: 'error' }
  const body =
    service.version === 2
      ? {
          error: {
            code,
            message: { lang: 'en', value: message },
            innererror: {
              application: {
                component_id: '',
                service_namespace: '/SAP/',
                service_id: service.namespace,
                service_version: '0001',
              },
              transactionid: '0050C0FFEE',
              timestamp: '',
              errordetails: [
                { ...detail, propertyref: field === undefined ? '' : `/#TRANSIENT#/${field}`, target: '' },
              ],
            },
          },
        }
      : {
          error: {
            code,
            message,
            ...(field === undefined ? {} : { target: field }),
            details: [{ code, message, ...(field === undefined ? {} : { target: field }) }],
          },
        }
  return { status, headers: jsonHeaders(service), body: JSON.stringify(body) }
}
