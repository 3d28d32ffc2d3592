import type { Store } from '../contract.ts'
import type { MemberRow, MemoryContext, RecordRow } from './tables.ts'

/** Makes records due that wait because calls to a system failed. */
export function resumeWaiting(
  { tables, now }: MemoryContext,
  { system, limit, spreadMs }: Parameters<Store['resumeWaiting']>[0],
): number {
  const at = now()
  const waiting: RecordRow[] = []
  for (const record of tables.records.values()) {
    if (waiting.length === limit) break
    const isDirty = record.leaseOwner === undefined && record.dirtySeq > record.cleanSeq
    if (!isDirty || record.nextAt <= at + spreadMs) continue
    const member = tables.members.get(record.id)?.get(system)
    if (member !== undefined && waitsForCalls(member)) waiting.push(record)
  }
  waiting.forEach((record, index) => {
    record.nextAt = at + Math.floor((spreadMs * index) / waiting.length)
  })
  return waiting.length
}

function waitsForCalls({ lane, laneAttempts }: MemberRow): boolean {
  return laneAttempts > 0 && ['open', 'rejected', 'waiting'].includes(lane.state)
}
