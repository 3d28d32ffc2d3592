/**
 * Times that a change feed follows.
 *
 * SAP stores many of them as a day and a time in the system's local time, in a zone that the service does not
 * report. A feed only compares such times with each other, so it uses them as they are (as if local time were
 * UTC) and converts the server's clock to local time; an hour that occurs twice in autumn is covered by
 * reading an hour back.
 */

import { epochMsOf } from '../../../../model/canonical/instant.ts'
import { offsetAt } from '../../../../model/canonical/time-zone.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import { textAt } from '../../native.ts'
import type { EntitySet } from '../metadata/model.ts'
import type { ResourceSettings } from '../settings.ts'

/** One track of a resource's change feed. */
export type Track = NonNullable<ResourceSettings['changes']>['tracks'][number]

/** Returns the text of a record's time: an instant, or day and time joined by `T`. */
export function positionText(track: Track, native: NativeRecord): string | undefined {
  if ('field' in track) return textAt(native, [track.field])
  const day = textAt(native, [track.date])
  return day === undefined ? undefined : `${day.slice(0, 10)}T${textAt(native, [track.time]) ?? '00:00:00'}`
}

/** Milliseconds of a position as it is: an instant's own, a local time's as if it were in UTC. */
export function positionAsStands(text: string): number | undefined {
  return epochMsOf(text)
}

/** Epoch milliseconds of a record's time; a local time is taken to be in the given zone. */
export function positionMs(track: Track, native: NativeRecord, timeZone: string): number | undefined {
  const text = positionText(track, native)
  return text === undefined ? undefined : epochMsOf(text, timeZone)
}

/** Formats a position for a track. */
export function formatPosition(track: Track, ms: number): string {
  const iso = new Date(ms).toISOString()
  return 'field' in track ? iso : iso.slice(0, 19)
}

/** The local time of the zone at a moment, in milliseconds as if it were in UTC. */
export function onTheWall(ms: number, timeZone: string): number {
  return ms + (offsetAt(timeZone, Math.floor(ms / 1_000)) ?? 0) * 1_000
}

/** The zone of a track's times: the system's zone, unless their type states a zone of its own. */
export function zoneOfTrack(track: Track, set: EntitySet, timeZone: string): string {
  if ('date' in track) return timeZone
  return set.type.properties.get(track.field)?.type === 'Edm.DateTimeOffset' ? 'UTC' : timeZone
}
