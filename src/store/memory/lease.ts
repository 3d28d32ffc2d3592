/** The fence. */
import type { Lease } from '../contract.ts'
import type { MemoryContext, RecordRow } from './tables.ts'

/** Returns the record if the lease is valid; undefined = fenced. */
export function leased({ tables }: MemoryContext, lease: Lease): RecordRow | undefined {
  const row = tables.records.get(lease.recordId)
  if (row === undefined || row.leaseOwner !== lease.worker || row.leaseEpoch !== lease.epoch) return undefined
  return row
}

/** True when another definition is bound than the one of this epoch. */
export function isSuperseded({ tables }: MemoryContext, binding: number | undefined): boolean {
  return binding !== undefined && binding !== (tables.integration?.epoch ?? 0)
}
