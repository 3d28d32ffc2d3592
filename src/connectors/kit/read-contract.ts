/** Reads, lists and searches of a connector: their requests and results. */
import type { NativeRecord } from '../../model/values.ts'
import type { CallFailure, UnknownResult } from './call-contract.ts'

/** What one record looks like now. */
export type ReadResult =
  /** The record is there. */
  | {
      readonly kind: 'live'
      /** The id that the response carries, never the one that was asked for: the kit compares the two. */
      readonly nativeId: string
      /** The record as the API gave it. */
      readonly native: NativeRecord
      /** Version of this state, where the resource has versions. */
      readonly version?: string
      /** When it last changed by the system's own clock, in epoch ms. */
      readonly changedAt?: number
      /** False: the record is there, but the resource's own filter (`where`) leaves it out. @default true */
      readonly inScope?: boolean
    }
  /**
   * The API's own "does not exist"; `mergedInto` when it names the survivor of a merge. `goneSurvivor` is set by the kit, not by connectors: the
   * survivor, where that one is gone too.
   */
  | {
      readonly kind: 'gone'
      /** Id of the survivor, where the system says that the record was merged into it. */
      readonly mergedInto?: string
      /** Set by the kit: the survivor, where that one is gone too. */
      readonly goneSurvivor?: string
    }
  /** No information: not a deletion, not a change. */
  | UnknownResult

/** Looks a record up by our marker or by native field values. */
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
      /** Native values that a record has to have, by property. */
      readonly values: NativeRecord
    }

/** What came of a search. */
export type FindResult =
  /** The search was answered; there may be no hit. */
  | {
      readonly kind: 'found'
      /** Ids of the records that were found. */
      readonly nativeIds: readonly string[]
      /** The list may be cut off. */
      readonly capped: boolean
      /** Records came back that don't have the values: the filter may have been ignored, so that finding none proves nothing. */
      readonly unfiltered?: boolean
      /** This search told texts apart that the declared equality takes for one: finding none proves nothing for a wider match rule. */
      readonly narrow?: boolean
    }
  | UnknownResult

/** One record of a listing. */
export interface ListedRecord {
  /** Id of the record. */
  readonly nativeId: string
  /** The record as the list gave it. */
  readonly native: NativeRecord
  /** Version of this state, where the resource has versions. */
  readonly version?: string
  /** When it last changed by the system's own clock, in epoch ms. */
  readonly changedAt?: number
}

/** Pages of a full listing; the generator's return value says whether it may count as evidence of absence. */
export interface ListEnd {
  /** The list proves that what is not in it does not exist. */
  readonly complete: boolean
  /**
   * The list came to its last page without an error or a cap, even if its paging may have skipped something.
   *
   * @default `complete`
   */
  readonly ended?: boolean
  /** Why it is not complete, in words. */
  readonly reason?: string
  /** What the system said the count is, if it says. */
  readonly expected?: number
  /** Entries of the list that could not be read; the others were handed on. @default none */
  readonly unreadable?: number
}

/** What a system knows about a question of a rule. */
export type LookupResult =
  /** JSON, as rules see it. */
  | {
      readonly kind: 'found'
      /** The value. */
      readonly value: unknown
    }
  /** The system was asked and knows no response. */
  | { readonly kind: 'nothing' }
  /** The question itself is refused: asking it again does not help. */
  | {
      readonly kind: 'refused'
      /** What went wrong. */
      readonly failure: CallFailure
    }
  /** No information: ask again later. */
  | UnknownResult
