/** The context of all operations on one resource. */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallFailure, ListedRecord } from '../../kit/contract.ts'
import type {
  MemoryCall,
  MemoryClock,
  MemoryCounterpart,
  MemoryFault,
  MemoryRecord,
  MemoryTable,
} from '../client.ts'

/** What the operations of one resource need. */
export interface MemoryOwner {
  readonly name: string
  readonly twin: MemoryCounterpart
  readonly table: MemoryTable
  readonly clock: MemoryClock
  readonly random: () => number
}

/** Returns a record as reads and lists show it. */
export function shown({ table }: MemoryOwner, record: MemoryRecord, native: NativeRecord): ListedRecord {
  const hasVersion = table.config.capabilities.version !== 'none'
  return {
    nativeId: record.nativeId,
    native,
    changedAt: record.at,
    ...(hasVersion ? { version: String(record.version) } : {}),
  }
}

/** Returns the fault that the test has set for this call. */
export function faultOf({ twin }: MemoryOwner, call: MemoryCall): MemoryFault | undefined {
  return twin.fault(call)
}

/** Returns the error that a connector reports for a fault. */
export function failureOf(fault: MemoryFault): CallFailure {
  if (fault.kind === 'throttle') {
    const message = 'The system asks for fewer requests.'
    return { code: 'HTTP_RATE_LIMITED', message, scope: 'system', retryAfterMs: fault.afterMs }
  }
  const message = fault.kind === 'unreachable' ? 'The system is unreachable.' : 'The response was lost.'
  return { code: 'HTTP_NETWORK', message, scope: fault.kind === 'unreachable' ? 'system' : 'record' }
}
