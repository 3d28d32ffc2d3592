/**
 * From an event to the records that are different because of it. Webhooks and the list of events bring the same objects; what an event says
 * about values is never looked at, the records are read by id.
 */
import type { ChangedRecord } from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt } from '../kit/native.ts'
import { catalogue, type ResourceName } from './catalogue.ts'

/** A record that an event tells of. */
export type EventChange = ChangedRecord & { readonly resource: ResourceName }

const byObject: ReadonlyMap<string, ResourceName> = new Map(
  catalogue.map(({ object, name }) => [object, name]),
)

/** Objects that are parts of a record in the reader's eyes: a dispute changes its charge. */
const parents: Readonly<Record<string, readonly ResourceName[]>> = {
  discount: ['customers'],
  dispute: ['charges', 'payment_intents'],
  refund: ['charges', 'payment_intents'],
  invoice_payment: ['invoices'],
}

/** Names the records; none for an event about something else. */
export function changesOf(event: unknown): readonly EventChange[] {
  const object = valueAt(event, ['data', 'object'])
  const kind = textAt(object, ['object'])
  if (kind === undefined || !isNativeRecord(object)) return []
  const resource = byObject.get(kind)
  if (resource === undefined) return (parents[kind] ?? []).flatMap((parent) => parentOf(object, parent))
  const nativeId = textAt(object, ['id'])
  // An invoice that is only announced has no id yet.
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
