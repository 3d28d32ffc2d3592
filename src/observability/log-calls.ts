/**
 * Logs the requests to systems, one line per attempt, at `trace`: a constant message, the facts as fields.
 * `correlationIds` are the passes that the call was made for, so that a call is found from the log lines of
 * its pass, and from a failure.
 */
import { pino } from 'pino'
import type { CallLogEntry } from '../http/call-log.ts'
import type { LogDestination, LogLevel } from './log-events.ts'

/** Receives an attempt of a call to this system. */
export type CallListener = (system: string, entry: CallLogEntry) => void

/**
 * Creates a listener that writes one JSON line per attempt to standard error; undefined where the level
 * writes none.
 */
export function createCallLog(
  level: LogLevel,
  destination: LogDestination = process.stderr,
): CallListener | undefined {
  if (level !== 'trace') return undefined
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return (system, entry) => logger.trace({ event: 'AttemptFinished', system, ...entry }, 'attempt finished')
}
