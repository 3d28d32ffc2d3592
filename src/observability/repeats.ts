/**
 * Which events say something new: a poll that fails every few seconds for the same reason is one piece of
 * news, and so is its recovery.
 *
 * A subject (a place, a system, a lane) is *well* until something goes wrong with it, and then *ill* with a
 * cause until it is over. Only a change is news.
 */
import type { DomainEvent } from '../model/events.ts'

/** Subjects that are remembered; beyond it the oldest are forgotten, and told once more. */
const subjectsMax = 10_000

/**
 * - `news`: it went wrong, for another reason than before · `over`: what was wrong is over · `repeat`: as
 *   before
 * - `plain`: an event that has no such state
 */
export type Novelty = 'news' | 'over' | 'repeat' | 'plain'

interface Condition {
  readonly subject: string
  /** Undefined: all is well with the subject. */
  readonly cause?: string
  /** All is well again only if this was the cause. */
  readonly only?: string
}

/** Creates the memory of one log. */
export function createRepeats(): (event: DomainEvent) => Novelty {
  const causes = new Map<string, string>()
  return (event) => {
    const condition = conditionOf(event)
    if (condition === undefined) return 'plain'
    const { subject, cause, only } = condition
    const before = causes.get(subject)
    if (cause === undefined) {
      if (only !== undefined && before !== only) return 'plain'
      return causes.delete(subject) ? 'over' : 'plain'
    }
    if (before === cause) return 'repeat'
    causes.delete(subject)
    causes.set(subject, cause)
    const [oldest] = causes.keys()
    if (causes.size > subjectsMax && oldest !== undefined) causes.delete(oldest)
    return 'news'
  }
}

function conditionOf(event: DomainEvent): Condition | undefined {
  switch (event.type) {
    case 'PollFailed':
      return { subject: subjectOf('poll', event.system, event.entity), cause: event.code }
    case 'PollFinished':
      return { subject: subjectOf('poll', event.system, event.entity) }
    case 'RunFinished': {
      const subject = subjectOf('list', event.system, event.entity)
      return event.complete ? { subject } : { subject, cause: event.reason ?? 'incomplete' }
    }
    case 'ChangeHeld': {
      // A mass change is one event: thousands of lines about it would hide the others.
      const { system, entity, operation } = event
      if (operation === undefined) return undefined
      return { subject: subjectOf('guard', system, entity, operation), cause: event.kind }
    }
    case 'WriteSettled':
      return event.outcome === 'ok'
        ? { subject: subjectOf('guard', event.system, event.entity, event.operation) }
        : undefined
    case 'EntriesUnreadable':
      return { subject: subjectOf('entries', event.system, event.entity), cause: event.message }
    case 'SystemPaused':
      return { subject: subjectOf('system', event.system), cause: event.reason }
    case 'SystemResumed':
      return { subject: subjectOf('system', event.system) }
    case 'FailureKept':
      return {
        subject: subjectOf('failure', event.recordId, event.system),
        cause: event.code,
      }
    case 'FailureCleared':
      return {
        subject: subjectOf('failure', event.recordId, event.system),
        ...(event.code === undefined ? {} : { only: event.code }),
      }
    default:
      return undefined
  }
}

function subjectOf(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}
