/** The fence. */
import type { Lease } from '../contract.ts'
import type { MemoryContext, RecordRow } from './tables.ts'

/** The record under a valid lease; undefined = fenced. */
export function leased({ tables }: MemoryContext, lease: Lease): RecordRow | undefined {
  const row = tables.records.get(lease.recordId)
  if (row === undefined || row.leaseOwner !== lease.worker || row.leaseEpoch !== lease.epoch) return undefined
  return row
}

/** Another definition is bound than the one that this epoch stands for. */
export function isSuperseded({ tables }: MemoryContext, binding: number | undefined): boolean {
  return binding !== undefined && binding !== (tables.integration?.epoch ?? 0)
}
