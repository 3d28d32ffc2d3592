/** Locates the records and their wrappers in a response of an unknown API. */
import { isNativeRecord, textAt, valueAt } from '../../../connectors/kit/native.ts'
import { isLosslessNumber } from '../../../http/json.ts'
import type { NativeRecord } from '../../../model/values.ts'

/** Keys from the top of a response. */
export type Place = readonly string[]

/** A response that contains a list. */
export interface ListShape {
  /** Path of the list; empty if the response itself is the list. */
  readonly items: Place
  /** Property of an element that contains the record. */
  readonly element?: string
  readonly records: readonly NativeRecord[]
}

const usualNames = /^(?:data|items|results?|records|values?|entries|rows|edges|docs|list|content|hits)$/i
/** APIs don't nest their list deeper than `response.data.items`. */
const depthMax = 3

/** Finds the list. An empty one is only recognised if it is unambiguous. */
export function findList(body: unknown, resource: string): ListShape | undefined {
  if (Array.isArray(body)) return shapeOf([], body)
  if (!isNativeRecord(body)) return undefined
  const found = listsIn(body, [])
  const ranked = found
    .map((one, index) => ({ ...one, index, rank: rankOf(one, resource) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || a.index - b.index)
  const [best] = ranked
  return best === undefined ? undefined : shapeOf(best.place, best.list)
}

interface FoundList {
  readonly place: Place
  readonly list: readonly unknown[]
}

function listsIn(value: NativeRecord, place: Place): readonly FoundList[] {
  if (place.length >= depthMax) return []
  return Object.entries(value).flatMap(([key, inner]): readonly FoundList[] => {
    const below = [...place, key]
    if (Array.isArray(inner)) return [{ place: below, list: inner }]
    return isNativeRecord(inner) ? listsIn(inner, below) : []
  })
}

function rankOf({ place, list }: FoundList, resource: string): number {
  const name = place.at(-1) ?? ''
  const isNamed = usualNames.test(name) || plain(name) === plain(resource) || place[0] === '_embedded'
  if (!list.every(isNativeRecord)) return 0
  if (list.length === 0) return isNamed ? 1 : 0
  return (isNamed ? 20 : 10) - place.length
}

function shapeOf(items: Place, list: readonly unknown[]): ListShape {
  const entries = list.filter(isNativeRecord)
  const element = elementOf(entries)
  const records =
    element === undefined ? entries : entries.map((entry) => entry[element]).filter(isNativeRecord)
  return { items, records, ...(element === undefined ? {} : { element }) }
}

/** `{ node: {…}, cursor }` of a connection, or an object around each record: `{ customer: {…} }`. */
function elementOf(entries: readonly NativeRecord[]): string | undefined {
  const [first] = entries
  if (first === undefined) return undefined
  const all = (name: string): boolean => entries.every((entry) => isNativeRecord(entry[name]))
  if (all('node')) return 'node'
  const [only, ...others] = Object.keys(first)
  const isAround =
    only !== undefined &&
    others.length === 0 &&
    entries.every((entry) => Object.keys(entry).join('\n') === only) &&
    all(only)
  return isAround ? only : undefined
}

/**
 * Finds the record in a response about one record: at the top level, or under one of its keys. It is
 * recognised by its id.
 */
export function findRecord(body: unknown, id: Place, value: string): Place | undefined {
  if (textAt(body, id) === value) return []
  if (!isNativeRecord(body)) return undefined
  const found = Object.entries(body).find(([, inner]) => isNativeRecord(inner) && textAt(inner, id) === value)
  return found === undefined ? undefined : [found[0]]
}

/** Returns the first of several paths that has a value, with the value. */
export function firstAt<Value>(
  body: unknown,
  places: readonly Place[],
  read: (value: unknown) => Value | undefined,
): { readonly place: Place; readonly value: Value } | undefined {
  for (const place of places) {
    const value = read(valueAt(body, place))
    if (value !== undefined) return { place, value }
  }
  return undefined
}

/**
 * Returns scalars of a response outside of its list, at most two objects deep, which may describe the paging.
 */
export function envelopeValues(body: unknown, items: Place): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  const walk = (value: unknown, place: Place): void => {
    if (!isNativeRecord(value) || values.size > 200) return
    for (const [key, inner] of Object.entries(value)) {
      const below = [...place, key]
      if (below.join('\n') === items.join('\n')) continue
      if (isNativeRecord(inner) && !isLosslessNumber(inner)) {
        if (below.length <= 4) walk(inner, below)
      } else if (!Array.isArray(inner)) values.set(below.join('\n'), inner)
    }
  }
  walk(body, [])
  return values
}

/** Normalises a name: without case and punctuation. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}
