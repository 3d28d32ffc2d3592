/** Duplicates as people see and decide them: two records that may be one thing, both with a native record in the same system. */

/** What one of the two records has in a system. */
export interface DuplicateNative {
  readonly system: string
  readonly nativeId: string
  readonly state: string
  /** A create of ours made it: the other one is likely to be what people work with. */
  readonly madeHere: boolean
}

export interface DuplicateSide {
  readonly recordId: string
  readonly state: string
  readonly natives: readonly DuplicateNative[]
}

/** Something that waits for the decision. */
export interface HeldByDuplicate {
  readonly recordId: string
  readonly system: string
  readonly what: 'create' | 'deletion'
}

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
  /** The record that stays when they are the same comes first. */
  readonly sides: readonly [DuplicateSide, DuplicateSide]
  /** Systems in which both have a native record, with the one that is suggested to stay. */
  readonly overlaps: readonly { readonly system: string; readonly suggested: string }[]
  readonly held: readonly HeldByDuplicate[]
}

/** A match key that too many records hold: it tells none of them from another, and makes no duplicates. */
export interface CrowdedKey {
  readonly entity: string
  /** Position of the rule in the entity's `match`. */
  readonly rule: number
  readonly holders: number
  /** Some of the records. */
  readonly examples: readonly string[]
}

/** What becomes of native records that the merged record has no place for. `keep`: they stay and are not synced any more. */
export type RemovalOfOthers = 'archive' | 'delete' | 'keep'

export interface MergeRequest {
  /** The record that stays, and the one that becomes part of it. */
  readonly keep: string
  readonly drop: string
  /** Native id that stays, by system; where both have one and none is named, the suggested one. */
  readonly survivors: Readonly<Record<string, string>>
  readonly others: RemovalOfOthers
}

/** `refused`: with what stands against it, as a sentence for a person. */
export type DuplicateResponse =
  | { readonly kind: 'ok'; readonly id: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly reason: string }

/** What is undecided about a record whose deletion is to be judged. */
export interface OpenMatters {
  /** Records that it has an open duplicate with, and how that came about. */
  readonly duplicates: readonly {
    readonly recordId: string
    readonly cause: 'key' | 'merge'
    readonly survivorId?: string
  }[]
  /** Unmatched native records that share an exact key with it. */
  readonly matches: readonly string[]
  /** A native record of the system was discovered before the time asked for, and nobody has read it so far. */
  readonly unread: boolean
}

/** The part of the admin store that is about duplicates. */
export interface DuplicateAdmin {
  duplicates(page: {
    readonly limit: number
    readonly cursor?: string
    /** @default 'open' */
    readonly state?: 'open' | 'decided'
  }): Promise<{ readonly rows: readonly DuplicateRow[]; readonly cursor?: string }>
  /** One by its id, whatever its state. */
  duplicate(id: string): Promise<DuplicateRow | undefined>
  crowdedKeys(limit: number): Promise<readonly CrowdedKey[]>
  /** The two are the same: for each system one native record stays, the merged record takes over what the others hold. */
  mergeRecords(request: MergeRequest, actor: string): Promise<DuplicateResponse>
  /** The two are different things, for good. */
  keepApart(recordId: string, otherId: string, actor: string): Promise<DuplicateResponse>
  /** Takes a decision back. The pair is open again where it still is one. */
  undoDuplicate(id: string, actor: string): Promise<DuplicateResponse>
}
