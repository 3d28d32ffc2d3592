/**
 * The contract between the compiled definition, which creates these specs, and the lens compiler, which turns
 * them into `read` and `write`. Everything is resolved here: paths are split, value maps checked, defaults
 * applied.
 */

import type { Spelling } from '../canonical/spelling.ts'
import type { Expression } from '../compiled-expression.ts'
import type { EmptySpelling } from '../normalisers/contract.ts'
import type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from '../values.ts'

/**
 * Names that lead from the top of a native record to a value; a number is an index of an array. Never empty.
 */
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
  /**
   * The field's canonical normaliser: constraints of the type are checked after it. @default checked as read
   */
  readonly normalise?: (value: CanonicalValue) => CanonicalValue
  /** True for a value that must not be read: it becomes a problem of the field. @default none */
  readonly isRefused?: ((value: CanonicalValue) => boolean) | undefined
  /** Applied to read values: texts that the system stores escaped become plain. @default as read */
  readonly decode?: ((value: CanonicalValue) => CanonicalValue) | undefined
  /**
   * The normalisation that values given to `write` have undergone; elements of lists whose values it changes
   * are recognised by it. @default nothing
   */
  readonly asWritten?: ((value: CanonicalValue) => CanonicalValue) | undefined
}

/** Where a field is in a native record, and its format there. */
export type LensSource =
  /**
   * One native value, converted by the field's type. `elements`: the mapping of the parts of each element of
   * a set or list of groups, by paths from the element; missing: each part has its own name.
   */
  | ({
      readonly kind: 'path'
      readonly path: NativePath
      readonly elements?: readonly LensPartSpec[]
    } & NativeSpelling)
  /** Amount and currency as one value: the currency beside the amount, or the same for the whole system. */
  | ({
      readonly kind: 'money'
      readonly amount: NativePath
      readonly currency: CurrencySource
    } & NativeSpelling)
  /**
   * One mapping per part of a group. An unmapped part is left out of the group. All parts absent: the group
   * is absent. Parts are converted by their own `source`; parts are `path`, `money` or `group`, never
   * expressions.
   */
  | { readonly kind: 'group'; readonly parts: readonly LensPartSpec[] }
  /**
   * JSONata pair. `read` is evaluated on the native record; `write` on the canonical document given to
   * `Lens.write`. Results are converted by the field's type as if they were at a path. Missing `read` or
   * `write`: the field is not readable or writable.
   */
  | ({ readonly kind: 'expression'; readonly read?: Expression; readonly write?: Expression } & WriteTarget)
  /**
   * Functions of a TypeScript definition, otherwise like `expression`. Must be pure; an exception becomes a
   * problem of the field.
   */
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

/** How canonical values are represented as native ones. */
export interface NativeSpelling {
  /**
   * Number as text, epoch, offset, separator and so on. Ignored where a value map applies. @default plain
   * JSON
   */
  readonly spelling?: Spelling
  /** Value map in both directions. Values outside it are a problem of the field, never passed through. */
  readonly values?: ValueMap
  readonly empties: EmptySpelling
}

/**
 * Pairs of native (as text) and canonical value. Several natives may be read as one canonical value; it is
 * written as the first of them. `toNative` keeps the native's own JSON type.
 */
export interface ValueMap {
  readonly toCanonical: ReadonlyMap<string, CanonicalValue>
  /** Key: the canonical value as text (`true`, `12.5`, `active`). */
  readonly toNative: ReadonlyMap<string, string | boolean | number | null>
}

/** Where the result of a `write` is set. */
export interface WriteTarget {
  /** Missing: the result is itself an object of native properties, merged into the patch. */
  readonly path?: NativePath
}

/** Native record → canonical value of the field (converted by its type afterwards); `undefined` = absent. */
export type ReadFunction = (native: NativeRecord) => unknown

/**
 * Canonical value of the field (and the other values written along with it) → native value, or native
 * properties without a path.
 */
export type WriteFunction = (value: CanonicalValue, values: CanonicalDocument) => unknown
