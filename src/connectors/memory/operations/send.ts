/** Shared by the writes: whether they arrive, and the reasons for a refusal. */
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import type { MemoryCall, MemoryRecord } from '../client.ts'
import { failureOf, faultOf, type MemoryOwner } from './resource-context.ts'

/** Sends a write, unless its deadline has passed or a fault prevents it. */
export function write(
  owner: MemoryOwner,
  call: Omit<MemoryCall, 'resource'>,
  { startBefore }: CallContext,
  apply: () => WriteResult,
): WriteResult {
  if (startBefore !== undefined && owner.clock.monotonic() > startBefore) {
    const message = 'The write was not sent: its latest start time had passed.'
    return { kind: 'not-sent', failure: { code: 'HTTP_START_TOO_LATE', message, scope: 'record' } }
  }
  const fault = faultOf(owner, { resource: owner.name, ...call })
  if (fault === undefined) return apply()
  if (fault.kind === 'lose-response') apply()
  const isHarmless = fault.kind === 'unreachable' || fault.kind === 'throttle'
  return { kind: isHarmless ? 'not-sent' : 'unknown', failure: failureOf(fault) }
}

/** Returns why a write to this record is refused; undefined when it is accepted. */
export function refusalOf(
  { table }: MemoryOwner,
  nativeId: string,
  ifVersion: string | undefined,
): WriteResult | undefined {
  const current = table.current(nativeId)
  if (current?.native === undefined) return { kind: 'gone' }
  const checks = table.config.capabilities.conditionalWrites && ifVersion !== undefined
  return checks && ifVersion !== String(current.version) ? { kind: 'stale' } : undefined
}

/** Returns the response to a write, with the parts that the resource returns. */
export function accepted(owner: MemoryOwner, record: MemoryRecord): WriteResult {
  const { writeReturns, version } = owner.table.config.capabilities
  const { nativeId, native } = record
  return {
    kind: 'ok',
    nativeId,
    ...(writeReturns === 'nothing' || native === undefined ? {} : { native }),
    ...(writeReturns === 'body+version' && version !== 'none' ? { version: String(record.version) } : {}),
  }
}
