/**
 * Conversion of modification times from and to a system's format.
 *
 * A text without a zone is in the zone that the manifest declares, UTC by default. Nothing here uses
 * `Date.parse`, which would interpret it in the time zone of the process: the same deployment would decide
 * differently on a machine in another country.
 */
import { serverNow } from '../../http/backoff/retry-after.ts'
import { epochMsOf } from '../../model/canonical/instant.ts'
import { offsetAt } from '../../model/canonical/time-zone.ts'
import type { NativePath } from '../../model/lens/spec.ts'
import { textAt } from './native.ts'

/** How a system formats times. */
export interface TimeSpelling {
  readonly format: 'iso' | 'sql' | 'epochMs' | 'epochSeconds'
  /** Zone of texts that name none, and of the texts that are then sent. @default UTC, and sent with Z */
  readonly timeZone?: string | undefined
}

/** Returns the epoch ms of a time at a path, or undefined when there is none or it can't be read. */
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

/** Upper bound for how far ahead clocks are moved back in a single step. */
const repeatedSeconds = 3 * 3_600

/**
 * Returns where a feed continues: a time in the system's format, at or before the given one.
 *
 * When clocks go back soon after it, records of the repeated hour are formatted as earlier than it. The
 * result then starts at the earlier reading of that hour, and records that are read again are recognised.
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

/**
 * Returns the server's time of the response by its `Date` header, or undefined when it has none that can be
 * read.
 */
export function serverTimeOf(date: string | undefined): number | undefined {
  const ms = serverNow(date, Number.NaN)
  return Number.isNaN(ms) ? undefined : ms
}
