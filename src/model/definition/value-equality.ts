/**
 * Which values a mapping and its normalisers treat as equal: a search has to find all of them to show that a
 * value does not exist.
 */

import { widestEquality } from '../create-evidence.ts'
import type { ValueEquality } from '../equality.ts'
import type { LensSource } from '../lens/spec.ts'
import type { NormaliserSpec } from '../normalisers/contract.ts'
import type { FieldType } from '../values.ts'

/** The equality that results from normalisers. */
export function equalityOf(specs: readonly NormaliserSpec[]): ValueEquality {
  return widestEquality(...specs.map(equalityOfStep))
}

function equalityOfStep({ kind }: NormaliserSpec): ValueEquality {
  switch (kind) {
    case 'lowercase':
    case 'uppercase':
      return 'ignoringCase'
    case 'trim':
    case 'email':
      return 'ignoringCaseAndSpace'
    // These change only the system's own representation: lengths, digits and empty values are its own, and
    // Unicode has one usual form.
    case 'maxLength':
    case 'scale':
    case 'precision':
    case 'empties':
    case 'nfc':
      return 'exact'
    default:
      return 'wider'
  }
}

/** Types with a single representation per system. A time can be in any zone, a set in any order. */
const plainTypes: ReadonlySet<FieldType['kind']> = new Set([
  'string',
  'enum',
  'integer',
  'decimal',
  'boolean',
  'date',
  'ref',
])

/**
 * The equality added by the format of a value: expressions are not analysed, and a value map may read several
 * values as one.
 */
export function equalityOfSource(source: LensSource, type: FieldType): ValueEquality {
  if (source.kind === 'group')
    return widestEquality(...source.parts.map((part) => equalityOfSource(part.source, part.type)))
  if (source.kind !== 'path' || !plainTypes.has(type.kind)) return 'wider'
  const { values } = source
  return values !== undefined && values.toCanonical.size > values.toNative.size ? 'wider' : 'exact'
}
