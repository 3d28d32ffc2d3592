/**
 * Events in the format of Change Data Capture, as a relay posts them: one, or a list. Salesforce itself
 * offers them by gRPC only.
 */
import { parseJson } from '../../http/json.ts'
import type { ChangedRecord } from '../kit/contract.ts'
import { textAt, valueAt } from '../kit/native.ts'
import { wholeId } from './record.ts'

/** Events of one delivery. */
export interface ChangeEvents {
  readonly changed: readonly (ChangedRecord & { readonly resource: string })[]
  /**
   * Identifies a delivery, also when the relay sends it again; undefined when the events carry nothing
   * suitable.
   */
  readonly positions: readonly string[] | undefined
}

const eventsMax = 10_000
const header = ['payload', 'ChangeEventHeader']

/** Undefined when the body is not such a delivery. */
export function parseChangeEvents(body: Uint8Array): ChangeEvents | undefined {
  const parsed = parseJson(Buffer.from(body).toString('utf8'), { maxDepth: 64, numbers: 'lossless' })
  if (!parsed.ok) return undefined
  const events: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  if (events.length === 0 || events.length > eventsMax) return undefined
  const changed: (ChangedRecord & { resource: string })[] = []
  const positions: (string | undefined)[] = []
  let understood = 0
  for (const event of events) {
    // If the delivery were refused as a whole, it would be sent again and again, and its other events would
    // eventually be lost.
    const change = changesOf(event)
    if (change === undefined) continue
    understood += 1
    changed.push(...change)
    positions.push(positionOf(event))
  }
  if (understood === 0 || changed.length > eventsMax) return undefined
  const known = positions.filter((position) => position !== undefined)
  return { changed, positions: known.length === events.length ? known : undefined }
}

function changesOf(event: unknown): ChangeEvents['changed'] | undefined {
  const resource = textAt(event, [...header, 'entityName'])
  const type = textAt(event, [...header, 'changeType'])
  const ids = valueAt(event, [...header, 'recordIds'])
  if (resource === undefined || type === undefined || !Array.isArray(ids)) return undefined
  // Too many changes at once: Salesforce then names no records, and the next poll or full run finds them.
  if (type === 'GAP_OVERFLOW') return []
  const deleted = type === 'DELETE' || type === 'GAP_DELETE'
  const nativeIds = ids.flatMap((id: unknown) => (typeof id === 'string' ? (wholeId(id) ?? []) : []))
  if (nativeIds.length === 0 && ids.length > 0) return undefined
  return nativeIds.map((nativeId) => ({ resource, nativeId, ...(deleted ? { deleted: true } : {}) }))
}

/** Undefined when the relay removed everything that identifies an event. */
function positionOf(event: unknown): string | undefined {
  const replayId = textAt(event, ['event', 'replayId'])
  const transaction = textAt(event, [...header, 'transactionKey'])
  const sequence = textAt(event, [...header, 'sequenceNumber'])
  if (replayId === undefined && transaction === undefined) return undefined
  return JSON.stringify([replayId, transaction, sequence, textAt(event, [...header, 'entityName'])])
}
