/**
 * The CRM's users in memory, with the queries of json-server 0.17: filters by equality and by range over
 * dotted paths, sorted pages by id.
 *
 * json-server itself copies and scans its whole array for each request; here a filter for one value is one
 * lookup.
 */

/** A user: any JSON object with a numeric id. */
export interface UserRecord {
  readonly id: number
  readonly [property: string]: unknown
}

type Properties = { readonly [property: string]: unknown }

export interface UserPage {
  readonly users: readonly UserRecord[]
  /** Number of users that match, before the limit. */
  readonly total: number
}

/** Bounds of one path, both inclusive. */
interface Range {
  from?: string
  to?: string
}

export class UsersTable {
  readonly #users = new Map<number, UserRecord>()
  /** By path, then by value: ids of the users. A path is indexed on its first query. */
  readonly #indexes = new Map<string, Map<string, Set<number>>>()
  #lastId = 0
  /** Ids in ascending order; rebuilt after a deletion or an id below the last. */
  #ids: number[] | undefined = []

  constructor(users: readonly UserRecord[]) {
    for (const user of users) this.#put(user)
  }

  get(id: number): UserRecord | undefined {
    return this.#users.get(id)
  }

  create(properties: Properties): UserRecord {
    const user = { ...properties, id: this.#lastId + 1 }
    this.#put(user)
    return user
  }

  /**
   * Replaces all properties, or with `keep` only those that are given. Returns undefined when there is no
   * such user.
   */
  update(id: number, properties: Properties, { keep }: { readonly keep: boolean }): UserRecord | undefined {
    const before = this.#users.get(id)
    if (before === undefined) return undefined
    const user = { ...(keep ? before : {}), ...properties, id }
    this.#unindex(before)
    this.#put(user)
    return user
  }

  delete(id: number): boolean {
    const user = this.#users.get(id)
    if (user === undefined) return false
    this.#unindex(user)
    this.#ids = undefined
    return this.#users.delete(id)
  }

  /**
   * Query parameters of json-server; `_limit` limits the page, other names with a leading underscore are
   * ignored.
   */
  query(parameters: URLSearchParams): UserPage {
    const found = this.#candidates(parameters)
    const limit = Number(parameters.get('_limit') ?? Number.NaN)
    return { users: Number.isNaN(limit) ? found : found.slice(0, limit), total: found.length }
  }

  #candidates(parameters: URLSearchParams): readonly UserRecord[] {
    const ids = parameters.getAll('id')
    if (ids.length > 0) return this.#byIds(new Set(ids.map(Number)))
    const ranges = rangesOf(parameters)
    const exact = [...ranges].find(
      ([path, { from, to }]) => path !== 'id' && from !== undefined && from === to,
    )
    const within = (user: UserRecord): boolean =>
      [...ranges].every(([path, range]) => isWithin(valueAt(user, path), range))
    if (exact !== undefined) {
      const [path, { from = '' }] = exact
      return this.#usersAt(path, from).filter(within)
    }
    const [from, rest] = this.#afterId(ranges)
    return rest ? from.filter(within) : from
  }

  /** Returns the users from an id on, and whether other ranges remain to be checked. */
  #afterId(ranges: ReadonlyMap<string, Range>): readonly [users: readonly UserRecord[], rest: boolean] {
    const { from, to } = ranges.get('id') ?? {}
    const ids = this.#sortedIds()
    const start = from === undefined ? 0 : firstAtLeast(ids, Number(from))
    const users = ids.slice(start).flatMap((id) => this.#users.get(id) ?? [])
    return [users, ranges.size > (from === undefined ? 0 : 1) || to !== undefined]
  }

  #usersAt(path: string, value: string): readonly UserRecord[] {
    return this.#byIds(this.#index(path).get(value) ?? new Set())
  }

  #byIds(ids: ReadonlySet<number>): readonly UserRecord[] {
    return [...ids].sort((one, other) => one - other).flatMap((id) => this.#users.get(id) ?? [])
  }

  #index(path: string): Map<string, Set<number>> {
    const known = this.#indexes.get(path)
    if (known !== undefined) return known
    const index = new Map<string, Set<number>>()
    this.#indexes.set(path, index)
    for (const user of this.#users.values()) addTo(index, valueAt(user, path), user.id)
    return index
  }

  #put(user: UserRecord): void {
    if (!this.#users.has(user.id)) {
      if (user.id > this.#lastId) this.#ids?.push(user.id)
      else this.#ids = undefined
    }
    this.#lastId = Math.max(this.#lastId, user.id)
    this.#users.set(user.id, user)
    for (const [path, index] of this.#indexes) addTo(index, valueAt(user, path), user.id)
  }

  #unindex(user: UserRecord): void {
    for (const [path, index] of this.#indexes) index.get(textOf(valueAt(user, path)))?.delete(user.id)
  }

  #sortedIds(): readonly number[] {
    this.#ids ??= [...this.#users.keys()].sort((one, other) => one - other)
    return this.#ids
  }
}

/** Ranges by path; a filter by equality is a range of one value. */
function rangesOf(parameters: URLSearchParams): ReadonlyMap<string, Range> {
  const ranges = new Map<string, Range>()
  for (const [name, value] of parameters) {
    if (name.startsWith('_')) continue
    const [, path = name, end] = /^(.*)_(gte|lte)$/.exec(name) ?? []
    const range = ranges.get(path) ?? {}
    if (end !== 'lte') range.from = value
    if (end !== 'gte') range.to = value
    ranges.set(path, range)
  }
  return ranges
}

function valueAt(user: UserRecord, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      user,
    )
}

/** Numbers are compared as numbers, everything else as text. A user without the property matches nothing. */
function isWithin(value: unknown, { from, to }: Range): boolean {
  if (value === undefined || value === null) return false
  const compare = (bound: string): number =>
    typeof value === 'number'
      ? value - Number(bound)
      : textOf(value) < bound
        ? -1
        : textOf(value) > bound
          ? 1
          : 0
  return (from === undefined || compare(from) >= 0) && (to === undefined || compare(to) <= 0)
}

function addTo(index: Map<string, Set<number>>, value: unknown, id: number): void {
  if (value === undefined || value === null) return
  const ids = index.get(textOf(value))
  if (ids === undefined) index.set(textOf(value), new Set([id]))
  else ids.add(id)
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function firstAtLeast(sorted: readonly number[], least: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < least) low = middle + 1
    else high = middle
  }
  return low
}
