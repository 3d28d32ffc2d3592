/** Mappings by a pair: two JSONata expressions, or two functions of a TypeScript definition. */
import { fromExpressionResult, plainResult } from '../canonical/expression-value.ts'
import { isPlainObject } from '../canonical/object.ts'
import { accept, refuse, type ValueProblem, type ValueResult } from '../canonical/value-result.ts'
import type { FieldType } from '../values.ts'
import type { MaybePromise } from './contract.ts'
import { chain, type FieldLens, guarded, place, type WriteContext } from './field-lens.ts'
import { type FieldReading, foldNulls } from './native-value.ts'
import type { LensSource, NativePath } from './spec.ts'

/**
 * Compiles a JSONata pair.
 *
 * Expressions see no nulls: `null & "x"` is `"nullx"` in JSONata, and `$split(null, ";")` fails. Null is
 * passed as missing, and a missing result is read or written as null.
 */
export function compileExpressionLens(
  name: string,
  type: FieldType,
  source: Extract<LensSource, { kind: 'expression' }>,
): FieldLens {
  const { read, write, path } = source
  return {
    name,
    type,
    writes: path === undefined ? [] : [path],
    ...(read === undefined
      ? {}
      : {
          read: (context) =>
            chain(
              guarded(() => read.evaluate(context.expressionInput())),
              (result) => toReading(type, result, null),
            ),
        }),
    ...(write === undefined
      ? {}
      : {
          write: (_value, context) =>
            chain(
              guarded(() => write.evaluate(context.expressionInput())),
              (result) => placeResult(context, path, result),
            ),
        }),
  }
}

/** Compiles a pair of functions, which get native and canonical values unchanged. */
export function compileFunctionLens(
  name: string,
  type: FieldType,
  source: Extract<LensSource, { kind: 'function' }>,
): FieldLens {
  const { read, write, path } = source
  return {
    name,
    type,
    writes: path === undefined ? [] : [path],
    ...(read === undefined
      ? {}
      : {
          read: ({ native }): MaybePromise<FieldReading> =>
            chain(
              guarded(() => read(native)),
              (result) => toReading(type, result, undefined),
            ),
        }),
    ...(write === undefined
      ? {}
      : {
          write: (value, context): MaybePromise<ValueProblem | undefined> =>
            chain(
              guarded(() => write(value, context.values)),
              (result) => placeResult(context, path, result),
            ),
        }),
  }
}

function toReading(type: FieldType, result: ValueResult<unknown>, nothing: null | undefined): FieldReading {
  if (!result.ok) return result
  if (result.value === undefined) return accept(nothing)
  const parsed = fromExpressionResult(type, result.value)
  return parsed.ok && parsed.value !== undefined ? foldNulls(type, accept(parsed.value)) : parsed
}

/** Without a path the result consists of native properties, each of which is set under its name. */
function placeResult(
  { patch }: WriteContext,
  path: NativePath | undefined,
  result: ValueResult<unknown>,
): ValueProblem | undefined {
  if (!result.ok) return result.problem
  const plain = plainResult(result.value)
  if (!plain.ok) return plain.problem
  if (path !== undefined) return place(patch, path, accept({ kind: 'value', native: plain.value ?? null }))
  if (plain.value === undefined) return undefined
  if (!isPlainObject(plain.value)) {
    return refuse('MAPPING_FAILED', 'without a path, write must make an object of native properties').problem
  }
  for (const [key, native] of Object.entries(plain.value)) {
    const problem = patch.set([key], native)
    if (problem !== undefined) return problem
  }
  return undefined
}
