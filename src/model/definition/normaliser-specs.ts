import { type EmptySpelling, type NormaliserSpec, plainEmpties } from '../lens/spec.ts'
import { compileNormaliser, type Normaliser } from '../normalisers/normaliser.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { problem } from './finding.ts'
import type { Report } from './report.ts'
import type { MappingLongForm } from './schema/mapping.ts'

/** Compiles normalisers; one that makes no sense for the type is reported, and nothing is normalised. */
export function normaliserOf(specs: readonly NormaliserSpec[], type: FieldType, report: Report): Normaliser {
  try {
    return compileNormaliser(specs, type)
  } catch (error) {
    report(
      problem('value', [], error instanceof Error ? error.message : 'this normaliser makes no sense here'),
    )
    return (value) => value
  }
}

type Normalize = MappingLongForm['normalize']

/** The named normalisers and functions of a `normalize` list. */
export function listedNormalisers(list: Normalize): NormaliserSpec[] {
  return (list ?? []).map((item) =>
    typeof item === 'function' ? { kind: 'function', normalise: item } : { kind: item },
  )
}

/** What a system does to a value when it stores it, in order: its own changes of text, then its bounds, then its empties. */
export function normaliserSpecs(
  mapping: Pick<MappingLongForm, 'normalize' | 'maxLength' | 'scale'>,
  empties: EmptySpelling,
): NormaliserSpec[] {
  return [
    ...listedNormalisers(mapping.normalize),
    ...(mapping.maxLength === undefined ? [] : [{ kind: 'maxLength', length: mapping.maxLength } as const]),
    ...(mapping.scale === undefined ? [] : [{ kind: 'scale', scale: mapping.scale } as const]),
    ...(empties === plainEmpties ? [] : [{ kind: 'empties', empties } as const]),
  ]
}

/** What a system does to one part of a group. */
export interface PartNormaliser {
  readonly name: string
  readonly normalise: (value: CanonicalValue) => CanonicalValue
}

/** A normaliser of a group that treats each part in its own way. */
export function partsNormaliser(parts: readonly PartNormaliser[]): NormaliserSpec[] {
  const active = new Map(parts.map((part) => [part.name, part.normalise]))
  if (active.size === 0) return []
  const normalise = (value: CanonicalValue): CanonicalValue => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const entries = Object.entries(value).map(
      ([name, part]: [string, CanonicalValue]) => [name, active.get(name)?.(part) ?? part] as const,
    )
    return Object.fromEntries(entries)
  }
  return [{ kind: 'function', normalise }]
}
