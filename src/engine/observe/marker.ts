/**
 * Where our record ids are stored in a system's native records.
 *
 * Most connectors know the property from their manifest and handle it themselves. Where one does not, the
 * definition's `key` names a property, and the engine writes it in creates, reads it, and searches by it. The
 * two can't contradict each other: `check` refuses that.
 */
import type { FindRequest } from '../../connectors/kit/contract.ts'
import { exactDigits } from '../../model/canonical/exact-number.ts'
import { parseNativePath } from '../../model/definition/native-path.ts'
import type { EntitySystem } from '../../model/integration.ts'
import { applyPatch } from '../../model/lens/apply-patch.ts'
import { nativeAt } from '../../model/lens/native-path.ts'
import { Patch } from '../../model/lens/patch.ts'
import type { NativePath } from '../../model/lens/spec.ts'
import type { NativeRecord } from '../../model/values.ts'
import type { Place } from '../place.ts'

const paths = new WeakMap<EntitySystem, NativePath>()

/**
 * The definition's own property for record ids; undefined where the connector has one, or where there is
 * none.
 */
function keyPath({ part, resource }: Place): NativePath | undefined {
  if (part.key === undefined || resource.markerOf !== undefined) return undefined
  const known = paths.get(part)
  if (known !== undefined) return known
  const path = parseNativePath(part.key)
  if (path !== undefined) paths.set(part, path)
  return path
}

/** True when only the definition specifies where record ids go: our creates carry them. */
export function hasOwnKey(place: Place): boolean {
  return keyPath(place) !== undefined
}

/** The record id that a native record carries, if any. */
export function markerOf(place: Place, native: NativeRecord): string | undefined {
  const path = keyPath(place)
  if (path === undefined) return place.resource.markerOf?.(native)
  const value = nativeAt(native, path)
  const text = typeof value === 'number' ? String(value) : (exactDigits(value) ?? value)
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** Returns the body of a create, with the record id where the definition requires it. */
export function withMarker(place: Place, body: NativeRecord, recordId: string): NativeRecord {
  const path = keyPath(place)
  return path === undefined ? body : applyPatch(body, markerPatch(path, recordId), 'merge')
}

/** Returns the search for a create of ours by its marker; undefined when it carries none. */
export function markerSearch(place: Place, recordId: string): FindRequest | undefined {
  const path = keyPath(place)
  if (path !== undefined) return { by: 'values', values: markerPatch(path, recordId) }
  const { create } = place.resource.capabilities
  return create === 'marker' || (place.part.key !== undefined && create !== 'none')
    ? { by: 'marker', recordId }
    : undefined
}

function markerPatch(path: NativePath, recordId: string): NativeRecord {
  const patch = new Patch(undefined, 'merge')
  patch.set(path, recordId)
  return patch.result
}
