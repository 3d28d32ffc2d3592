/** Lists and searches: pages after or before an object, filters, and an index that lags. */
import type { FakeAccount, Native, Stored } from './account.ts'
import { isParams, type Param, type Params } from './form.ts'
import { type Kind, kinds } from './kinds.ts'
import { invalidRequest, missing } from './stripe-error.ts'

/** Stripe silently removes events after 30 days. */
export const eventRetentionMs = 30 * 86_400_000

interface Listed {
  readonly id: string
  readonly native: Native
}

/** The objects of a kind, newest first. */
export function listObjects(account: FakeAccount, kind: Kind, params: Params): Native {
  const known = new Set([...kind.filters, ...common])
  refuseUnknown(params, known)
  const all = account.list(kind)
  const fitting = all.filter(({ native }) => kind.filters.every((name) => fits(native, name, params)))
  const page = pageOf(
    fitting.filter(({ native }) => isWithin(native, params.created)).map(listed),
    params,
    // An object excluded by a filter still has a position in the list; a deleted one has none.
    (id, parameter) => place(all.map(listed), id, parameter, kind.object),
    all.map(listed),
  )
  return { object: 'list', url: `/v1/${kind.name}`, ...page }
}

/** The events, newest first. */
export function listEvents(account: FakeAccount, params: Params): Native {
  refuseUnknown(params, new Set(['type', 'types', 'delivery_success', ...common]))
  const { types, type } = params
  if (Array.isArray(types) && types.length > 20) {
    throw invalidRequest(400, 'Array should have at most 20 items', { param: 'types' })
  }
  const kept = account.events
    .filter(({ created }) => account.now - created * 1_000 <= eventRetentionMs)
    .toReversed()
    .sort((a, b) => b.created - a.created)
  const fitting = kept.filter((event) => {
    if (Array.isArray(types)) return types.includes(event.type)
    return typeof type !== 'string' || matchesType(event.type, type)
  })
  const page = pageOf(
    fitting
      .filter((event) => isWithin(event, params.created))
      .map((event) => ({ id: event.id, native: event })),
    params,
    (id, parameter) =>
      place(
        kept.map((event) => ({ id: event.id, native: event })),
        id,
        parameter,
        'event',
      ),
    kept.map((event) => ({ id: event.id, native: event })),
  )
  return { object: 'list', url: '/v1/events', ...page }
}

const common = ['limit', 'starting_after', 'ending_before', 'created', 'expand', 'customer', 'test_clock']

function refuseUnknown(params: Params, known: ReadonlySet<string>): void {
  const unknown = Object.keys(params).find((name) => !known.has(name))
  if (unknown === undefined) return
  throw invalidRequest(400, `Received unknown parameter: ${unknown}`, {
    code: 'parameter_unknown',
    param: unknown,
  })
}

function listed({ native }: Stored): Listed {
  return { id: String(native.id), native }
}

function matchesType(type: string, wanted: string): boolean {
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}

function fits(native: Native, name: string, params: Params): boolean {
  const wanted = params[name]
  if (wanted === undefined) return true
  if (name === 'ids') return Array.isArray(wanted) && wanted.includes(String(native.id))
  if (name === 'lookup_keys') return Array.isArray(wanted) && wanted.includes(String(native.lookup_key))
  return String(native[name]) === wanted
}

function isWithin(native: Native, created: Param | undefined): boolean {
  const at = Number(native.created)
  if (created === undefined) return true
  if (!isParams(created)) return String(at) === created
  const { gt, gte, lt, lte } = created
  return (
    (gt === undefined || at > Number(gt)) &&
    (gte === undefined || at >= Number(gte)) &&
    (lt === undefined || at < Number(lt)) &&
    (lte === undefined || at <= Number(lte))
  )
}

function limitOf(params: Params): number {
  const limit = Number(params.limit ?? 10)
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit
  throw invalidRequest(400, 'This value must be between 1 and 100', { param: 'limit' })
}

