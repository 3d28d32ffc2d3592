/** Marks: from webhooks, polls, full runs, other records' passes and people. */
import type { Cause } from '../../model/cause.ts'
import type { IntakeRequest, IntakeResult, Mark } from '../contract.ts'
import { encodeAgreed } from '../documents.ts'
import { isNativeId } from '../native-id.ts'
import { blankMember, key, type MemoryContext, markDirty, putMember } from './tables.ts'

/** One item of `Store.intake`. */
export function takeIn(context: MemoryContext, request: IntakeRequest): IntakeResult {
  const { tables } = context
  const { delivery, marks, cursor, cause = 'engine' } = request
  if (delivery !== undefined) {
    const deliveryKey = key(delivery.system, delivery.deliveryId)
    if (tables.deliveries.has(deliveryKey)) return { duplicate: true, marked: 0, discovered: 0 }
    const place = { table: 'delivery', column: 'body', rowId: `${delivery.system}/${delivery.deliveryId}` }
    tables.deliveries.set(deliveryKey, {
      body: context.codec.encode(delivery.body, place),
      at: context.now(),
    })
  }
  const counts = applyMarks(context, marks, cause)
  if (cursor !== undefined) {
    tables.cursors.set(key(cursor.system, cursor.entity), { position: cursor.position, at: context.now() })
  }
  return { duplicate: false, ...counts }
}

export function applyMarks(
  context: MemoryContext,
  marks: readonly Mark[],
  cause: Cause,
): { readonly marked: number; readonly discovered: number } {
  let marked = 0
  let discovered = 0
  for (const mark of marks) {
    if (!isNativeId(mark.nativeId)) continue
    const outcome = applyMark(context, mark, cause)
    if (outcome === 'marked') marked += 1
    if (outcome === 'discovered') discovered += 1
  }
  return { marked, discovered }
}

function applyMark(context: MemoryContext, mark: Mark, cause: Cause): 'marked' | 'discovered' | 'no-news' {
  const { tables } = context
  const { system, entity, nativeId, version, force } = mark
  const recordId = tables.natives.get(key(system, entity, nativeId))
  const record = recordId === undefined ? undefined : tables.records.get(recordId)
  if (record === undefined) {
    discover(context, mark, cause)
    return 'discovered'
  }
  const member = tables.members.get(record.id)?.get(system)
  if (force !== true && version !== undefined && member?.absorbedVersion === version) return 'no-news'
  markDirty(tables, record, [system], { now: context.now(), cause })
  return 'marked'
}

function discover(context: MemoryContext, { system, entity, nativeId }: Mark, cause: Cause): void {
  const { tables } = context
  const now = context.now()
  const id = context.uuid()
  tables.records.set(id, {
    id,
    entity,
    state: 'candidate',
    rev: 0,
    fields: encodeAgreed(context, id, {}),
    dirtySeq: 1,
    cleanSeq: 0,
    toRead: [system],
    claimedToRead: [],
    causes: [cause],
    claimedCauses: [],
    claimedSeq: 0,
    attempts: 0,
    dirtySince: now,
    discoveredAt: now,
    nextAt: now,
    leaseOwner: undefined,
    leaseEpoch: 0,
    leaseUntil: 0,
    tombstoneRev: undefined,
    releasedRev: undefined,
    aliasOf: undefined,
    removal: undefined,
    merging: [],
  })
  tables.dirty.add(id)
  putMember(tables, {
    ...blankMember(context, id, system, entity),
    nativeId,
    state: 'unread',
    linkedAt: now,
    discoveredAt: now,
  })
}
