/**
 * Canonical values: what a field holds once it has left a system's own spelling.
 *
 * They are plain JSON without numbers, so that nothing is lost in a double: decimals and integers are canonical digit
 * strings (`"10.5"`, `"9007199254740993"`), instants are UTC with the precision they came with. Three things are kept apart:
 * *absent* (the key is not there), *null* (`null`) and *empty* (`""`, `[]`).
 */

/** One canonical value. What it means is told by the {@link FieldType} of its field. */
export type CanonicalValue =
  | null
  | boolean
  | string
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue }

/** Canonical values by field name; a missing key means *absent*. */
export type CanonicalDocument = { readonly [field: string]: CanonicalValue }

/**
 * The type of a canonical field.
 *
 * - `string`: NFC text · `decimal`: digits, optional sign and fraction, no exponent, no trailing zeros · `integer`: any size
 * - `instant`: RFC 3339 in UTC, up to nanoseconds · `date`: no zone · `localDateTime`: `{ local, zone }`
 * - `money`: `{ amount, currency }`, merged as one · `group`: named parts, merged as one
 * - `ref`: the id of a record of another entity · `set`: sorted, no duplicates · `list`: ordered · `blob`: a content hash
 *
 * `key` of a set or list of groups names the parts by which one element is told from the others; see `lens/pair-elements.ts`.
 */
export type FieldType =
  | { readonly kind: 'string'; readonly maxLength?: number; readonly format?: 'email' | 'phone' | 'uri' }
  | { readonly kind: 'decimal'; readonly scale?: number }
  | { readonly kind: 'integer' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'instant' }
  | { readonly kind: 'date' }
  | { readonly kind: 'localDateTime' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'money' }
  | { readonly kind: 'group'; readonly fields: Readonly<Record<string, FieldType>> }
  | { readonly kind: 'ref'; readonly entity: string }
  | { readonly kind: 'set'; readonly of: FieldType; readonly key?: readonly string[] }
  | { readonly kind: 'list'; readonly of: FieldType; readonly key?: readonly string[] }
  | { readonly kind: 'blob' }

/** A native record as a system's API gives it, parsed without loss (see `LosslessNumber`). Own keys only, null prototype allowed. */
export type NativeRecord = { readonly [key: string]: unknown }