type FindPlace = (id: string, parameter: string) => number

function place(all: readonly Listed[], id: string, parameter: string, object: string): number {
  const index = all.findIndex((one) => one.id === id)
  if (index >= 0) return index
  const refusal = missing(object, id, parameter)
  throw invalidRequest(400, refusal.message, { code: 'resource_missing', param: parameter })
}

function pageOf(
  fitting: readonly Listed[],
  params: Params,
  placeOf: FindPlace,
  all: readonly Listed[],
): { readonly data: readonly Native[]; readonly has_more: boolean } {
  const limit = limitOf(params)
  const position = new Map(all.map(({ id }, index) => [id, index]))
  const at = ({ id }: Listed): number => position.get(id) ?? -1
  const { starting_after: after, ending_before: before } = params
  if (typeof before === 'string') {
    const edge = placeOf(before, 'ending_before')
    const newer = fitting.filter((one) => at(one) < edge)
    return { data: newer.slice(-limit).map(({ native }) => native), has_more: newer.length > limit }
  }
  const edge = typeof after === 'string' ? placeOf(after, 'starting_after') : -1
  const older = fitting.filter((one) => at(one) > edge)
  return { data: older.slice(0, limit).map(({ native }) => native), has_more: older.length > limit }
}

const clausePattern = /^(-?)(\w+)(?:\['([^']+)'\])?([:~<>])(?:'((?:\\.|[^'\\])*)'|(\S+))$/

/** `metadata['key']:'value' AND email:'x'`: the part of the search language that the connector uses. */
export function searchObjects(account: FakeAccount, kind: Kind, params: Params): Native {
  refuseUnknown(params, new Set(['query', 'limit', 'page', 'expand']))
  const query = typeof params.query === 'string' ? params.query : ''
  const clauses = query.split(/\s+AND\s+/).map((text) => clausePattern.exec(text.trim()))
  const limit = limitOf(params)
  const hits = account
    .list(kind)
    .filter(({ indexedAt }) => account.now >= indexedAt)
    .filter(({ native }) =>
      clauses.every((clause) => {
        if (clause === null) throw invalidRequest(400, 'The query is not understood.', { param: 'query' })
        const [, , field = '', key, , text, literal] = clause
        const wanted = text === undefined ? literal : text.replaceAll(/\\(.)/g, '$1')
        const found = key === undefined ? native[field] : Object(native[field])[key]
        return found !== undefined && String(found).toLowerCase() === String(wanted).toLowerCase()
      }),
    )
  return {
    object: 'search_result',
    url: `/v1/${kind.name}/search`,
    data: hits.slice(0, limit).map(({ native }) => native),
    has_more: hits.length > limit,
    next_page: hits.length > limit ? 'next' : null,
  }
}

/** Replaces the ids that `expand` names by their objects. */
export function expanded(account: FakeAccount, native: Native, expand: Param | undefined): Native {
  const paths = Array.isArray(expand) ? expand.map(String) : []
  return paths.reduce<Native>((record, path) => expandAt(account, record, path.split('.'), path), native)
}

function expandAt(account: FakeAccount, native: Native, steps: readonly string[], path: string): Native {
  const [step = '', ...rest] = steps
  const value = native[step]
  if (Array.isArray(value)) {
    return { ...native, [step]: value.map((one) => expandAt(account, one as Native, rest, path)) }
  }
  if (value === null || value === undefined) {
    if (step in native) return native
    throw invalidRequest(400, `This property cannot be expanded (${path}).`, { param: 'expand' })
  }
  const object = typeof value === 'string' ? account.objects.get(value)?.native : (value as Native)
  if (object === undefined)
    throw invalidRequest(400, `This property cannot be expanded (${path}).`, { param: 'expand' })
  return { ...native, [step]: rest.length === 0 ? object : expandAt(account, object, rest, path) }
}

/** A kind by the last part of its path. */
export function kindOf(name: string): Kind | undefined {
  return kinds.get(name)
}
