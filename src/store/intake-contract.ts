/** What the intake commits: deliveries, cursors, and marks of records that have to be read. */

import type { Cause } from '../model/cause.ts'

/** "Read this record": from a webhook, a poll, a full run or a person. */
export interface Mark {
  readonly system: string
  readonly entity: string
  readonly nativeId: string
  /** No change when it equals the member's absorbed version. */
  readonly version?: string
  /** The record has to be read even if the version is known (deletion events, manual requests). */
  readonly force?: boolean
}

/** A webhook delivery, by which copies of it are recognised. */
export interface DeliveryRow {
  readonly system: string
  readonly deliveryId: string
  readonly body: Uint8Array
}

/** The position that a change feed was read up to. */
export interface CursorWrite {
  readonly system: string
  readonly entity: string
  readonly position: string
}

/** What one commit of the intake contains: marks with their delivery or cursor. */
export interface IntakeRequest {
  /** Stored once per (system, deliveryId); a duplicate's marks are dropped. */
  readonly delivery?: DeliveryRow
  readonly marks: readonly Mark[]
  /** Why they are marked. @default engine */
  readonly cause?: Cause
  /** Committed together with the marks, never before. */
  readonly cursor?: CursorWrite
}

/** What a commit of the intake changed. */
export interface IntakeResult {
  readonly duplicate: boolean
  /** Known records made dirty. */
  readonly marked: number
  /** Unknown records added as candidates. */
  readonly discovered: number
}
