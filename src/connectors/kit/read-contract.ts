/** Reads, lists and searches of a connector: their requests and results. */
import type { NativeRecord } from '../../model/values.ts'
import type { CallFailure, UnknownResult } from './call-contract.ts'

/** The current state of one record. */
export type ReadResult =
  /** The record exists. */
  | {
      readonly kind: 'live'
      /** The id in the response, never the one that was requested: the kit compares the two. */
      readonly nativeId: string
      /** The record as returned by the API. */
      readonly native: NativeRecord
      /** Version of this state, if the resource has versions. */
      readonly version?: string
      /** When it last changed by the system's own clock, in epoch ms. */
      readonly changedAt?: number
      /** False: the record exists, but the resource's own filter (`where`) excludes it. @default true */
      readonly inScope?: boolean
    }
  /**
   * The API's own "does not exist"; `mergedInto` when it names the survivor of a merge. `goneSurvivor` is set
   * by the kit, not by connectors: the survivor, when it no longer exists either.
   */
  | {
      readonly kind: 'gone'
      /** Id of the survivor, if the system reports that the record was merged into it. */
      readonly mergedInto?: string
      /** Set by the kit: the survivor, when it no longer exists either. */
      readonly goneSurvivor?: string
    }
  /** No information: not a deletion, not a change. */
  | UnknownResult

/** Searches for a record by our marker or by native field values. */
export type FindRequest =
  /** By our own marker in the record. */
  | {
      readonly by: 'marker'
      /** Record id that the marker holds. */
      readonly recordId: string
    }
  /** By native values. */
  | {
      readonly by: 'values'
      /** Native values that a record must have, by property. */
      readonly values: NativeRecord
    }

/** Result of a search. */
export type FindResult =
  /** The search succeeded; it may have no hits. */
  | {
      readonly kind: 'found'
      /** Ids of the records that were found. */
      readonly nativeIds: readonly string[]
      /** The list may be truncated. */
      readonly capped: boolean
      /**
       * The response contained records without the values: the filter may have been ignored, so an empty
       * result proves nothing.
       */
      readonly unfiltered?: boolean
      /**
       * This search distinguished texts that the declared equality treats as equal: an empty result proves
       * nothing for a wider match rule.
       */
      readonly narrow?: boolean
    }
  | UnknownResult

/** One record of a listing. */
export interface ListedRecord {
  /** Id of the record. */
  readonly nativeId: string
  /** The record as returned in the list. */
  readonly native: NativeRecord
  /** Version of this state, if the resource has versions. */
  readonly version?: string
  /** When it last changed by the system's own clock, in epoch ms. */
  readonly changedAt?: number
}

/**
 * Verdict of a full listing: the generator yields its pages and returns whether it counts as evidence of
 * absence.
 */
export interface ListEnd {
  /** The list proves that records not in it do not exist. */
  readonly complete: boolean
  /**
   * The list reached its last page without an error or a cap, even if its paging may have skipped something.
   *
   * @default `complete`
   */
  readonly ended?: boolean
  /** Why it is not complete, in words. */
  readonly reason?: string
  /** The number of records that the system reports, if it does. */
  readonly expected?: number
  /** Number of list entries that could not be read; the others were passed on. @default none */
  readonly unreadable?: number
}

/** Result of a lookup for a question of a rule. */
export type LookupResult =
  /** A JSON value, as rules receive it. */
  | {
      readonly kind: 'found'
      /** The value. */
      readonly value: unknown
    }
  /** The system was asked and has no answer. */
  | { readonly kind: 'nothing' }
  /** The question itself is refused; asking again does not help. */
  | {
      readonly kind: 'refused'
      /** What went wrong. */
      readonly failure: CallFailure
    }
  /** No information; ask again later. */
  | UnknownResult
