/** Removes read-only parts from complex properties, which are sent completed from the record last read. */
import type { NativeRecord } from '../../../../model/values.ts'
import { isNativeRecord } from '../../native.ts'
import type { ServiceModel, StructuredType } from '../metadata/model.ts'

/**
 * Returns the record without the parts of its complex properties that `$metadata` declares as not updatable.
 * Top-level properties stay: the mapping names them.
 */
export function withoutFixedParts(
  model: ServiceModel,
  type: StructuredType,
  record: NativeRecord,
): NativeRecord {
  const entries = Object.entries(record)
  return Object.fromEntries(entries.map(([name, value]) => [name, updatableIn(model, type, name, value)]))
}

function updatableIn(model: ServiceModel, type: StructuredType, name: string, value: unknown): unknown {
  const property = type.properties.get(name)
  const inner = property === undefined ? undefined : model.types.get(property.type)
  if (inner === undefined) return value
  if (Array.isArray(value)) return value.map((one: unknown) => updatableParts(model, inner, one))
  return updatableParts(model, inner, value)
}

function updatableParts(model: ServiceModel, type: StructuredType, value: unknown): unknown {
  if (!isNativeRecord(value)) return value
  const kept = Object.entries(value).filter(([name]) => type.properties.get(name)?.updatable !== false)
  return withoutFixedParts(model, type, Object.fromEntries(kept))
}
