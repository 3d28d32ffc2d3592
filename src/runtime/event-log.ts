/** The log of a process, configured by its settings. */
import type { EmitEvent } from '../model/events.ts'
import { type CallListener, createCallLog } from '../observability/log-calls.ts'
import { createEventLog } from '../observability/log-events.ts'
import type { Settings } from './config.ts'

/** Writes events as JSON lines to standard error, from the configured level on. */
export function eventLog(settings: Pick<Settings, 'logLevel'>): EmitEvent {
  return createEventLog(settings.logLevel)
}

/** Writes the calls to systems in the same way; undefined unless the level is `trace`. */
export function callLog(settings: Pick<Settings, 'logLevel'>): CallListener | undefined {
  return createCallLog(settings.logLevel)
}
