/** How unmatched records find their counterparts, and what happens when a system merges two of them. */
import type { MatchKey } from '../model/matching/contract.ts'
import type { AgreedFields, RecordState } from '../model/state.ts'
import type { Lease } from './claim-contract.ts'
import type { JournalEntry } from './pass-contract.ts'

/** The keys of a record, to be registered and searched for. */
export interface MatchRequest {
  readonly lease: Lease
  readonly entity: string
  /** The system whose unmatched record is being matched. */
  readonly system: string
  readonly keys: readonly MatchKey[]
}

/** A record that shares a key. */
export interface MatchHit {
  readonly recordId: string
  readonly state: RecordState
  readonly rule: number
  readonly kind: 'exact' | 'block'
  /** Systems in which it already has a counterpart. */
  readonly linked: readonly string[]
  /** Systems in which a create of it is open. */
  readonly creating: readonly string[]
  readonly fields: AgreedFields
  /** A person decided that the two are distinct. */
  readonly keptApart: boolean
  /** A worker is processing it: an unmatched one may be about to become a record of its own. */
  readonly busy: boolean
}

/** Makes a candidate's native record the counterpart of another record. */
export interface AttachRequest {
  /** Lease on the candidate. */
  readonly lease: Lease
  readonly system: string
  readonly targetRecordId: string
  readonly rule: string
  readonly journal: readonly JournalEntry[]
}

/** `refused`: the target has a counterpart there now, or is creating one, or is gone. */
export type AttachResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Follows a merge in a system: the leased record's native record became part of the survivor. */
export interface AliasRequest {
  readonly lease: Lease
  readonly system: string
  readonly survivorNativeId: string
  readonly journal: readonly JournalEntry[]
}

/**
 * - `ok`: the loser is a tombstone that points to the survivor's record, which got the counterparts that it
 *   lacked
 * - `duplicate`: both have a counterpart in another system too. The loser continues there without the merged
 *   system, until a person decides
 * - `relinked`: the survivor is known as part of the very same record, which now has it as its counterpart
 * - `creating`: the survivor is about to get a counterpart that the loser has; nothing was written
 * - `unknown-survivor`: it is not known yet; nothing was written
 */
export type AliasResult = 'ok' | 'duplicate' | 'relinked' | 'creating' | 'fenced' | 'unknown-survivor'
