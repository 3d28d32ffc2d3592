import { sortSet } from '../canonical/collection.ts'
import { isCanonicalList, isCanonicalObject } from '../canonical/object.ts'
import type { GroupListType } from '../lens/list-elements.ts'
import { type EmptySpelling, type NormaliserSpec, plainEmpties } from '../normalisers/contract.ts'
import { compileNormaliser, type Normaliser } from '../normalisers/normaliser.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { problem } from './finding.ts'
import type { Report } from './report.ts'
import type { MappingLongForm } from './schema/mapping.ts'

/** Compiles normalisers; one that is invalid for the type is reported, and nothing is normalised. */
export function normaliserOf(specs: readonly NormaliserSpec[], type: FieldType, report: Report): Normaliser {
  try {
    return compileNormaliser(specs, type)
  } catch (error) {
    report(
      problem('value', [], error instanceof Error ? error.message : 'this normaliser does not apply here'),
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

/**
 * What a system does to a value when it stores it, in order: changes of the text, then its bounds, then empty
 * values.
 */
export function normaliserSpecs(
  mapping: Pick<MappingLongForm, 'normalize' | 'maxLength' | 'scale' | 'precision'>,
  empties: EmptySpelling,
): NormaliserSpec[] {
  const steps: NormaliserSpec[] = [
    ...listedNormalisers(mapping.normalize),
    ...(mapping.maxLength === undefined ? [] : [{ kind: 'maxLength', length: mapping.maxLength } as const]),
    ...(mapping.scale === undefined ? [] : [{ kind: 'scale', scale: mapping.scale } as const]),
    ...(mapping.precision === undefined ? [] : [{ kind: 'precision', unit: mapping.precision } as const]),
  ]
  const escaping = steps.findIndex(({ kind }) => kind === 'escapeHtml')
  // Steps after the escaping apply to the escaped text: a length counts `&amp;` as five characters.
  const seen: readonly NormaliserSpec[] =
    escaping < 0
      ? steps
      : [...steps.slice(0, escaping), { kind: 'escaped', steps: steps.slice(escaping + 1) }]
  return [...seen, ...(empties === plainEmpties ? [] : [{ kind: 'empties', empties } as const])]
}

/** True when a system escapes a value when it stores it, so that read values have to be unescaped. */
export function isEscaped(specs: readonly NormaliserSpec[]): boolean {
  return specs.some(({ kind }) => kind === 'escaped')
}

/** What a system does to one part of a group. */
export interface PartNormaliser {
  readonly name: string
  readonly normalise: (value: CanonicalValue) => CanonicalValue
}

/**
 * A normaliser of a group that is mapped part by part: each part is normalised separately, and an unmapped
 * part can't be stored. A group without remaining parts is null, as it would be read.
 */
export function partsNormaliser(parts: readonly PartNormaliser[]): NormaliserSpec[] {
  return [{ kind: 'function', normalise: normaliseParts(parts) }]
}

/** The same for each element of a set or list; an element without remaining parts stays an element. */
export function elementsNormaliser(type: GroupListType, parts: readonly PartNormaliser[]): NormaliserSpec[] {
  const normaliseElement = normaliseParts(parts)
  const normalise = (value: CanonicalValue): CanonicalValue => {
    if (!isCanonicalList(value)) return value
    const elements = value.map((element) => normaliseElement(element) ?? {})
    return type.kind === 'set' ? sortSet(elements) : elements
  }
  return [{ kind: 'function', normalise }]
}

function normaliseParts(parts: readonly PartNormaliser[]): (value: CanonicalValue) => CanonicalValue {
  const mapped = new Map(parts.map((part) => [part.name, part.normalise]))
  return (value) => {
    if (!isCanonicalObject(value)) return value
    const entries = Object.entries(value).flatMap(([name, part]) => {
      const normalisePart = mapped.get(name)
      return normalisePart === undefined ? [] : [[name, normalisePart(part)] as const]
    })
    return entries.every(([, part]) => part === null) ? null : Object.fromEntries(entries)
  }
}
