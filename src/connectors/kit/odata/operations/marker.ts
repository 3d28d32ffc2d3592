/** Where a resource stores our record id, and how it is formatted there. */
import type { NativeRecord } from '../../../../model/values.ts'
import { isNativeRecord, textAt } from '../../native.ts'
import type { ResourceSettings } from '../settings.ts'

/** The location that the definition names. */
export type Marker = Extract<ResourceSettings['create'], { as: 'marker' }>

/** The marker of a resource, if it has one. */
export function markerOfSettings({ create }: ResourceSettings): Marker | undefined {
  return create.as === 'marker' ? create : undefined
}

/** Formats a record id as the property stores it. */
export function spelt({ spelling }: Marker, recordId: string): string {
  return spelling === 'hex' ? recordId.replaceAll('-', '') : recordId
}

/** Returns the body of a create with the record id added. */
export function marked(marker: Marker, body: NativeRecord, recordId: string): NativeRecord {
  const id = { [marker.field]: spelt(marker, recordId) }
  if (marker.within === undefined) return { ...body, ...id }
  const { navigation, values } = marker.within
  const others = body[navigation]
  const part = { ...values, ...id }
  return { ...body, [navigation]: [...(Array.isArray(others) ? others : []), part] }
}

/** Returns the record id that a record carries, if any. */
export function markedId(marker: Marker, native: NativeRecord): string | undefined {
  const text = textAt(holderOf(marker, native), [marker.field])
  if (text === undefined || marker.spelling === 'uuid') return text
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(text.toLowerCase())
  // Other text in the same property is not ours.
  return parts !== null && /^[0-9a-f]{32}$/i.test(text) ? parts.slice(1).join('-') : undefined
}

function holderOf({ within }: Marker, native: NativeRecord): unknown {
  if (within === undefined) return native
  const parts = native[within.navigation]
  if (!Array.isArray(parts)) return undefined
  return parts.find(
    (part: unknown) =>
      isNativeRecord(part) &&
      Object.entries(within.values).every(([name, value]) => textAt(part, [name]) === String(value)),
  )
}
