/**
 * Why a lane has its state: the reason codes of each state. They are stored with the member, so the spelling
 * of a code never changes. Failures of calls use their own error code.
 */
import type { ErrorCode } from './error-codes.ts'

/** The reasons of each lane state. */
export interface LaneReasons {
  /**
   * - `released`: a person allowed one write in spite of the hold
   * - `archived`, `archived-away`: archived for a deletion, and can be restored; the second reads as gone
   *   meanwhile
   * - `deletion-waits`: its deletion waits until nothing about the record is undecided
   * - `stored-differently`: the system keeps another value than was sent; this was reported
   */
  readonly open: 'released' | 'archived' | 'archived-away' | 'deletion-waits' | 'stored-differently'
  /** `moving`: the record changed in each round of a pass. */
  readonly backoff: 'moving' | ErrorCode
  /**
   * The code of the failure, `unknown-outcome`, or the previous reason: a pass that finds an open intent does
   * not change it.
   */
  readonly 'in-doubt': 'unknown-outcome' | LaneReasons[Exclude<keyof LaneReasons, 'in-doubt'>]
  /**
   * - `reference`: for another record's counterpart · `first-load`: until the system was listed once
   * - `candidate`, `evidence`, `no-evidence`: a create, until there is evidence that it makes no duplicate
   * - `duplicate`: until a person has decided whether two records are the same
   * - `reappeared`, `rejoining`: a deleted record that exists again, before and after it was counted by the
   *   guard
   */
  readonly waiting:
    | 'reference'
    | 'first-load'
    | 'candidate'
    | 'evidence'
    | 'no-evidence'
    | 'duplicate'
    | 'reappeared'
    | 'rejoining'
  /** `refused`: values are remembered as refused · `rule`: a rule of the definition holds the record back */
  readonly rejected: 'refused' | 'rule' | ErrorCode
  /**
   * - `guard`, `delete-guard`: the mass-change guard · `update-delete`: changed in one system and deleted in
   *   another
   * - `no-evidence`, `no-key`: a create without possible evidence that it makes no duplicate
   * - `duplicate`, `restored`, `lost`: a person has to decide what the record is
   */
  readonly held:
    | 'guard'
    | 'delete-guard'
    | 'update-delete'
    | 'no-evidence'
    | 'no-key'
    | 'duplicate'
    | 'restored'
    | 'lost'
  readonly quarantined: ErrorCode
}

/** A reason of any lane state. */
export type LaneReason = LaneReasons[keyof LaneReasons]
