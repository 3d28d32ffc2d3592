/** Duplicates for review: two records that may be the same, both with a native record in the same system. */

/** The native record of one of the two records in a system. */
export interface DuplicateNative {
  readonly system: string
  readonly nativeId: string
  readonly state: string
  /** It was made by one of our creates: people probably work with the other one. */
  readonly madeHere: boolean
}

/** One record of a pair. */
export interface DuplicateSide {
  readonly recordId: string
  readonly state: string
  readonly natives: readonly DuplicateNative[]
}

/** Something that is blocked until the decision. */
export interface HeldByDuplicate {
  readonly recordId: string
  readonly system: string
  readonly what: 'create' | 'deletion'
}

/** Two records that may be the same. */
export interface DuplicateRow {
  readonly id: string
  readonly entity: string
  /** `key`: they share an exact match key · `merge`: one system merged its two native records. */
  readonly cause: 'key' | 'merge'
  /** The system whose merge joined the two. */
  readonly system?: string
  readonly state: 'open' | 'same' | 'apart'
  readonly at: number
  readonly decidedAt?: number
  readonly decidedBy?: string
  /** The suggested record to keep comes first. */
  readonly sides: readonly [DuplicateSide, DuplicateSide]
  /** Systems in which both have a native record, with the one suggested to keep. */
  readonly overlaps: readonly { readonly system: string; readonly suggested: string }[]
  readonly held: readonly HeldByDuplicate[]
}

/** A match key that too many records hold: it distinguishes none of them, and makes no duplicates. */
export interface CrowdedKey {
  readonly entity: string
  /** Position of the rule in the entity's `match`. */
  readonly rule: number
  readonly holders: number
  /** Some of the records. */
  readonly examples: readonly string[]
}

/**
 * What happens to native records that the merged record has no free member for. `keep`: they stay and are no
 * longer synced.
 */
export type RemovalOfOthers = 'archive' | 'delete' | 'keep'

/** A person's decision that two records are the same. */
export interface MergeRequest {
  /** The record to keep, and the one that becomes part of it. */
  readonly keep: string
  readonly drop: string
  /** Native id to keep, by system; where both have one and none is named, the suggested one. */
  readonly survivors: Readonly<Record<string, string>>
  readonly others: RemovalOfOthers
}

/** `refused`: with the reason, as a sentence for a person. */
export type DuplicateResponse =
  | { readonly kind: 'ok'; readonly id: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Undecided matters of a record whose deletion is being evaluated. */
export interface OpenMatters {
  /** Records that it has an open duplicate with, and the cause. */
  readonly duplicates: readonly {
    readonly recordId: string
    readonly cause: 'key' | 'merge'
    readonly survivorId?: string
  }[]
  /** Unmatched native records that share an exact key with it. */
  readonly matches: readonly string[]
  /** A native record of the system was discovered before the given time and has not been read yet. */
  readonly unread: boolean
}

/** The part of the admin store for duplicates. */
export interface DuplicateAdmin {
  duplicates(page: {
    readonly limit: number
    readonly cursor?: string
    /** @default 'open' */
    readonly state?: 'open' | 'decided'
  }): Promise<{ readonly rows: readonly DuplicateRow[]; readonly cursor?: string }>
  /** Returns one by its id, whatever its state. */
  duplicate(id: string): Promise<DuplicateRow | undefined>
  crowdedKeys(limit: number): Promise<readonly CrowdedKey[]>
  /**
   * The two are the same: for each system one native record stays, and the merged record takes over the
   * values of the others.
   */
  mergeRecords(request: MergeRequest, actor: string): Promise<DuplicateResponse>
  /** The two are distinct, permanently. */
  keepApart(recordId: string, otherId: string, actor: string): Promise<DuplicateResponse>
  /** Undoes a decision. The pair is open again if it still is a duplicate. */
  undoDuplicate(id: string, actor: string): Promise<DuplicateResponse>
}
