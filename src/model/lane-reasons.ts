/**
 * Why a lane is as it is: the reason codes of each state. They are kept with the member, so a code keeps its spelling for good. Failures of calls
 * give their own error code.
 */
import type { ErrorCode } from './error-codes.ts'

export interface LaneReasons {
  /**
   * - `released`: a person let one write past whatever held it
   * - `archived`, `archived-away`: archived for a deletion, and can be taken back; the second reads as gone meanwhile
   * - `deletion-waits`: its deletion waits until nothing about the record is undecided
   * - `stored-differently`: the system keeps another value than was sent; a person was told
   */
  readonly open: 'released' | 'archived' | 'archived-away' | 'deletion-waits' | 'stored-differently'
  /** `moving`: the record changed in each round of a pass. */
  readonly backoff: 'moving' | ErrorCode
  /** The code of the failure, `unknown-outcome`, or what the lane said before: a pass that finds an open intent adds nothing to that. */
  readonly 'in-doubt': 'unknown-outcome' | LaneReasons[Exclude<keyof LaneReasons, 'in-doubt'>]
  /**
   * - `reference`: for another record's counterpart · `first-load`: until the system was listed once
   * - `candidate`, `evidence`, `no-evidence`: a create, until it is shown that it makes no duplicate
   * - `duplicate`: until a person decided whether two records are one
   * - `reappeared`, `rejoining`: a deleted record that is there again, before and after it was counted by the guard
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
   * - `guard`, `delete-guard`: the mass-change guard · `update-delete`: changed in one system and deleted in another
   * - `no-evidence`, `no-key`: a create of which nothing can show that it makes no duplicate
   * - `duplicate`, `restored`, `lost`: a person has to say what the record is
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

export type LaneReason = LaneReasons[keyof LaneReasons]
