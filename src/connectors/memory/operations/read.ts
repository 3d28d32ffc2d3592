import type { ReadResult } from '../../kit/contract.ts'
import { failureOf, faultOf, type MemoryOwner, shown } from './resource-context.ts'

/** Reads a record, as old as the declared lag allows. */
export function readOne(owner: MemoryOwner, nativeId: string): ReadResult {
  const fault = faultOf(owner, { resource: owner.name, operation: 'read', nativeId })
  if (fault !== undefined) return { kind: 'unknown', failure: failureOf(fault) }
  const { lagMs } = owner.table.config.capabilities.read
  const record = owner.table.past(nativeId, lagMs * owner.random())
  if (record?.native === undefined) return { kind: 'gone' }
  return { kind: 'live', ...shown(owner, record, record.native) }
}
