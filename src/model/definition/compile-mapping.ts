/** One field's mapping in one system: its location, its format, and the normalisation by the system. */

import { widestEquality } from '../create-evidence.ts'
import type { ValueEquality } from '../equality.ts'
import type { Field, SystemField } from '../integration.ts'
import { type LensId, sourceIdentity } from '../lens/identity.ts'
import { type GroupListType, isGroupList } from '../lens/list-elements.ts'
import type { LensFieldSpec, LensPartSpec, LensSource, NativePath } from '../lens/spec.ts'
import { type NormaliserSpec, plainEmpties } from '../normalisers/contract.ts'
import type { FieldType } from '../values.ts'
import { problem } from './finding.ts'
import { groupParts, mappingForm } from './mapping-form.ts'
import { mappingSource } from './mapping-source.ts'
import {
  elementsNormaliser,
  normaliserOf,
  normaliserSpecs,
  type PartNormaliser,
  partsNormaliser,
} from './normaliser-specs.ts'
import { type Report, reportUnder } from './report.ts'
import type { GroupMapping, MappingDefinition, MappingLongForm } from './schema/mapping.ts'
import { emptySpelling, type SpellsDefinition } from './spelling.ts'
import {
  codecOf,
  composeCodecs,
  elementsCodec,
  type PartCodec,
  partsCodec,
  type TextCodec,
} from './text-codec.ts'
import { equalityOf, equalityOfSource } from './value-equality.ts'

/** Makes the identity of one field's lens in one system; functions without a version are reported. */
export type Identify = (field: string, declared: unknown, report: Report) => LensId

/** The context of a mapping: its field and its system. */
export interface MappingContext {
  readonly field: Field
  /** Makes the identity of the field's lens from its declaration. */
  readonly identify: Identify
  /** False for sources and systems that take neither creates nor updates. */
  readonly systemWritable: boolean
  readonly acceptRaceWindow: boolean
  readonly spells: SpellsDefinition | undefined
}

/** One field in one system, compiled: its lens and its settings. */
export interface CompiledMapping {
  readonly lens: LensFieldSpec
  readonly field: SystemField
}

/** Compiles one field's mapping; undefined when it has errors (which are reported). */
export function compileMapping(
  mapping: MappingDefinition,
  context: MappingContext,
  report: Report,
): CompiledMapping | undefined {
  const { type } = context.field
  const form = mappingForm(mapping, type, report)
  if (form === undefined) return undefined
  const compiled =
    form.kind === 'parts'
      ? groupSource(form.mapping, context, report)
      : wholeSource(form.mapping, context, report)
  if (compiled === undefined) return undefined
  const result = finish(form.mapping, context, {
    source: compiled.source,
    normalise: normaliserOf(compiled.specs, type, report),
    codec: compiled.codec,
    declared: compiled.declared,
    report,
    equality: widestEquality(
      context.field.equality ?? 'exact',
      equalityOf(compiled.specs),
      equalityOfSource(compiled.source, type),
    ),
  })
  if (!result.field.readable && !result.field.writable)
    report(problem('mapping', [], 'it is neither read nor written here', 'leave it out, or change direction'))
  return result
}

/** The location of a field, and what its system does to the value. */
interface CompiledSource {
  readonly source: LensSource
  readonly specs: readonly NormaliserSpec[]
  /** How texts are stored there, if not unchanged. */
  readonly codec: TextCodec | undefined
  /** Both as declared, for the identity of the lens. */
  readonly declared: unknown
}

function wholeSource(
  mapping: MappingLongForm,
  { field: { type }, spells }: MappingContext,
  report: Report,
): CompiledSource | undefined {
  const source = mappingSource(mapping, { type, spells: [spells] }, report)
  if (source === undefined) return undefined
  // Expressions have no format of their own.
  const isPair = source.kind === 'expression' || source.kind === 'function'
  const empties = isPair ? plainEmpties : emptySpelling(spells, mapping.spells)
  const specs = normaliserSpecs(mapping, empties)
  const elements = isGroupList(type) ? mapping.elements : undefined
  if (!isGroupList(type) || elements === undefined)
    return { source, specs, codec: codecOf(specs, type), declared: { source: sourceIdentity(source), specs } }
  const parts = elementParts(elements, type, { spells, report })
  const declaredParts = Object.fromEntries(parts.map((part) => [part.name, part.specs]))
  return {
    source,
    specs: [...elementsNormaliser(type, parts), ...specs],
    codec: composeCodecs(elementsCodec(type, parts), codecOf(specs, type)),
    declared: { source: sourceIdentity(source), specs, parts: declaredParts },
  }
}

