/** Next dates of cron expressions; arithmetic only, no timers: the scheduler waits on the injected clock. */
import { Cron } from 'croner'
import type { NextCron } from '../engine/schedule/schedule.ts'

/** Maximum number of cached expressions; a definition has only a few. */
const PATTERNS_MAX = 1000

/**
 * Creates a function that returns the next time of a cron expression strictly after a given time, both in
 * epoch milliseconds.
 *
 * Expressions are evaluated in UTC, so that all processes agree regardless of the time zones of their hosts.
 */
export function createNextCron(): NextCron {
  const patterns = new Map<string, Cron>()
  return (expression, after) => {
    let pattern = patterns.get(expression)
    if (pattern === undefined) {
      if (patterns.size >= PATTERNS_MAX) patterns.clear()
      pattern = new Cron(expression, { timezone: 'UTC', paused: true })
      patterns.set(expression, pattern)
    }
    return pattern.nextRun(new Date(after))?.getTime()
  }
}
