import { isCanonicalObject } from '../canonical/object.ts'
import type { Entity } from '../integration.ts'
import type { MaybeValue } from '../merge/equivalence.ts'
import type { CanonicalDocument, FieldType } from '../values.ts'

/** The value at a field path such as `address.postalCode`; undefined when a part is missing. */
export function valueAt(values: CanonicalDocument, path: string): MaybeValue {
  const [field = '', ...parts] = path.split('.')
  let value: MaybeValue = Object.hasOwn(values, field) ? values[field] : undefined
  for (const part of parts) {
    value = isCanonicalObject(value) && Object.hasOwn(value, part) ? value[part] : undefined
  }
  return value
}

/** The declared type at a field path; undefined when there is none. */
export function typeAt(entity: Entity, path: string): FieldType | undefined {
  const [field = '', ...parts] = path.split('.')
  let type = entity.fields.get(field)?.type
  for (const part of parts) {
    type = type?.kind === 'group' && Object.hasOwn(type.fields, part) ? type.fields[part] : undefined
  }
  return type
}