/** The normalisation of the parts of each element, compiled and as declared. */
function elementParts(
  elements: NonNullable<MappingLongForm['elements']>,
  type: GroupListType,
  { spells, report }: { readonly spells: SpellsDefinition | undefined; readonly report: Report },
): (PartNormaliser & PartCodec & { readonly specs: readonly NormaliserSpec[] })[] {
  return Object.entries(elements).flatMap(([name, mapping]) => {
    const partType = type.of.fields[name]
    if (partType === undefined) return []
    const long: MappingLongForm = typeof mapping === 'string' ? { path: mapping } : mapping
    const specs = normaliserSpecs(long, emptySpelling(spells, long.spells))
    const under = reportUnder(report, ['elements', name])
    return [{ name, specs, codec: codecOf(specs, partType), normalise: normaliserOf(specs, partType, under) }]
  })
}

function groupSource(
  group: GroupMapping,
  context: MappingContext,
  report: Report,
): CompiledSource | undefined {
  const parts = groupParts(group, context.field.type, report)
  if (parts === undefined) return undefined
  const sources: LensPartSpec[] = []
  const normalisers: (PartNormaliser & PartCodec)[] = []
  const declaredParts: Record<string, unknown> = {}
  for (const { name, type, mapping, path } of parts) {
    const under = reportUnder(report, path)
    const long: MappingLongForm = typeof mapping === 'string' ? { path: mapping } : mapping
    const source = mappingSource(long, { type, spells: [context.spells, group.spells] }, under)
    if (source === undefined) continue
    sources.push({ name, type, source })
    const specs = normaliserSpecs(long, emptySpelling(context.spells, group.spells, long.spells))
    normalisers.push({ name, codec: codecOf(specs, type), normalise: normaliserOf(specs, type, under) })
    declaredParts[name] = specs
  }
  if (sources.length < parts.length) return undefined
  const source: LensSource = { kind: 'group', parts: sources }
  const specs = normaliserSpecs(group, plainEmpties)
  return {
    source,
    specs: [...partsNormaliser(normalisers), ...specs],
    codec: composeCodecs(partsCodec(normalisers), codecOf(specs, context.field.type)),
    declared: { source: sourceIdentity(source), specs, parts: declaredParts },
  }
}

type CommonKeys = Pick<MappingLongForm, 'direction' | 'lossy' | 'acceptRaceWindow' | 'nullable'>

function finish(
  keys: CommonKeys,
  context: MappingContext,
  {
    source,
    normalise,
    codec,
    declared,
    report,
    equality,
  }: Pick<SystemField, 'normalise'> & {
    source: LensSource
    codec: TextCodec | undefined
    declared: unknown
    report: Report
    equality: ValueEquality
  },
): CompiledMapping {
  const direction = keys.direction ?? 'both'
  const pair = source.kind === 'expression' || source.kind === 'function' ? source : undefined
  const readable = direction !== 'write' && (pair === undefined || pair.read !== undefined)
  const writable =
    context.systemWritable && direction !== 'read' && (pair === undefined || pair.write !== undefined)
  const { name, type, required, normalise: normaliseField, cardNumbers } = context.field
  return {
    lens: {
      name,
      type,
      readable,
      writable,
      source,
      normalise: normaliseField,
      isRefused: cardNumbers?.isRefused,
      decode: codec?.decode,
      // Elements of lists are recognised by the texts that the system stores.
      asWritten: (value) => {
        const stored = normalise(normaliseField(value))
        return codec === undefined ? stored : codec.encode(stored)
      },
    },
    field: {
      name,
      readable,
      writable,
      normalise,
      equality,
      neverOrigin: keys.lossy === 'never-origin',
      acceptRaceWindow: keys.acceptRaceWindow ?? context.acceptRaceWindow,
      nullable: keys.nullable ?? !required,
      lensId: context.identify(name, { declared, readable }, report),
      native: { paths: pathsOf(source), expressions: expressionsOf(source) },
      ...mappedParts(type, source),
    },
  }
}

/** The parts of a group that the system has, where it lacks some. */
function mappedParts(type: FieldType, source: LensSource): Pick<SystemField, 'parts'> {
  if (type.kind !== 'group' || source.kind !== 'group') return {}
  const parts = new Set(source.parts.map(({ name }) => name))
  return Object.keys(type.fields).every((name) => parts.has(name)) ? {} : { parts }
}

/** Native paths that a mapping may write to; an expression without a path is not analysed. */
export function writtenPaths({ writable, source }: LensFieldSpec): readonly NativePath[] {
  return writable ? pathsOf(source) : []
}

function expressionsOf(source: LensSource): readonly string[] {
  if (source.kind !== 'expression') return []
  return [source.read, source.write].flatMap((expression) =>
    expression === undefined ? [] : [expression.source],
  )
}

function pathsOf(source: LensSource): readonly NativePath[] {
  switch (source.kind) {
    case 'group':
      return source.parts.flatMap((part) => pathsOf(part.source))
    case 'money':
      return source.currency.kind === 'path' ? [source.amount, source.currency.path] : [source.amount]
    default:
      return source.path === undefined ? [] : [source.path]
  }
}
