/** Progress of long-running work as text: completed work, rate, and estimated remaining time. */
import { counted } from '../model/health/words.ts'

export interface Meter {
  /** Takes the number of remaining records; returns the line to show. */
  left(count: number): string
}

/**
 * The rate is measured over the last seconds, so that a slow start does not distort the estimate permanently.
 */
const windowMs = 10_000

/** @param monotonic milliseconds */
export function createMeter(monotonic: () => number): Meter {
  const seen: { readonly at: number; readonly done: number }[] = []
  let done = 0
  let last: number | undefined
  return {
    left(count) {
      const at = monotonic()
      // New work may arrive in the meantime, so only removed work counts as done.
      if (last !== undefined && count < last) done += last - count
      last = count
      seen.push({ at, done })
      while (seen.length > 2 && at - (seen[0]?.at ?? at) > windowMs) seen.shift()
      const first = seen[0] ?? { at, done }
      const perSecond = at > first.at ? ((done - first.done) * 1000) / (at - first.at) : 0
      const rate = perSecond >= 1 ? `, ${Math.round(perSecond).toLocaleString('en')}/s` : ''
      const rest = perSecond > 0 && count > 0 ? `, about ${lengthOf(count / perSecond)} left` : ''
      return `${counted(count, 'record')} to do${rate}${rest}`
    },
  }
}

/** Formats seconds in a suitable unit. */
export function lengthOf(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}
