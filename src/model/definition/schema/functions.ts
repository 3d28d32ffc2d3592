/** Functions that a TypeScript definition may use where YAML has expressions. They must be pure. */
import { z } from 'zod'
import type { Candidate } from '../../integration.ts'
import type { ReadFunction, WriteFunction } from '../../lens/spec.ts'
import type { CanonicalValue, NativeRecord } from '../../values.ts'

/** A function of a TypeScript definition. Left out of the JSON Schema, since JSON has none. */
function functionSchema<F>() {
  return z.custom<F>((value) => typeof value === 'function', { error: 'expected a function' })
}

/** A function that reads a native value. */
export const readFunctionSchema = functionSchema<ReadFunction>()
/** A function that makes a native value. */
export const writeFunctionSchema = functionSchema<WriteFunction>()
/** A function that normalises a value. */
export const normaliseFunctionSchema = functionSchema<(value: CanonicalValue) => CanonicalValue>()
/** A function that decides whether a native record is in scope. */
export const scopeFunctionSchema = functionSchema<(native: NativeRecord) => boolean>()
/** A function that decides a conflict. */
export const decideFunctionSchema = functionSchema<(candidates: readonly Candidate[]) => CanonicalValue>()
