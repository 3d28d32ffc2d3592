/** What a definition can have done to values: the steps of a normaliser. */
import type { CanonicalValue } from '../values.ts'
import type { Rounding } from './number.ts'
import type { TimePrecision } from './time.ts'

/** The three kinds of empty value: the property is missing, it is `null`, it is `""` or `[]`. */
export type Emptiness = 'absent' | 'null' | 'empty'

/**
 * How a system represents empty values. `write`: what is sent for a canonical one; `read`: what a native one
 * means. The system's normaliser folds a canonical empty value `e` to `read[write[e]]`.
 */
export interface EmptySpelling {
  readonly write: Readonly<Record<Emptiness, Emptiness>>
  readonly read: Readonly<Record<Emptiness, Emptiness>>
}

/** Each kind of empty value is represented by itself. */
export const plainEmpties: EmptySpelling = Object.freeze({
  write: Object.freeze({ absent: 'absent', null: 'null', empty: 'empty' }),
  read: Object.freeze({ absent: 'absent', null: 'null', empty: 'empty' }),
})

/**
 * One step of a normaliser, applied in the order given. All are idempotent, and do not change values of
 * another kind; on sets, lists and groups they apply to the texts inside.
 *
 * - `trim`, `lowercase`, `uppercase` · `collapse`: runs of white space become one space · `digits`: keeps 0-9
 *   only
 * - `nfc`, `nfkc`: Unicode forms · `newlines`: CRLF and CR become LF · `escapeHtml`, `unescapeHtml`: the five
 *   characters `& < > " '`
 * - `email`: trimmed, lower case · `phone`: `+` and digits · `postalCode`: upper case without spaces and
 *   hyphens
 * - `maxLength`: truncated to this many code points · `scale`: decimals rounded to this many places, half
 *   away from zero unless `rounding` specifies otherwise · `precision`: instants truncated to a unit
 * - `escaped`: the system escapes texts when it stores them, and applies `steps` to the escaped ones; the
 *   lens unescapes read values
 * - `empties`: folds the kinds of empty value according to {@link EmptySpelling} · `function`: a pure,
 *   idempotent function
 */
export type NormaliserSpec =
  | { readonly kind: NormaliserName }
  | { readonly kind: 'maxLength'; readonly length: number }
  | { readonly kind: 'scale'; readonly scale: number; readonly rounding?: Rounding }
  | { readonly kind: 'precision'; readonly unit: TimePrecision }
  | { readonly kind: 'escaped'; readonly steps: readonly NormaliserSpec[] }
  | { readonly kind: 'empties'; readonly empties: EmptySpelling }
  | { readonly kind: 'function'; readonly normalise: (value: CanonicalValue) => CanonicalValue }

/** Normalisers that a definition can name. */
export const normaliserNames = [
  'trim',
  'lowercase',
  'uppercase',
  'collapse',
  'digits',
  'email',
  'phone',
  'postalCode',
  'nfc',
  'nfkc',
  'newlines',
  'escapeHtml',
  'unescapeHtml',
] as const

export type NormaliserName = (typeof normaliserNames)[number]
