/** Puts the context of a call on the options of an API client. */
import type { CallOptions } from '../../http/options.ts'
import type { CallContext } from './contract.ts'

/** Options of a call that only reads; a write takes {@link writeOptions}. */
export function callOptions({
  signal,
  priority,
  passIds,
}: CallContext): Pick<CallOptions, 'signal' | 'priority' | 'correlationIds'> {
  return { signal, priority, ...(passIds === undefined ? {} : { correlationIds: passIds }) }
}

/** The same with the time after which a write must not leave. */
export function writeOptions(
  context: CallContext,
): Pick<CallOptions, 'signal' | 'priority' | 'correlationIds' | 'startBefore'> {
  const { startBefore } = context
  return { ...callOptions(context), ...(startBefore === undefined ? {} : { startBefore }) }
}
