import { isEqualCanonical } from './canonical/equality.ts'
import type { CanonicalDocument, CanonicalValue } from './values.ts'

/** One field in which two documents differ; a side without the field lacks the key. */
export interface FieldDifference {
  readonly field: string
  readonly kind: 'added' | 'removed' | 'changed'
  readonly before?: CanonicalValue
  readonly after?: CanonicalValue
}

export interface DiffOptions {
  /** Form in which two values of a field count as equal, such as what a system would store. @default as they are */
  readonly normalise?: (field: string, value: CanonicalValue) => CanonicalValue
  /** Only these fields. @default all fields of both documents */
  readonly fields?: Iterable<string>
}

/** The fields in which two canonical documents differ, sorted by name. Absent, null and empty are three different things. */
export function diffDocuments(
  before: CanonicalDocument,
  after: CanonicalDocument,
  { normalise = (_, value) => value, fields }: DiffOptions = {},
): readonly FieldDifference[] {
  const names = [...new Set(fields ?? [...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((field): readonly FieldDifference[] => {
    const from = ownValue(before, field)
    const to = ownValue(after, field)
    if (from === undefined) return to === undefined ? [] : [{ field, kind: 'added', after: to }]
    if (to === undefined) return [{ field, kind: 'removed', before: from }]
    const isEqual =
      isEqualCanonical(from, to) || isEqualCanonical(normalise(field, from), normalise(field, to))
    return isEqual ? [] : [{ field, kind: 'changed', before: from, after: to }]
  })
}

function ownValue(document: CanonicalDocument, field: string): CanonicalValue | undefined {
  return Object.hasOwn(document, field) ? document[field] : undefined
}
