/** Which values a mapping and its normalisers make one of: a search has to find all of them to show that a value is nowhere. */

import { widestEquality } from '../create-evidence.ts'
import type { ValueEquality } from '../equality.ts'
import type { LensSource, NormaliserSpec } from '../lens/spec.ts'
import type { FieldType } from '../values.ts'

/** The equality that normalisers bring about. */
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
    // What they change is spelt in one way by the system itself: lengths, digits and empties are its own, and Unicode has one usual form.
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

/** Types of which a system has one spelling. A time can be given in any zone, a set in any order. */
const plainTypes: ReadonlySet<FieldType['kind']> = new Set([
  'string',
  'enum',
  'integer',
  'decimal',
  'boolean',
  'date',
  'ref',
])

/** What the way a value is spelt adds: nobody looks into an expression, and a value map may read several values as one. */
export function equalityOfSource(source: LensSource, type: FieldType): ValueEquality {
  if (source.kind === 'group')
    return widestEquality(...source.parts.map((part) => equalityOfSource(part.source, part.type)))
  if (source.kind !== 'path' || !plainTypes.has(type.kind)) return 'wider'
  const { values } = source
  return values !== undefined && values.toCanonical.size > values.toNative.size ? 'wider' : 'exact'
}
