/** Full runs and the mass-change guard, as the store keeps them. */
import type { CanonicalDocument } from '../model/values.ts'

/** One listed record of a full run, normalised for its system as the shadow is. */
export interface StagedRecord {
  readonly nativeId: string
  readonly values: CanonicalDocument
  readonly version?: string
}

export interface RunRow {
  readonly id: string
  readonly kind: 'full' | 'sync'
  readonly system: string
  readonly entity: string
  readonly startedAt: number
  readonly finishedAt?: number
  readonly seen: number
  readonly expected?: number
  readonly complete?: boolean
  readonly reason?: string
  readonly created?: number
  readonly changed?: number
  readonly missing?: number
}

/** What a full run found by comparing its staged rows with the members, set-based. */
export interface RunComparison {
  /** Known records that are as they were. */
  readonly unchanged: number
  /** Known records that differ and will be read again. */
  readonly changed: number
  /** Records that were not known before. */
  readonly discovered: number
  /** Linked members not listed; marked for a look only when the run is complete. */
  readonly missing: number
}

export interface GuardReservation {
  readonly system: string
  readonly entity: string
  readonly operation: 'create' | 'update' | 'delete'
  /** Below 0: changes that were counted and then not made; always granted. */
  readonly count: number
  /** Refused when the 24 h total would exceed the larger of the two. */
  readonly share: number
  readonly atLeast: number
}
