/**
 * Canonical values: the value of a field independent of a system's own representation.
 *
 * They are plain JSON without numbers, so that nothing is lost in a double: decimals and integers are
 * canonical digit strings (`"10.5"`, `"9007199254740993"`), instants are UTC with their original precision.
 * Three cases are distinct: *absent* (the key is missing), *null* (`null`) and *empty* (`""`, `[]`).
 */

/** One canonical value. Its meaning is defined by the {@link FieldType} of its field. */
export type CanonicalValue =
  | null
  | boolean
  | string
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue }

/** Canonical values by field name; a missing key means *absent*. */
export type CanonicalDocument = { readonly [field: string]: CanonicalValue }

/** The type of a canonical field. */
export type FieldType =
  /** Text in NFC. */
  | {
      readonly kind: 'string'
      /** Longest text, in characters. @default no bound */
      readonly maxLength?: number
      /** The format of the text. @default any text */
      readonly format?: 'email' | 'phone' | 'uri'
    }
  /** Digits, optional sign and fraction; no exponent, no trailing zeros. */
  | {
      readonly kind: 'decimal'
      /** Decimal places kept. @default all */
      readonly scale?: number
    }
  /** An integer of any size. */
  | { readonly kind: 'integer' }
  /** True or false. */
  | { readonly kind: 'boolean' }
  /** A moment: RFC 3339 in UTC, up to nanoseconds. */
  | { readonly kind: 'instant' }
  /** A day, without a zone. */
  | { readonly kind: 'date' }
  /** A local time with its zone: `{ local, zone }`. */
  | { readonly kind: 'localDateTime' }
  /** One of several texts. */
  | {
      readonly kind: 'enum'
      /** The values, in the order of the definition. */
      readonly values: readonly string[]
    }
  /** `{ amount, currency }`, merged as one. */
  | { readonly kind: 'money' }
  /** Named parts, merged as one. */
  | {
      readonly kind: 'group'
      /** Types of the parts, by name. */
      readonly fields: Readonly<Record<string, FieldType>>
    }
  /** The id of a record of another entity. */
  | {
      readonly kind: 'ref'
      /** Entity of the referenced record. */
      readonly entity: string
    }
  /** Unordered elements: kept sorted, no duplicates. */
  | {
      readonly kind: 'set'
      /** Type of the elements. */
      readonly of: FieldType
      /** Parts that identify an element; see `lens/pair-elements.ts`. @default the whole element */
      readonly key?: readonly string[]
    }
  /** Ordered elements. */
  | {
      readonly kind: 'list'
      /** Type of the elements. */
      readonly of: FieldType
      /** Parts that identify an element; see `lens/pair-elements.ts`. @default the whole element */
      readonly key?: readonly string[]
    }
  /** A content hash. */
  | { readonly kind: 'blob' }

/**
 * A native record as a system's API returns it, parsed without loss (see `LosslessNumber`). Own keys only,
 * null prototype allowed.
 */
export type NativeRecord = { readonly [key: string]: unknown }
