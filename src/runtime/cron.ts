/** Next dates of cron expressions; arithmetic only, no timers: the scheduler waits on the injected clock. */
import { Cron } from 'croner'
import type { NextCron } from '../engine/schedule/schedule.ts'

/** Parsed expressions kept; a definition holds a handful. */
const PATTERNS_MAX = 1000

/**
 * Creates a function that tells when a cron expression next falls due strictly after a time, both in epoch milliseconds.
 *
 * Expressions are read in UTC, so that all processes of a fleet agree whatever their hosts' zones are.
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
