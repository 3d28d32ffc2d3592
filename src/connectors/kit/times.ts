/**
 * Times of change as systems spell them, and back.
 *
 * A text without a zone is in the zone that the manifest declares, UTC by default. Nothing here uses `Date.parse`, which would take it for a
 * time of the process: the same deployment would decide otherwise on a machine in another country.
 */
import { serverNow } from '../../http/backoff/retry-after.ts'
import { epochMsOf } from '../../model/canonical/instant.ts'
import { offsetAt } from '../../model/canonical/time-zone.ts'
import type { NativePath } from '../../model/lens/spec.ts'
import { textAt } from './native.ts'

/** How a system spells times. */
export interface TimeSpelling {
  readonly format: 'iso' | 'sql' | 'epochMs' | 'epochSeconds'
  /** Zone of texts that name none, and of what is sent then. @default UTC, and sent with Z */
  readonly timeZone?: string | undefined
}

/** Epoch ms of a time at a path; undefined when there is none or it can't be read. */
export function timeAt(
  native: unknown,
  path: NativePath,
  { format, timeZone }: TimeSpelling,
): number | undefined {
  const text = textAt(native, path)
  if (text === undefined) return undefined
  if (format === 'iso' || format === 'sql') return epochMsOf(text, timeZone)
  const ms = Number(text) * (format === 'epochSeconds' ? 1_000 : 1)
  return Number.isFinite(ms) ? Math.floor(ms) : undefined
}

/** Clocks are never moved back further ahead than this at once. */
const repeatedSeconds = 3 * 3_600

/**
 * Where a feed goes on: a time as the system spells it, at or before the given one.
 *
 * When clocks go back soon after it, records of the hour that comes twice are spelt earlier than it. The spelling then starts at the
 * earlier reading of that hour, and what comes again is recognised.
 */
export function formatTime(ms: number, { format, timeZone }: TimeSpelling): string {
  if (format === 'epochMs') return String(ms)
  if (format === 'epochSeconds') return String(Math.floor(ms / 1_000))
  const zone = timeZone ?? (format === 'sql' ? 'UTC' : undefined)
  if (zone === undefined) return new Date(ms).toISOString()
  const seconds = Math.floor(ms / 1_000)
  const shift = Math.min(offsetAt(zone, seconds) ?? 0, offsetAt(zone, seconds + repeatedSeconds) ?? 0)
  const local = new Date(ms + shift * 1_000).toISOString().slice(0, -1)
  return format === 'sql' ? local.replace('T', ' ') : local
}

/** The server's time when it answered, by the `Date` header; undefined when there is none that can be read. */
export function serverTimeOf(date: string | undefined): number | undefined {
  const ms = serverNow(date, Number.NaN)
  return Number.isNaN(ms) ? undefined : ms
}
