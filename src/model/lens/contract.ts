/** A compiled lens, and what it reports. */
import type { ErrorCode } from '../error-codes.ts'
import type { CanonicalDocument, NativeRecord } from '../values.ts'

/**
 * Either a value or a promise of it: mappings made of paths stay synchronous, JSONata pairs are asynchronous.
 */
export type MaybePromise<T> = T | Promise<T>

/**
 * How a system handles a nested object in a patch: it replaces the whole object, or merges the named
 * properties.
 */
export type NestedPatch = 'replace' | 'merge'

/** A mapping between a system's native record and canonical fields (`get`/`put` of a lens). Pure. */
export interface Lens {
  /**
   * Native → canonical, before normalisers. `ref` fields come out as {@link NativeReference} strings
   * (`ref:<native id>`).
   */
  read(native: NativeRecord): MaybePromise<LensReading>
  /**
   * Canonical → native patch with only the properties that the given fields need. Reference fields arrive as
   * native ids.
   *
   * @param base the native record last read, if any: properties that a patch would remove along with a field
   *   are completed from it
   * @param nested how the system handles nested objects, which its connector reports. @default 'replace':
   *   correct for both kinds of system where the base is known and current
   */
  write(
    values: CanonicalDocument,
    base: NativeRecord | undefined,
    nested?: NestedPatch,
  ): MaybePromise<LensWriting>
}

export interface LensReading {
  readonly values: CanonicalDocument
  /** Fields that could not be read: their values are unknown, all others continue. */
  readonly problems: readonly FieldProblem[]
}

export interface LensWriting {
  readonly patch: NativeRecord
  readonly problems: readonly FieldProblem[]
}

/** A value that a mapping, type or rule rejected. Never contains the value itself. */
export interface FieldProblem {
  readonly field: string
  readonly code: ErrorCode
  readonly message: string
}
