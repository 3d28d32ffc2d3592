/** Names and bounds that all parts of the simulation share. */

export const customer = 'customer'
export const order = 'order'

/** The property in which a system stores our record id. */
export const markerField = 'ext'
/** An unmapped property of the users: the engine must leave it unchanged. */
export const unmapped = 'memo'

/** Long enough that a truncated token is recognised, and still identifies its edit. */
export const cutLength = 6

export const readTimeoutMs = 1500
export const writeTimeoutMs = 1500

/** Mapped text properties whose values are unique tokens, so that a value identifies the edit it came from. */
export const tokens: ReadonlySet<string> = new Set(['name', 'phone', 'note', 'city', 'fax'])

/** The stored form of a text in a truncating system. */
export function cutText<T>(value: T): T | string {
  return typeof value === 'string' ? value.slice(0, cutLength) : value
}
