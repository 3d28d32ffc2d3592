/** Converts the context of a call into options of an API client. */
import type { CallOptions } from '../../http/options.ts'
import type { CallContext } from './contract.ts'

/** Returns the options for a call that only reads; writes use {@link writeOptions}. */
export function callOptions({
  signal,
  priority,
  passIds,
}: CallContext): Pick<CallOptions, 'signal' | 'priority' | 'correlationIds'> {
  return { signal, priority, ...(passIds === undefined ? {} : { correlationIds: passIds }) }
}

/** Returns the same options plus the time after which a write must not be sent. */
export function writeOptions(
  context: CallContext,
): Pick<CallOptions, 'signal' | 'priority' | 'correlationIds' | 'startBefore'> {
  const { startBefore } = context
  return { ...callOptions(context), ...(startBefore === undefined ? {} : { startBefore }) }
}
