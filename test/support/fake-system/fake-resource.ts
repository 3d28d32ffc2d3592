/** One resource of a fake system: its behaviour, independent of HTTP. */
import type { FakeResourceOptions } from './options.ts'
import { type Native, RemoteTable, type Version, type Writer } from './remote-table.ts'

export type ApiResponse =
  | { readonly status: 200 | 201; readonly version: Version }
  | { readonly status: 204 }
  | {
      readonly status: 404 | 410 | 409 | 412 | 422 | 428
      readonly code: string
      readonly mergedInto?: string
    }

interface StoredKey {
  readonly at: number
  readonly response: ApiResponse
}

export class FakeResource {
  readonly options: FakeResourceOptions
  readonly table: RemoteTable
  /** The system's own clock, epoch ms; a test may replace it. */
  clock: () => number = () => Date.now()
  /** Positions of the change feed before this one are forgotten. */
  feedBegins = 0
  readonly #keys = new Map<string, StoredKey>()
  readonly #byExternalId = new Map<string, Set<string>>()
  readonly #byUnique = new Map<unknown, string>()
  #rewrites = 0

  constructor(options: FakeResourceOptions) {
    this.options = options
    this.table = new RemoteTable({
      name: options.name,
      now: () => this.clock(),
      stores: (field, value, by) => this.#stored(field, value, by),
      nextNativeId: String,
      ...(options.forgetful && { forgetful: true }),
    })
    this.table.onChange((version) => this.#index(version))
  }

  get name(): string {
    return this.options.name
  }

  /** The representation of a state in the API. */
  show(version: Version): Native {
    if (this.options.versioned === false) return { id: version.nativeId, ...version.body }
    return {
      id: version.nativeId,
      ...version.body,
      version: version.version,
      updatedAt: new Date(version.at).toISOString(),
      ...(this.options.showsWriter === true ? { modifiedBy: version.by } : {}),
    }
  }

  etag(version: Version): string | undefined {
    return this.options.versioned === false ? undefined : `"${version.version}"`
  }

  /** The state that a read by id returns; a lagging system returns an older one. */
  read(nativeId: string, staleness: number): ApiResponse {
    const version =
      staleness > 0 ? this.table.at(nativeId, Date.now() - staleness) : this.table.current(nativeId)
    return version?.body === undefined ? goneResponse(version) : { status: 200, version }
  }

  create(body: Native, idempotencyKey: string | undefined): ApiResponse {
    const { create } = this.options
    if (create !== 'idempotencyKey' || idempotencyKey === undefined) return this.#insert(body)
    const known = this.#keys.get(idempotencyKey)
    if (known !== undefined && Date.now() - known.at < (this.options.idempotencyTtlMs ?? 86_400_000))
      return known.response
    const response = this.#insert(body)
    this.#keys.set(idempotencyKey, { at: Date.now(), response })
    return response
  }

  #insert(input: Native): ApiResponse {
    const { create, unique } = this.options
    const { id, version: _v, updatedAt: _u, ...given } = input
    const body = this.#completed(given)
    const externalId = body.externalId
    if (create === 'clientId' && typeof id === 'string') {
      const there = this.table.current(id)
      if (there?.body !== undefined) return { status: 409, code: 'EXISTS' }
    }
    if (create === 'upsertKey' && typeof externalId === 'string') {
      const [nativeId] = this.findByExternalId(externalId)
      if (nativeId !== undefined) return { status: 200, version: this.table.patch(nativeId, body, 'engine') }
    }
    if (unique !== undefined && this.#taken(body[unique])) return { status: 409, code: 'NOT_UNIQUE' }
    const version = this.table.create(body, 'engine', {
      ...(create === 'clientId' && typeof id === 'string' && { nativeId: id }),
      ...(typeof externalId === 'string' && { recordId: externalId }),
    })
    return { status: 201, version }
  }

  write(nativeId: string, input: Native, how: 'patch' | 'put', ifMatch: string | undefined): ApiResponse {
    const before = this.table.current(nativeId)
    if (before?.body === undefined) return goneResponse(before)
    const refused = this.#precondition(before, ifMatch)
    if (refused !== undefined) return refused
    const { id: _i, version: _v, updatedAt: _u, ...body } = input
    const { unique } = this.options
    if (unique !== undefined && body[unique] !== before.body[unique] && this.#taken(body[unique]))
      return { status: 409, code: 'NOT_UNIQUE' }
    if (how === 'put') return { status: 200, version: this.table.replace(nativeId, body, 'engine') }
    return { status: 200, version: this.table.patch(nativeId, this.#nested(before.body, body), 'engine') }
  }

  remove(nativeId: string, ifMatch: string | undefined): ApiResponse {
    const before = this.table.current(nativeId)
    if (before?.body === undefined) return goneResponse(before)
    const refused = this.#precondition(before, ifMatch)
    if (refused !== undefined) return refused
    this.table.remove(nativeId, 'engine')
    return { status: 204 }
  }

  findByExternalId(externalId: string): readonly string[] {
    return [...(this.#byExternalId.get(externalId) ?? [])].filter((nativeId) => this.table.has(nativeId))
  }

  /** Living records whose properties each have one of these values (as text), as of some time ago. */
  search(wanted: ReadonlyMap<string, readonly string[]>): readonly Version[] {
    const externalIds = wanted.get('externalId')
    const nativeIds =
      externalIds === undefined
        ? this.table.nativeIds()
        : externalIds.flatMap((externalId) => this.findByExternalId(externalId))
    const seenAt = Date.now() - (this.options.searchLagMs ?? 0)
    const found: Version[] = []
    for (const nativeId of nativeIds) {
      const version = this.options.searchLagMs
        ? this.table.at(nativeId, seenAt)
        : this.table.current(nativeId)
      if (version?.body === undefined) continue
      const { body } = version
      if ([...wanted].every(([name, values]) => values.includes(String(body[name] ?? ''))))
        found.push(version)
    }
    return found
  }

  #precondition(before: Version, ifMatch: string | undefined): ApiResponse | undefined {
    const { conditional = 'honoured' } = this.options
    if (conditional === 'none') return undefined
    if (ifMatch === undefined)
      return conditional === 'required' ? { status: 428, code: 'PRECONDITION_REQUIRED' } : undefined
    return ifMatch === this.etag(before) ? undefined : { status: 412, code: 'STALE' }
  }

  #nested(before: Native, patch: Native): Native {
    if (this.options.nested === 'replace') return patch
    return Object.fromEntries(
      Object.entries(patch).map(([name, value]) => {
        const there = before[name]
        return [name, isObject(value) && isObject(there) ? { ...there, ...value } : value]
      }),
    )
  }

  #completed(body: Native): Native {
    const { defaults, dropsEmptyOnCreate = false } = this.options
    const entries = Object.entries(body)
    return {
      ...defaults,
      ...Object.fromEntries(dropsEmptyOnCreate ? entries.filter(([, value]) => value !== '') : entries),
    }
  }

  /** By a living record that still holds the value. */
  #taken(value: unknown): boolean {
    const { unique = '' } = this.options
    const nativeId = this.#byUnique.get(value)
    if (value == null || nativeId === undefined) return false
    return this.table.current(nativeId)?.body?.[unique] === value
  }

  #index(version: Version): void {
    const { unique } = this.options
    const externalId = version.body?.externalId
    if (typeof externalId === 'string') {
      const nativeIds = this.#byExternalId.get(externalId) ?? new Set()
      this.#byExternalId.set(externalId, nativeIds.add(version.nativeId))
    }
    if (unique !== undefined && version.body?.[unique] != null)
      this.#byUnique.set(version.body[unique], version.nativeId)
  }

  #stored(field: string, value: unknown, by: Writer): unknown {
    const { truncate, decimals, escapes, rewrites } = this.options
    const places = decimals?.[field]
    if (places !== undefined && (typeof value === 'string' || typeof value === 'number'))
      return fixed(String(value), places)
    if (typeof value !== 'string') return value
    if (by === 'engine' && escapes?.includes(field)) return escaped(value)
    const cut = truncate?.[field]
    if (cut !== undefined) return value.slice(0, cut)
    if (by === 'engine' && rewrites?.includes(field)) {
      this.#rewrites += 1
      return `${value.split(' #')[0]} #${this.#rewrites}`
    }
    return value
  }
}

function goneResponse(version: Version | undefined): ApiResponse {
  if (version?.mergedInto !== undefined)
    return { status: 404, code: 'MERGED', mergedInto: version.mergedInto }
  return { status: 404, code: 'NOT_FOUND' }
}

function isObject(value: unknown): value is Native {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A decimal with a fixed number of places; further ones are truncated. */
function fixed(text: string, places: number): string {
  const [whole = '0', fraction = ''] = text.split('.')
  return places === 0 ? whole : `${whole}.${fraction.slice(0, places).padEnd(places, '0')}`
}
