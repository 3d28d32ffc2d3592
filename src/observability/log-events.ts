/**
 * Logs domain events: a constant message per event, its facts as fields. Normal operation logs nothing above `debug`, so that what does
 * appear at `info` is worth reading.
 */
import { type Logger, pino } from 'pino'
import type { DomainEvent, EmitEvent } from '../model/events.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Levels of events that are not everyday business; everything else is `debug`. */
const levels: Partial<Record<DomainEvent['type'], 'info' | 'warn' | 'error'>> = {
  ChangeHeld: 'warn',
  CursorExpired: 'warn',
  MatchReviewRequested: 'info',
  MembersMerged: 'info',
  OscillationHeld: 'warn',
  PollFailed: 'warn',
  SchemaDrifted: 'warn',
  StoreFailed: 'error',
  SubscriptionLost: 'warn',
  SystemPaused: 'warn',
  SystemResumed: 'info',
  WebhookRefused: 'warn',
  WorkerLost: 'warn',
  WorkerStarted: 'info',
}

/**
 * Level at which an event is logged. An incomplete full run is a warning: it proves nothing about what is missing. Complete ones are
 * everyday business: where a system has no feed, every poll is one.
 */
export function levelOf(event: DomainEvent): 'debug' | 'info' | 'warn' | 'error' {
  if (event.type === 'RunFinished' && !event.complete) return 'warn'
  return levels[event.type] ?? 'debug'
}

/** Names in words: `WriteSettled` → `write settled`. */
function messageOf(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

/**
 * Creates a listener that writes one JSON line per event to standard error.
 *
 * @param level lowest level that is written; `silent` writes nothing
 */
export function createEventLog(
  level: LogLevel,
  destination: { write(line: string): void } = process.stderr,
): EmitEvent {
  const logger: Logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const messages = new Map<string, string>()
  return (event) => {
    const at = levelOf(event)
    if (!logger.isLevelEnabled(at)) return
    const { type, ...facts } = event
    let message = messages.get(type)
    if (message === undefined) {
      message = messageOf(type)
      messages.set(type, message)
    }
    logger[at]({ event: type, ...facts }, message)
  }
}
