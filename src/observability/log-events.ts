/**
 * Logs domain events: a constant message per event, its facts as fields. Normal operation logs nothing above `debug`, so that what does
 * appear at `info` is worth reading. What goes wrong is a warning when it begins, and told once more when it is over; what happens again and
 * again in between is `debug`.
 */
import { type Logger, pino } from 'pino'
import type { DomainEvent, EmitEvent } from '../model/events.ts'
import { createRepeats, type Novelty } from './repeats.ts'

/** Lowest level that is written. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Where the lines go. */
export interface LogDestination {
  write(line: string): void
}

/** Levels of events that are not everyday business; everything else is `debug`. */
const levels: Partial<Record<DomainEvent['type'], 'info' | 'warn' | 'error'>> = {
  ChangeHeld: 'warn',
  CursorExpired: 'warn',
  EntriesUnreadable: 'warn',
  FailureKept: 'warn',
  DeletionWaits: 'warn',
  MatchReviewRequested: 'info',
  MembersMerged: 'info',
  OscillationHeld: 'warn',
  PollFailed: 'warn',
  MasterKeyCreated: 'info',
  RetentionBehind: 'warn',
  SchemaDrifted: 'warn',
  StoreFailed: 'error',
  SubscriptionLost: 'warn',
  SystemPaused: 'warn',
  SystemResumed: 'info',
  WebhookRefused: 'warn',
  WebhookUnused: 'info',
  WorkerLost: 'warn',
  DefinitionBound: 'info',
  DefinitionSuperseded: 'warn',
  WorkerStarted: 'info',
}

/**
 * Level at which an event is logged. An incomplete full run is a warning: it proves nothing about what is missing. Complete ones are
 * everyday business: where a system has no feed, every poll is one. So are those whose pages can skip records, which `check` and `status` say.
 */
export function levelOf(event: DomainEvent): 'debug' | 'info' | 'warn' | 'error' {
  if (event.type === 'RunFinished' && !event.complete && event.reasonCode !== 'offset-paging') return 'warn'
  return levels[event.type] ?? 'debug'
}

/** Names in words: `WriteSettled` → `write settled`. */
function messageOf(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

/** What goes on as before is no news; a poll or a list that works again, and a failure that is over, are. */
function levelOfNovelty(event: DomainEvent, novelty: Novelty): ReturnType<typeof levelOf> {
  if (novelty === 'repeat') return 'debug'
  return novelty === 'over' ? 'info' : levelOf(event)
}

/**
 * Creates a listener that writes one JSON line per event to standard error.
 *
 * @param level lowest level that is written; `silent` writes nothing
 */
export function createEventLog(level: LogLevel, destination: LogDestination = process.stderr): EmitEvent {
  const logger: Logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const messages = new Map<string, string>()
  const noveltyOf = createRepeats()
  return (event) => {
    const at = levelOfNovelty(event, noveltyOf(event))
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
