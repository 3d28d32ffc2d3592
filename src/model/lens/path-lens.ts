import { parseCanonical } from '../canonical/canonical.ts'
import { parseMoney } from '../canonical/money.ts'
import { numberToNative } from '../canonical/number.ts'
import { isCanonicalList, isCanonicalObject } from '../canonical/object.ts'
import { plainSpelling } from '../canonical/spelling.ts'
import { accept, refuse, type ValueProblem } from '../canonical/value-result.ts'
import { plainEmpties } from '../normalisers/contract.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { type FieldLens, place, type WriteContext } from './field-lens.ts'
import {
  type ElementLens,
  type GroupListType,
  isGroupList,
  readElements,
  writeElements,
} from './list-elements.ts'
import { nativeAt } from './native-path.ts'
import { type FieldReading, foldNulls, readNative, writeNative } from './native-value.ts'
import type { LensFieldSpec, LensPartSpec, LensSource, NativePath } from './spec.ts'

/** The kinds of source that are paths: they read and write synchronously. */
export type PathSource = Extract<LensSource, { kind: 'path' | 'money' | 'group' }>

type SyncLens = Pick<FieldLens, 'writes'> & {
  readonly read: (native: unknown) => FieldReading
  readonly write: (value: CanonicalValue, context: WriteContext) => ValueProblem | undefined
}

/** Compiles a field that is mapped to paths. */
export function compilePathLens(
  { name, type, asWritten }: Pick<LensFieldSpec, 'name' | 'type' | 'asWritten'>,
  source: PathSource,
): Required<FieldLens> {
  const lens = compileSource(type, source, asWritten)
  return { name, type, writes: lens.writes, write: lens.write, read: ({ native }) => lens.read(native) }
}

function compileSource(
  type: FieldType,
  source: PathSource,
  asWritten?: LensFieldSpec['asWritten'],
): SyncLens {
  switch (source.kind) {
    case 'path':
      return isGroupList(type) ? listLens(type, source, asWritten) : singleLens(type, source)
    case 'money':
      return moneyLens(source)
    case 'group':
      return groupLens(type, source.parts)
  }
}

function singleLens(type: FieldType, source: Extract<PathSource, { kind: 'path' }>): SyncLens {
  const { path } = source
  return {
    writes: [path],
    read: (native) => readNative(type, nativeAt(native, path), source),
    write: (value, { patch }) => {
      const keepsNeighbours = type.kind === 'group' && value === null && patch.hasBase(path)
      if (keepsNeighbours) return patch.set(path, nullParts(type.fields))
      return place(patch, path, writeNative(type, value, source))
    },
  }
}

type SinglePath = Extract<PathSource, { kind: 'path' }>

/** A list of groups: unmapped properties of its elements are kept. */
function listLens(type: GroupListType, source: SinglePath, asWritten: LensFieldSpec['asWritten']): SyncLens {
  const whole = singleLens(type, source)
  const { path, elements, values, spelling } = source
  if (values !== undefined || spelling?.separator !== undefined) return whole
  const lens = elementLens(type, elements)
  return {
    writes: [path],
    read: (native) => {
      const held = nativeAt(native, path)
      const isList = elements !== undefined && Array.isArray(held) && held.length > 0
      return isList ? readElements(type, lens, held) : whole.read(native)
    },
    write: (value, context) => {
      if (!isCanonicalList(value) || value.length === 0) return whole.write(value, context)
      const { patch } = context
      const written = writeElements(value, { type, lens, held: patch.baseAt(path), asWritten })
      return written.ok ? patch.set(path, written.value) : written.problem
    },
  }
}

/** Without mappings of its own, a part of an element has its own name. */
function elementLens({ of }: GroupListType, elements: readonly LensPartSpec[] | undefined): ElementLens {
  const plain = Object.entries(of.fields).map(
    ([name, type]): LensPartSpec => ({
      name,
      type,
      source: { kind: 'path', path: [name], empties: plainEmpties },
    }),
  )
  const lens = groupLens(of, elements ?? plain)
  return {
    read: (native) => (elements === undefined ? parseCanonical(of, native) : lens.read(native)),
    write: (parts, patch) => lens.write(parts, { values: {}, patch, expressionInput: () => ({}) }),
  }
}

/** Every declared part as null: the object itself may contain unmapped properties. */
function nullParts(fields: Readonly<Record<string, FieldType>>): { readonly [part: string]: null } {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, null]))
}

function moneyLens(source: Extract<PathSource, { kind: 'money' }>): SyncLens {
  const { amount: amountPath, currency } = source
  const decimal: FieldType = { kind: 'decimal' }
  const currencyPath: NativePath | undefined = currency.kind === 'path' ? currency.path : undefined
  return {
    writes: currencyPath === undefined ? [amountPath] : [amountPath, currencyPath],
    read: (native) => {
      const amount = readNative(decimal, nativeAt(native, amountPath), source)
      if (!amount.ok || amount.value === undefined || amount.value === null) return amount
      const code = currency.kind === 'fixed' ? currency.currency : nativeAt(native, currency.path)
      return parseMoney({ amount: amount.value, currency: code }, plainSpelling)
    },
    write: (value, { patch }) => {
      if (value === null) return place(patch, amountPath, writeNative(decimal, null, source))
      if (!isCanonicalObject(value) || typeof value.amount !== 'string')
        return notA('amount with its currency')
      if (currency.kind === 'fixed' && value.currency !== currency.currency) {
        return refuse('MAPPING_FAILED', `this system keeps amounts in ${currency.currency} only`).problem
      }
      const native = numberToNative(value.amount, source.spelling ?? plainSpelling)
      const problem = patch.set(amountPath, native)
      if (problem !== undefined || currencyPath === undefined) return problem
      return patch.set(currencyPath, value.currency)
    },
  }
}

function groupLens(type: FieldType, specs: readonly LensPartSpec[]): SyncLens {
  const parts = specs.flatMap(({ name, type: partType, source }) => {
    const isPath = source.kind === 'path' || source.kind === 'money' || source.kind === 'group'
    return isPath ? [{ name, lens: compileSource(partType, source) }] : []
  })
  return {
    writes: parts.flatMap(({ lens }) => lens.writes),
    read: (native) => {
      const found: [string, CanonicalValue][] = []
      for (const { name, lens } of parts) {
        const part = lens.read(native)
        if (!part.ok) return refuse(part.problem.code, `${name}: ${part.problem.message}`)
        if (part.value !== undefined) found.push([name, part.value])
      }
      return found.length === 0 ? accept(undefined) : foldNulls(type, accept(Object.fromEntries(found)))
    },
    write: (value, context) => {
      if (value !== null && !isCanonicalObject(value)) return notA('group')
      for (const { name, lens } of parts) {
        const part = value === null ? null : Object.hasOwn(value, name) ? value[name] : undefined
        const problem = part === undefined ? undefined : lens.write(part, context)
        if (problem !== undefined) return { ...problem, message: `${name}: ${problem.message}` }
      }
      return undefined
    },
  }
}

function notA(what: string): { code: 'VALUE_TYPE'; message: string } {
  return { code: 'VALUE_TYPE', message: `the canonical value is not an ${what}` }
}
