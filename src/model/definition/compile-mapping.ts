/** One field's mapping in one system: where it lives, how it is spelt, and what the system does to it. */

import type { SystemField } from '../integration.ts'
import type { LensFieldSpec, LensSource, NormaliserSpec } from '../lens/spec.ts'
import type { FieldType } from '../values.ts'
import { problem } from './finding.ts'
import { groupParts, mappingForm } from './mapping-form.ts'
import { longFormSource, pathSource } from './mapping-source.ts'
import { normaliserOf, normaliserSpecs, partsNormaliser } from './normaliser-specs.ts'
import { type Report, reportUnder } from './report.ts'
import type { GroupMapping, MappingDefinition, MappingLongForm } from './schema/mapping.ts'
import { emptySpelling, type SpellsDefinition } from './spelling.ts'

/** What a mapping needs to know of its field and its system. */
export interface MappingContext {
  readonly name: string
  readonly type: FieldType
  readonly required: boolean
  /** False for sources and systems that take neither creates nor updates. */
  readonly systemWritable: boolean
  readonly acceptRaceWindow: boolean
  readonly spells: SpellsDefinition | undefined
}

export interface CompiledMapping {
  readonly lens: LensFieldSpec
  readonly field: SystemField
}

/** Compiles one field's mapping; undefined when something is wrong with it (then it is reported). */
export function compileMapping(
  mapping: MappingDefinition,
  context: MappingContext,
  report: Report,
): CompiledMapping | undefined {
  const form = mappingForm(mapping, context.type, report)
  if (form === undefined) return undefined
  if (form.kind === 'parts') return compileGroup(form.mapping, context, report)
  const { mapping: long } = form
  const source = longFormSource(long, context.type, context.spells, report)
  if (source === undefined) return undefined
  const specs = normaliserSpecs(long, emptySpelling(context.spells, long.spells))
  return finish(context, long, source, specs, report)
}

function compileGroup(
  group: GroupMapping,
  context: MappingContext,
  report: Report,
): CompiledMapping | undefined {
  const parts = groupParts(group, context.type, report)
  if (parts === undefined) return undefined
  const sources = parts.map((part) => {
    const under = reportUnder(report, part.path)
    const source =
      typeof part.mapping === 'string'
        ? pathSource(part.mapping, part.type, emptySpelling(context.spells), under)
        : longFormSource(part.mapping, part.type, context.spells, under)
    return source === undefined ? undefined : { name: part.name, type: part.type, source }
  })
  const compiled = sources.filter((part) => part !== undefined)
  if (compiled.length < sources.length) return undefined
  const inner = parts.map((part) => {
    const long: MappingLongForm = typeof part.mapping === 'string' ? {} : part.mapping
    const specs = normaliserSpecs(long, emptySpelling(context.spells, long.spells))
    return {
      name: part.name,
      normalise: normaliserOf(specs, part.type, reportUnder(report, part.path)),
      isPlain: specs.length === 0,
    }
  })
  const specs = [
    ...partsNormaliser(inner),
    ...normaliserSpecs(group, emptySpelling(context.spells, group.spells)),
  ]
  return finish(context, group, { kind: 'group', parts: compiled }, specs, report)
}

type CommonKeys = Pick<MappingLongForm, 'direction' | 'lossy' | 'acceptRaceWindow' | 'nullable'>

function finish(
  context: MappingContext,
  keys: CommonKeys,
  source: LensSource,
  specs: readonly NormaliserSpec[],
  report: Report,
): CompiledMapping {
  const direction = keys.direction ?? 'both'
  const pair = source.kind === 'expression' || source.kind === 'function' ? source : undefined
  const readable = direction !== 'write' && (pair === undefined || pair.read !== undefined)
  const writable =
    context.systemWritable && direction !== 'read' && (pair === undefined || pair.write !== undefined)
  const { name, type } = context
  return {
    lens: { name, type, readable, writable, source },
    field: {
      name,
      readable,
      writable,
      normalise: normaliserOf(specs, type, report),
      neverOrigin: keys.lossy === 'never-origin',
      acceptRaceWindow: keys.acceptRaceWindow ?? context.acceptRaceWindow,
      nullable: keys.nullable ?? !context.required,
    },
  }
}

/** Refuses a mapping that neither reads nor writes. */
export function reportUseless(compiled: CompiledMapping, report: Report): void {
  const { readable, writable } = compiled.field
  if (readable || writable) return
  report(problem('mapping', [], 'it is neither read nor written here', 'leave it out, or change direction'))
}
