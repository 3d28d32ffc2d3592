/**
 * Compiles the mapping of one entity in one system into a lens: `read` and `write`, pure, field by field.
 *
 * A field that fails stays unknown and stops nothing: the others are read and written. Mappings made of paths
 * are synchronous; one expression or asynchronous function turns the whole reading or writing into a promise.
 */
import { findConstraintProblem, hasConstraints } from '../canonical/constraints.ts'
import { toExpressionDocument, toExpressionNative, withoutNulls } from '../canonical/expression-value.ts'
import { accept, refuse, type ValueProblem, type ValueResult } from '../canonical/value-result.ts'
import { IsthmusError } from '../errors.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../values.ts'
import type { FieldProblem, Lens, LensReading, LensWriting, MaybePromise, NestedPatch } from './contract.ts'
import {
  chain,
  type FieldLens,
  failed,
  isPromise,
  type ReadContext,
  type WriteContext,
} from './field-lens.ts'
import { formatPath, isPathWithin, pathFault } from './native-path.ts'
import type { FieldReading } from './native-value.ts'
import { compileExpressionLens, compileFunctionLens } from './pair-lens.ts'
import { Patch } from './patch.ts'
import { compilePathLens } from './path-lens.ts'
import type { LensFieldSpec, LensSource, LensSpec, ValueMap } from './spec.ts'

/**
 * Compiles a lens.
 *
 * @throws LENS_INVALID for reserved or overlapping paths and for value maps that are not reversible
 */
export function compileLens(spec: LensSpec): Lens {
  const fields = spec.fields.map(compileField)
  refuseOverlaps(fields)
  const byName = new Map(fields.map((field) => [field.name, field]))
  return Object.freeze({
    read: (native: NativeRecord) => readAll(fields, native),
    write: (values: CanonicalDocument, base: NativeRecord | undefined, nested: NestedPatch = 'replace') =>
      writeAll(byName, values, new Patch(base, nested)),
  })
}

function compileField(spec: LensFieldSpec): FieldLens {
  checkSource(spec.name, spec.source)
  const { read, write, ...lens } = compileSource(spec)
  return {
    ...lens,
    ...(spec.readable && read !== undefined ? { read: withLimits(spec, withDecoding(spec, read)) } : {}),
    ...(spec.writable && write !== undefined ? { write } : {}),
  }
}

function compileSource(spec: LensFieldSpec): FieldLens {
  const { name, type, source } = spec
  switch (source.kind) {
    case 'expression':
      return compileExpressionLens(name, type, source)
    case 'function':
      return compileFunctionLens(name, type, source)
    default:
      return compilePathLens(spec, source)
  }
}

/** Texts that the system stores escaped are read as the plain text that was sent. */
function withDecoding(
  { decode }: LensFieldSpec,
  read: NonNullable<FieldLens['read']>,
): NonNullable<FieldLens['read']> {
  if (decode === undefined) return read
  return (context) =>
    chain(
      read(context),
      (reading): FieldReading =>
        reading.ok && reading.value !== undefined ? accept(decode(reading.value)) : reading,
    )
}

const cardNumberMessage = 'it contains the number of a payment card'

/** Length, decimal places and format are checked on the value after the field's own normaliser. */
function withLimits(
  spec: LensFieldSpec,
  read: NonNullable<FieldLens['read']>,
): NonNullable<FieldLens['read']> {
  const { isRefused } = spec
  if (!hasConstraints(spec.type) && isRefused === undefined) return read
  return (context) =>
    chain(read(context), (reading): FieldReading => {
      if (!reading.ok || reading.value === undefined) return reading
      if (isRefused?.(reading.value) === true) return refuse('VALUE_CARD_NUMBER', cardNumberMessage)
      const normal = normalised(spec, reading.value)
      if (!normal.ok) return normal
      const problem = findConstraintProblem(spec.type, normal.value)
      return problem === undefined ? reading : { ok: false, problem }
    })
}

/** Normalisers of a TypeScript definition may throw on unexpected values. */
function normalised({ normalise }: LensFieldSpec, value: CanonicalValue): ValueResult<CanonicalValue> {
  try {
    return accept(normalise?.(value) ?? value)
  } catch (error) {
    return failed(error)
  }
}

