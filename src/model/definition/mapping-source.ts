/** Converts a mapping to the source that the lens reads. */
import { type GroupListType, isGroupList } from '../lens/list-elements.ts'
import type { LensPartSpec, LensSource, NativePath, WriteTarget } from '../lens/spec.ts'
import type { EmptySpelling } from '../normalisers/contract.ts'
import type { FieldType } from '../values.ts'
import { expressionAt } from './expression.ts'
import { makesObject, onlyPathOf } from './expression-path.ts'
import { type DefinitionPath, problem } from './finding.ts'
import { groupParts } from './mapping-form.ts'
import { parseNativePath } from './native-path.ts'
import { nativeSpelling, spellingKeys } from './native-spelling.ts'
import { type Report, reportUnder } from './report.ts'
import type { MappingLongForm } from './schema/mapping.ts'
import { emptySpelling, type SpellsDefinition } from './spelling.ts'
import { valueMap } from './value-map.ts'

/** The context of a source. */
export interface SourceContext {
  readonly type: FieldType
  /** Representation of empty values, from the system down to the level above the mapping. */
  readonly spells: readonly (SpellsDefinition | undefined)[]
}

/** The source of a path or a long form; undefined when it has errors (which are reported). */
export function mappingSource(
  mapping: MappingLongForm,
  context: SourceContext,
  report: Report,
): LensSource | undefined {
  if (mapping.read !== undefined || mapping.write !== undefined) return pairSource(mapping, report)
  if (mapping.path === undefined) {
    report(problem('mapping', [], 'the location of the field is missing', 'add path, or read and write'))
    return undefined
  }
  const path = nativePath(mapping.path, ['path'], report)
  if (path === undefined) return undefined
  const empties = emptySpelling(...context.spells, mapping.spells)
  return context.type.kind === 'money'
    ? moneySource(mapping, path, empties, report)
    : plainSource(mapping, { path, empties, ...context }, report)
}

function plainSource(
  mapping: MappingLongForm,
  { path, empties, type, spells }: SourceContext & { path: NativePath; empties: EmptySpelling },
  report: Report,
): LensSource | undefined {
  if (mapping.currency !== undefined) {
    report(problem('mapping', ['currency'], `only money has a currency, this is ${type.kind}`))
    return undefined
  }
  const values = valueMap(mapping, type, report)
  const spelling = nativeSpelling(mapping, type, report)
  const elements = elementSources(mapping, { type, spells }, report)
  if (values === 'wrong' || spelling === 'wrong' || elements === 'wrong') return undefined
  return {
    kind: 'path',
    path,
    empties,
    ...(elements === undefined ? {} : { elements }),
    ...(values === undefined ? {} : { values }),
    ...(spelling === undefined ? {} : { spelling }),
  }
}

/** The mappings of the parts of an element; `wrong` (and reported) when they are invalid. */
function elementSources(
  mapping: MappingLongForm,
  { type, spells }: SourceContext,
  report: Report,
): readonly LensPartSpec[] | undefined | 'wrong' {
  const { elements } = mapping
  if (elements === undefined) return undefined
  const inElements = reportUnder(report, ['elements'])
  if (!isGroupList(type)) {
    inElements(problem('mapping', [], `only sets and lists of groups have them, this is ${type.kind}`))
    return 'wrong'
  }
  const parts = groupParts({ fields: elements }, type.of, inElements)
  if (parts === undefined || !isWhole(mapping, type, inElements)) return 'wrong'
  const sources = parts.flatMap((part): LensPartSpec[] => {
    const long: MappingLongForm = typeof part.mapping === 'string' ? { path: part.mapping } : part.mapping
    const source = mappingSource(long, { type: part.type, spells }, reportUnder(inElements, part.path))
    return source === undefined ? [] : [{ name: part.name, type: part.type, source }]
  })
  return sources.length === parts.length ? sources : 'wrong'
}

/**
 * A list is agreed as one value: an edit in a system that lacks a part would remove it from every element.
 */
function isWhole(
  { elements, lossy, direction }: MappingLongForm,
  type: GroupListType,
  report: Report,
): boolean {
  if (lossy !== undefined || direction === 'write') return true
  const missing = Object.keys(type.of.fields).filter((name) => elements?.[name] === undefined)
  for (const name of missing) {
    const hint = 'map it, or set lossy: never-origin if this system cannot store it'
    report(problem('mapping', [], `the part ${name} of an element is not mapped`, hint))
  }
  return missing.length === 0
}

function moneySource(
  mapping: MappingLongForm,
  amount: NativePath,
  empties: EmptySpelling,
  report: Report,
): LensSource | undefined {
  const { currency, values } = mapping
  if (values !== undefined) {
    report(problem('mapping', ['values'], 'money has no value map', 'use read and write'))
    return undefined
  }
  if (currency === undefined) {
    const hint = 'add currency: <path of the code>, or currency: { fixed: EUR }'
    report(problem('mapping', [], 'money needs its currency', hint))
    return undefined
  }
  const spelling = nativeSpelling(mapping, { kind: 'money' }, report)
  if (spelling === 'wrong') return undefined
  const spelt = { amount, empties, ...(spelling === undefined ? {} : { spelling }) }
  if (typeof currency === 'object')
    return { kind: 'money', currency: { kind: 'fixed', currency: currency.fixed }, ...spelt }
  const path = nativePath(currency, ['currency'], report)
  return path === undefined ? undefined : { kind: 'money', currency: { kind: 'path', path }, ...spelt }
}

function nativePath(text: string, at: DefinitionPath, report: Report): NativePath | undefined {
  const path = parseNativePath(text)
  if (path !== undefined) return path
  const isArrow = /→|->/.test(text)
  const hint = isArrow
    ? 'arrows belong to entities with from: and to:'
    : 'write names separated by dots, or ["odd.name"]'
  report(problem('mapping', at, `${text} is not a path`, hint))
  return undefined
}

function pairSource(mapping: MappingLongForm, report: Report): LensSource | undefined {
  const misplaced = (['values', 'currency', ...spellingKeys, 'spells', 'elements'] as const).find(
    (key) => mapping[key] !== undefined,
  )
  if (misplaced !== undefined) {
    report(
      problem(
        'mapping',
        [misplaced],
        `${misplaced} does not go with read and write`,
        'express it in the expressions',
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
  const compiledRead = read === undefined ? undefined : expressionAt(read, ['read'], report)
  const compiledWrite = write === undefined ? undefined : expressionAt(write, ['write'], report)
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

/** Without a path, a write uses the one native path that read uses, unless it returns an object itself. */
function writeTarget(
  read: string | undefined,
  write: string | undefined,
  report: Report,
): WriteTarget | undefined {
  if (write === undefined || makesObject(write)) return {}
  const path = read === undefined ? undefined : onlyPathOf(read)
  if (path !== undefined) return { path }
  const hint = 'add path:, or let write make an object of native properties'
  report(problem('mapping', ['write'], 'the location of the result is missing', hint))
  return undefined
}
