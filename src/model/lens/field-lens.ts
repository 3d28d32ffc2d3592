/** The interface of every compiled field mapping. */
import { accept, refuse, type ValueProblem, type ValueResult } from '../canonical/value-result.ts'
import { isIsthmusError } from '../errors.ts'
import type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from '../values.ts'
import type { MaybePromise } from './contract.ts'
import type { FieldReading } from './native-value.ts'
import type { Patch } from './patch.ts'
import type { NativePath } from './spec.ts'

/** A native record being read, with values that several fields need computed once. */
export interface ReadContext {
  readonly native: NativeRecord
  /** The record for expressions: numbers where exact, nulls left out. */
  readonly expressionInput: () => { readonly [key: string]: unknown }
}

/** A document being written. */
export interface WriteContext {
  readonly values: CanonicalDocument
  readonly patch: Patch
  readonly expressionInput: () => { readonly [key: string]: unknown }
}

/** The mapping of one field, ready to run. */
export interface FieldLens {
  readonly name: string
  readonly type: FieldType
  readonly read?: (context: ReadContext) => MaybePromise<FieldReading>
  readonly write?: (value: CanonicalValue, context: WriteContext) => MaybePromise<ValueProblem | undefined>
  /** Paths that `write` may change, to detect two fields that write the same property. */
  readonly writes: readonly NativePath[]
}

/**
 * Puts a written value into the patch. A value represented by absence is sent as null where the record still
 * has a value.
 */
export function place(
  patch: Patch,
  path: NativePath,
  writing: ValueResult<{ readonly kind: 'value'; readonly native: unknown } | { readonly kind: 'absent' }>,
): ValueProblem | undefined {
  if (!writing.ok) return writing.problem
  if (writing.value.kind === 'value') return patch.set(path, writing.value.native)
  // A patch can't remove a property; null is the closest equivalent.
  return patch.hasBase(path) ? patch.set(path, null) : undefined
}

/**
 * Runs code of the definition's author; a thrown error becomes a problem, without its message (which may
 * quote the record).
 */
export function guarded<T>(run: () => MaybePromise<T>): MaybePromise<ValueResult<T>> {
  try {
    const result = run()
    return isPromise(result) ? result.then(accept, failed) : accept(result)
  } catch (error) {
    return failed(error)
  }
}

/** Continues with a value that may be a promise. */
export function chain<A, B>(value: MaybePromise<A>, next: (value: A) => B): MaybePromise<Awaited<B> | B> {
  return isPromise(value) ? (value.then(next) as Promise<Awaited<B>>) : next(value)
}

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Converts a thrown error to a problem, without any foreign message. */
export function failed(error: unknown): { ok: false; problem: ValueProblem } {
  if (isIsthmusError(error)) return refuse(error.code, error.message)
  const name = error instanceof Error ? error.name : typeof error
  return refuse('MAPPING_FAILED', `the function of the mapping threw (${name})`)
}