function readAll(fields: readonly FieldLens[], native: NativeRecord): MaybePromise<LensReading> {
  let input: { readonly [key: string]: unknown } | undefined
  const context: ReadContext = {
    native,
    expressionInput: () => {
      input ??= withoutNulls(toExpressionNative(native))
      return input
    },
  }
  const names: string[] = []
  const readings: MaybePromise<FieldReading>[] = []
  for (const field of fields) {
    if (field.read === undefined) continue
    names.push(field.name)
    readings.push(field.read(context))
  }
  const settled = readings.filter((reading): reading is FieldReading => !isPromise(reading))
  if (settled.length === readings.length) return collect(names, settled)
  return Promise.all(readings).then((all) => collect(names, all))
}

function collect(names: readonly string[], readings: readonly FieldReading[]): LensReading {
  const values: Record<string, CanonicalValue> = {}
  const problems: FieldProblem[] = []
  for (let index = 0; index < names.length; index += 1) {
    const field = names[index] ?? ''
    const reading = readings[index]
    if (reading?.ok === false) problems.push({ field, ...reading.problem })
    else if (reading?.value !== undefined) values[field] = reading.value
  }
  return { values, problems }
}

function writeAll(
  fields: ReadonlyMap<string, FieldLens>,
  values: CanonicalDocument,
  patch: Patch,
): MaybePromise<LensWriting> {
  let input: { readonly [key: string]: unknown } | undefined
  const context: WriteContext = {
    values,
    patch,
    expressionInput: () => {
      input ??= withoutNulls(toExpressionDocument(values, (field) => fields.get(field)?.type))
      return input
    },
  }
  const names = Object.keys(values)
  const finish = (problems: readonly (ValueProblem | undefined)[]): LensWriting => ({
    patch: patch.result,
    problems: names.flatMap((field, index) => {
      const problem = problems[index]
      return problem === undefined ? [] : [{ field, ...problem }]
    }),
  })
  // One field after the other, so that the order of the patch is that of the document, even with asynchronous
  // mappings.
  return writeFrom(names, 0, [])

  function writeFrom(
    rest: readonly string[],
    start: number,
    problems: (ValueProblem | undefined)[],
  ): MaybePromise<LensWriting> {
    for (let index = start; index < rest.length; index += 1) {
      const problem = writeField(rest[index] ?? '')
      if (isPromise(problem))
        return problem.then((settled) => writeFrom(rest, index + 1, [...problems, settled]))
      problems.push(problem)
    }
    return finish(problems)
  }

  function writeField(name: string): MaybePromise<ValueProblem | undefined> {
    const write = fields.get(name)?.write
    if (write === undefined)
      return refuse('MAPPING_READ_ONLY', 'the field is not written in this system').problem
    const value = values[name]
    return value === undefined ? undefined : write(value, context)
  }
}

function checkSource(field: string, source: LensSource): void {
  switch (source.kind) {
    case 'group':
      for (const part of source.parts) checkSource(`${field}.${part.name}`, part.source)
      break
    case 'money':
      checkPath(field, source.amount)
      if (source.currency.kind === 'path') checkPath(field, source.currency.path)
      break
    case 'path':
      checkPath(field, source.path)
      if (source.values !== undefined) checkValueMap(field, source.values)
      for (const part of source.elements ?? []) checkSource(`${field}[].${part.name}`, part.source)
      break
    default:
      if (source.path !== undefined) checkPath(field, source.path)
  }
}

function checkPath(field: string, path: Parameters<typeof pathFault>[0]): void {
  const fault = pathFault(path)
  if (fault !== undefined) throw new IsthmusError('LENS_INVALID', `the mapping of ${field}: ${fault}`)
}

/** A written value must be read back unchanged, otherwise the field would be written again and again. */
function checkValueMap(field: string, { toCanonical, toNative }: ValueMap): void {
  for (const canonical of toCanonical.values()) {
    const native = toNative.get(String(canonical))
    if (native !== undefined && String(toCanonical.get(String(native))) === String(canonical)) continue
    const fault = `the value map is not reversible for ${String(canonical)}`
    throw new IsthmusError('LENS_INVALID', `the mapping of ${field}: ${fault}`)
  }
}

/** Two fields that write the same property would overwrite each other endlessly. */
function refuseOverlaps(fields: readonly FieldLens[]): void {
  const targets = fields.flatMap((field) =>
    field.write === undefined ? [] : field.writes.map((path) => ({ name: field.name, path })),
  )
  for (const [index, left] of targets.entries()) {
    const right = targets
      .slice(index + 1)
      .find(
        ({ name, path }) =>
          name !== left.name && (isPathWithin(left.path, path) || isPathWithin(path, left.path)),
      )
    if (right === undefined) continue
    const places = `${formatPath(left.path)} and ${formatPath(right.path)}`
    throw new IsthmusError('LENS_INVALID', `${left.name} and ${right.name} write the same place (${places})`)
  }
}
