/** From what a mapping says to where the lens looks. */
import { compileExpression } from '../expression.ts'
import type { Expression } from '../integration.ts'
import type { EmptySpelling, LensSource, NativePath, ValueMap, WriteTarget } from '../lens/spec.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { makesObject, onlyPathOf } from './expression-path.ts'
import { type DefinitionPath, problem } from './finding.ts'
import { parseNativePath } from './native-path.ts'
import { suggestion } from './nearest.ts'
import type { Report } from './report.ts'
import type { MappingLongForm } from './schema/mapping.ts'
import { emptySpelling, type SpellsDefinition } from './spelling.ts'

/** The source of a long form; undefined when something is wrong with it (then it is reported). */
export function longFormSource(
  mapping: MappingLongForm,
  type: FieldType,
  spells: SpellsDefinition | undefined,
  report: Report,
): LensSource | undefined {
  if (mapping.read !== undefined || mapping.write !== undefined) return pairSource(mapping, report)
  if (mapping.path === undefined) {
    report(problem('mapping', [], 'it is not said where the field lives', 'add path, or read and write'))
    return undefined
  }
  const empties = emptySpelling(spells, mapping.spells)
  const values = valueMap(mapping, type, report)
  if (values === 'wrong') return undefined
  const base = pathSource(mapping.path, type, empties, report, mapping.currency)
  if (base === undefined || values === undefined) return base
  if (base.kind !== 'path') {
    report(problem('mapping', ['values'], 'money has no value map', 'use read and write'))
    return undefined
  }
  return { ...base, values }
}

/** The source of a field that lives at a path. */
export function pathSource(
  text: string,
  type: FieldType,
  empties: EmptySpelling,
  report: Report,
  currency?: MappingLongForm['currency'],
): LensSource | undefined {
  const path = nativePath(text, ['path'], report)
  if (path === undefined) return undefined
  if (type.kind !== 'money') {
    if (currency === undefined) return { kind: 'path', path, empties }
    report(problem('mapping', ['currency'], `only money has a currency, this is ${type.kind}`))
    return undefined
  }
  if (currency === undefined) {
    const hint = 'add currency: <path of the code>, or currency: { fixed: EUR }'
    report(problem('mapping', [], 'money needs its currency', hint))
    return undefined
  }
  if (typeof currency === 'object')
    return { kind: 'money', amount: path, currency: { kind: 'fixed', currency: currency.fixed }, empties }
  const currencyPath = nativePath(currency, ['currency'], report)
  if (currencyPath === undefined) return undefined
  return { kind: 'money', amount: path, currency: { kind: 'path', path: currencyPath }, empties }
}

function nativePath(text: string, at: DefinitionPath, report: Report): NativePath | undefined {
  const path = parseNativePath(text)
  if (path !== undefined) return path
  const isArrow = /→|->/.test(text)
  const hint = isArrow
    ? 'arrows belong to entities with from: and to:'
    : 'write names with dots between, or ["odd.name"]'
  report(problem('mapping', at, `${text} is not a path`, hint))
  return undefined
}

function pairSource(mapping: MappingLongForm, report: Report): LensSource | undefined {
  const misplaced = (['values', 'currency', 'nativeType'] as const).find((key) => mapping[key] !== undefined)
  if (misplaced !== undefined) {
    report(
      problem(
        'mapping',
        [misplaced],
        `${misplaced} does not go with read and write`,
        'say it in the expressions',
      ),
    )
    return undefined
  }
  const { read, write } = mapping
  const target = mapping.path === undefined ? undefined : nativePath(mapping.path, ['path'], report)
  if (mapping.path !== undefined && target === undefined) return undefined
  if (typeof read !== 'string' && typeof write !== 'string') {
    return {
      kind: 'function',
      ...(read === undefined ? {} : { read }),
      ...(write === undefined ? {} : { write }),
      ...(target === undefined ? {} : { path: target }),
    }
  }
  if (typeof read === 'function' || typeof write === 'function') {
    report(
      problem(
        'mapping',
        [],
        'read is an expression and write a function, or the other way round',
        'make both one kind',
      ),
    )
    return undefined
  }
  return expressionSource(read, write, target, report)
}

function expressionSource(
  read: string | undefined,
  write: string | undefined,
  path: NativePath | undefined,
  report: Report,
): LensSource | undefined {
  const compiledRead = read === undefined ? undefined : expression(read, ['read'], report)
  const compiledWrite = write === undefined ? undefined : expression(write, ['write'], report)
  if (
    (read !== undefined && compiledRead === undefined) ||
    (write !== undefined && compiledWrite === undefined)
  )
    return undefined
  const target = path === undefined ? writeTarget(read, write, report) : { path }
  if (target === undefined) return undefined
  return {
    kind: 'expression',
    ...(compiledRead === undefined ? {} : { read: compiledRead }),
    ...(compiledWrite === undefined ? {} : { write: compiledWrite }),
    ...target,
  }
}

/** Without a path, a write goes to the one native path that read looks at, unless it makes an object itself. */
function writeTarget(
  read: string | undefined,
  write: string | undefined,
  report: Report,
): WriteTarget | undefined {
  if (write === undefined || makesObject(write)) return {}
  const path = read === undefined ? undefined : onlyPathOf(read)
  if (path !== undefined) return { path }
  const hint = 'add path:, or let write make an object of native properties'
  report(problem('mapping', ['write'], 'it is not said where the result goes', hint))
  return undefined
}

/** Compiles an expression; undefined (and reported) when its syntax is broken. */
export function expression(source: string, at: DefinitionPath, report: Report): Expression | undefined {
  try {
    return compileExpression(source)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the expression cannot be read'
    report(problem('expression', at, message, 'expressions are JSONata'))
    return undefined
  }
}

function valueMap(mapping: MappingLongForm, type: FieldType, report: Report): ValueMap | undefined | 'wrong' {
  const { values, nativeType = 'text' } = mapping
  if (values === undefined) return undefined
  const toCanonical = new Map<string, CanonicalValue>()
  const toNative = new Map<string, string | boolean | number | null>()
  let isSound = true
  for (const [native, canonical] of Object.entries(values)) {
    const text = String(canonical)
    const spelt = nativeValue(native, nativeType)
    if (spelt === undefined) {
      report({ ...problem('mapping', ['values', native], `${native} is not a ${nativeType}`), at: 'key' })
      isSound = false
    } else if (type.kind === 'enum' && !type.values.includes(text)) {
      const hint = suggestion(text, type.values)
      report(problem('unknown-name', ['values', native], `${text} is not a value of the field`, hint))
      isSound = false
    } else {
      toCanonical.set(native, typeof canonical === 'number' ? text : canonical)
      if (!toNative.has(text)) toNative.set(text, spelt)
    }
  }
  return isSound ? { toCanonical, toNative } : 'wrong'
}

function nativeValue(
  text: string,
  nativeType: NonNullable<MappingLongForm['nativeType']>,
): string | number | boolean | undefined {
  switch (nativeType) {
    case 'text':
      return text
    case 'number':
      return Number.isSafeInteger(Number(text)) || /^-?\d+\.\d{1,15}$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
  }
}
