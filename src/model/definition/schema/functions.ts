/** Functions that a TypeScript definition may use where YAML has expressions. They must be pure. */
import { z } from 'zod'
import type { Candidate } from '../../integration.ts'
import type { ReadFunction, WriteFunction } from '../../lens/spec.ts'
import type { CanonicalValue, NativeRecord } from '../../values.ts'

/** A function of a TypeScript definition. Left out of the JSON Schema, since JSON has none. */
function functionSchema<F>() {
  return z.custom<F>((value) => typeof value === 'function', { error: 'expected a function' })
}

export const readFunctionSchema = functionSchema<ReadFunction>()
export const writeFunctionSchema = functionSchema<WriteFunction>()
export const normaliseFunctionSchema = functionSchema<(value: CanonicalValue) => CanonicalValue>()
export const scopeFunctionSchema = functionSchema<(native: NativeRecord) => boolean>()
export const decideFunctionSchema = functionSchema<(candidates: readonly Candidate[]) => CanonicalValue>()
