/** Unwraps records from an API's envelope, and wraps records to send. */
import type { NativeRecord } from '../../../model/values.ts'
import { textAt, valueAt, withValueAt } from '../../kit/native.ts'
import { unusable } from '../../kit/unusable.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { itemsOf } from './record.ts'

type Wrapped = Pick<ResourceManifest, 'envelope'>

/** Returns the value in the record's place of a response about one record; undefined when there is none. */
export function unwrapped({ envelope }: Wrapped, data: unknown): unknown {
  return envelope?.response === undefined ? data : valueAt(data, envelope.response)
}

/**
 * Returns the record of a response to a read. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the
 * envelope is empty
 */
export function recordWithin(resource: Wrapped, data: unknown): unknown {
  const record = unwrapped(resource, data)
  if (record !== undefined && record !== null) return record
  throw unusable(`the response has no record at ${resource.envelope?.response?.join('.') ?? 'its top level'}`)
}

/**
 * Returns the records of a list, each unwrapped. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when there
 * is no list
 */
export function recordsOf(
  { envelope }: Wrapped,
  body: unknown,
  path: Parameters<typeof itemsOf>[1],
): readonly unknown[] {
  const items = itemsOf(body, path)
  const element = envelope?.element
  return element === undefined ? items : items.map((item) => valueAt(item, element))
}

/** The id of an element as it is in the list. */
export function idOfElement({ envelope, id }: ResourceManifest, element: unknown): string | undefined {
  return textAt(element, [...(envelope?.element ?? []), ...id])
}

/** The body that carries a record. */
export function wrapped({ envelope }: Wrapped, record: NativeRecord, nativeId?: string): NativeRecord {
  if (envelope === undefined) return record
  const constants = Object.entries(envelope.with).flatMap(([key, value]) => {
    if (typeof value !== 'string' || !value.includes('{id}')) return [[key, value] as const]
    return nativeId === undefined ? [] : [[key, value.replaceAll('{id}', nativeId)] as const]
  })
  const whole = { ...record, ...Object.fromEntries(constants) }
  return envelope.body === undefined ? whole : withValueAt({}, envelope.body, whole)
}
