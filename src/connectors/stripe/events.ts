/**
 * From an event to the records that it changed. Webhooks and the list of events contain the same objects;
 * values in an event are never used, the records are read by id.
 */
import type { ChangedRecord } from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt } from '../kit/native.ts'
import { catalogue, type ResourceName } from './catalogue.ts'

/** A record that an event reports. */
export type EventChange = ChangedRecord & { readonly resource: ResourceName }

const byObject: ReadonlyMap<string, ResourceName> = new Map(
  catalogue.map(({ object, name }) => [object, name]),
)

/** Objects that count as parts of a record: a dispute changes its charge. */
const parents: Readonly<Record<string, readonly ResourceName[]>> = {
  discount: ['customers'],
  dispute: ['charges', 'payment_intents'],
  refund: ['charges', 'payment_intents'],
  invoice_payment: ['invoices'],
}

/** Returns the records; none for an event about something else. */
export function changesOf(event: unknown): readonly EventChange[] {
  const object = valueAt(event, ['data', 'object'])
  const kind = textAt(object, ['object'])
  if (kind === undefined || !isNativeRecord(object)) return []
  const resource = byObject.get(kind)
  if (resource === undefined) return (parents[kind] ?? []).flatMap((parent) => parentOf(object, parent))
  const nativeId = textAt(object, ['id'])
  // An upcoming invoice has no id yet.
  if (nativeId === undefined) return []
  const isDeletion = textAt(event, ['type'])?.endsWith('.deleted') === true
  return [{ resource, nativeId, ...(isDeletion ? { deleted: true } : {}) }]
}

/** A reference is an id, or the object itself where it was expanded. */
function parentOf(object: unknown, resource: ResourceName): readonly EventChange[] {
  const property = catalogue.find(({ name }) => name === resource)?.object ?? ''
  const reference = valueAt(object, [property])
  const nativeId = typeof reference === 'string' ? reference : textAt(reference, ['id'])
  return nativeId === undefined || nativeId === '' ? [] : [{ resource, nativeId }]
}
