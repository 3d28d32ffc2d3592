/**
 * Times that a change feed follows.
 *
 * SAP keeps many of them as a day and a time on the wall of the system, in a zone that the service does not tell. A feed compares such times
 * with each other only, so it reckons with them as they stand (as if the wall were in UTC) and moves the server's clock onto that wall; an
 * hour that comes twice in autumn is covered by reading an hour back.
 */

import { epochMsOf } from '../../../model/canonical/instant.ts'
import { offsetAt } from '../../../model/canonical/time-zone.ts'
import type { NativeRecord } from '../../../model/values.ts'
import { textAt } from '../../kit/native.ts'
import type { ResourceSettings } from '../config.ts'
import type { EntitySet } from '../metadata/model.ts'

/** One track of a resource's change feed. */
export type Track = NonNullable<ResourceSettings['changes']>['tracks'][number]

/** The text that stands for a record's time: an instant, or day and time joined by `T`. */
export function positionText(track: Track, native: NativeRecord): string | undefined {
  if ('field' in track) return textAt(native, [track.field])
  const day = textAt(native, [track.date])
  return day === undefined ? undefined : `${day.slice(0, 10)}T${textAt(native, [track.time]) ?? '00:00:00'}`
}

/** Milliseconds of a position as it stands: an instant's own, a wall's as if it were in UTC. */
export function positionAsStands(text: string): number | undefined {
  return epochMsOf(text)
}

/** Epoch milliseconds of a record's time; a time on the wall is taken to be in the given zone. */
export function positionMs(track: Track, native: NativeRecord, timeZone: string): number | undefined {
  const text = positionText(track, native)
  return text === undefined ? undefined : epochMsOf(text, timeZone)
}

/** Spells a position for a track. */
export function formatPosition(track: Track, ms: number): string {
  const iso = new Date(ms).toISOString()
  return 'field' in track ? iso : iso.slice(0, 19)
}

/** What the wall of the zone shows at a moment, as milliseconds as if it were in UTC. */
export function onTheWall(ms: number, timeZone: string): number {
  return ms + (offsetAt(timeZone, Math.floor(ms / 1_000)) ?? 0) * 1_000
}

/** The zone that a track's times are in: that of the wall, unless they are of a type that says its own zone. */
export function zoneOfTrack(track: Track, set: EntitySet, timeZone: string): string {
  if ('date' in track) return timeZone
  return set.type.properties.get(track.field)?.type === 'Edm.DateTimeOffset' ? 'UTC' : timeZone
}
