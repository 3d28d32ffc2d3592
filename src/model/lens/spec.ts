/**
 * What a compiled definition asks of a lens: the agreement between the definition (which writes these) and the lens compiler
 * (which turns them into `read` and `write`). Everything is resolved here: paths are split, value maps checked, defaults applied.
 */

import type { Spelling } from '../canonical/spelling.ts'
import type { Expression } from '../compiled-expression.ts'
import type { Rounding } from '../normalisers/number.ts'
import type { TimePrecision } from '../normalisers/time.ts'
import type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from '../values.ts'

/** Names that lead from the top of a native record to a value; a number is an index of an array. Never empty. */
export type NativePath = readonly (string | number)[]

/** The mapping of one entity in one system. */
export interface LensSpec {
  /** By canonical field, in the order of the definition. */
  readonly fields: readonly LensFieldSpec[]
}

/** The mapping of one canonical field in one system. */
export interface LensFieldSpec {
  readonly name: string
  readonly type: FieldType
  /** False: `read` leaves the field out (absent without a problem). */
  readonly readable: boolean
  /** False: `write` refuses the field with a problem. */
  readonly writable: boolean
  readonly source: LensSource
  /** The field's canonical normaliser: limits of the type are checked on what it makes of a value. @default checked as read */
  readonly normalise?: (value: CanonicalValue) => CanonicalValue
  /**
   * Applied to what was read: texts that the system stores escaped become plain. @default as read
   */
  readonly decode?: ((value: CanonicalValue) => CanonicalValue) | undefined
  /**
   * What the values given to `write` went through after they were read somewhere: by it, elements of lists are recognised whose spelling the
   * normalisers change. @default nothing
   */
  readonly asWritten?: ((value: CanonicalValue) => CanonicalValue) | undefined
}

/** Where a field lives in a native record and how it is spelt there. */
export type LensSource =
  /**
   * One native value, converted by the field's type. `elements`: how the parts of each element of a set or list of groups are spelt, by paths
   * from the element; missing: each part stands under its own name.
   */
  | ({
      readonly kind: 'path'
      readonly path: NativePath
      readonly elements?: readonly LensPartSpec[]
    } & NativeSpelling)
  /** Amount and currency as one: the currency beside the amount, or the same for the whole system. */
  | ({
      readonly kind: 'money'
      readonly amount: NativePath
      readonly currency: CurrencySource
    } & NativeSpelling)
  /**
   * One mapping per part of a group. A part that is not mapped is left out of the group. All parts absent: the group is absent.
   * Parts are spelt by their own `source`; parts are `path`, `money` or `group`, never expressions.
   */
  | { readonly kind: 'group'; readonly parts: readonly LensPartSpec[] }
  /**
   * JSONata pair. `read` is evaluated on the native record; `write` on the canonical document given to `Lens.write`. Results are
   * converted by the field's type as if they stood at a path. Missing `read` or `write`: the field is not readable or writable.
   */
  | ({ readonly kind: 'expression'; readonly read?: Expression; readonly write?: Expression } & WriteTarget)
  /** Functions of a TypeScript definition, else like `expression`. Must be pure; an exception becomes a problem of the field. */
  | ({
      readonly kind: 'function'
      readonly read?: ReadFunction
      readonly write?: WriteFunction
    } & WriteTarget)

/** One part of a group. */
export interface LensPartSpec {
  readonly name: string
  readonly type: FieldType
  readonly source: LensSource
}

export type CurrencySource =
  | { readonly kind: 'path'; readonly path: NativePath }
  /** ISO 4217 code; a value in another currency can't be written (a problem of the field). */
  | { readonly kind: 'fixed'; readonly currency: string }

/** How one native value spells canonical ones. */
export interface NativeSpelling {
  /** Number as text, epoch, offset, separator and the like. Not looked at where a value map applies. @default plain JSON */
  readonly spelling?: Spelling
  /** Value map in both directions. Values outside it are a problem of the field, never passed through. */
  readonly values?: ValueMap
  readonly empties: EmptySpelling
}

/**
 * Pairs of native (as text) and canonical value. Several natives may read as one canonical value; it is written as the first of
 * them. `toNative` keeps the native's own JSON type.
 */
export interface ValueMap {
  readonly toCanonical: ReadonlyMap<string, CanonicalValue>
  /** Key: the canonical value as text (`true`, `12.5`, `active`). */
  readonly toNative: ReadonlyMap<string, string | boolean | number | null>
}

/** The three kinds of nothing: the property is not there, it is `null`, it is `""` or `[]`. */
export type Emptiness = 'absent' | 'null' | 'empty'

/**
 * How a system spells nothing. `write`: what is sent for a canonical emptiness; `read`: what a native one means. The system's
 * normaliser folds canonical emptiness `e` to `read[write[e]]`.
 */
export interface EmptySpelling {
  readonly write: Readonly<Record<Emptiness, Emptiness>>
  readonly read: Readonly<Record<Emptiness, Emptiness>>
}

/** Each kind of nothing is spelt as itself. */
export const plainEmpties: EmptySpelling = Object.freeze({
  write: Object.freeze({ absent: 'absent', null: 'null', empty: 'empty' }),
  read: Object.freeze({ absent: 'absent', null: 'null', empty: 'empty' }),
})

/** Where the result of a `write` goes. */
export interface WriteTarget {
  /** Missing: the result is itself an object of native properties, merged into the patch. */
  readonly path?: NativePath
}

/** Native record → canonical value of the field (converted by its type afterwards); `undefined` = absent. */
export type ReadFunction = (native: NativeRecord) => unknown

/** Canonical value of the field (and the other values written along with it) → native value, or native properties without a path. */
export type WriteFunction = (value: CanonicalValue, values: CanonicalDocument) => unknown

/**
 * One step of a normaliser, applied in the order given. All are idempotent, and do nothing to values of another kind; on sets,
 * lists and groups they apply to the text inside.
 *
 * - `trim`, `lowercase`, `uppercase` · `collapse`: runs of white space become one blank · `digits`: keeps 0-9 only
 * - `nfc`, `nfkc`: Unicode forms · `newlines`: CRLF and CR become LF · `escapeHtml`, `unescapeHtml`: the five characters `& < > " '`
 * - `email`: trimmed, lower case · `phone`: `+` and digits · `postalCode`: upper case without blanks and hyphens
 * - `maxLength`: cut to so many code points · `scale`: decimals rounded to so many places, half away from zero unless `rounding` says
 *   otherwise · `precision`: instants cut down to a unit
 * - `escaped`: the system escapes texts when it stores them, and does `steps` to the escaped ones; the lens unescapes what it reads
 * - `empties`: folds the kinds of nothing as {@link EmptySpelling} says · `function`: a pure, idempotent function
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
