/** Names and bounds that all parts of the simulation share. */

export const customer = 'customer'
export const order = 'order'

/** Where a system keeps our record id. */
export const markerField = 'ext'
/** Users' own property that no mapping names: the engine must leave it as it is. */
export const unmapped = 'memo'

/** Wide enough that a cut token is recognised as what is left of it, and still names its edit. */
export const cutLength = 6

export const readTimeoutMs = 1500
export const writeTimeoutMs = 1500

/** Mapped text properties whose values are unique tokens, so that a value names the edit it came from. */
export const tokens: ReadonlySet<string> = new Set(['name', 'phone', 'note', 'city', 'fax'])

/** What a cutting system keeps of a text. */
export function cutText<T>(value: T): T | string {
  return typeof value === 'string' ? value.slice(0, cutLength) : value
}
