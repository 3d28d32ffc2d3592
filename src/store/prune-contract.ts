/** What a store removes when it is told that it is kept no longer. */

/** How long things are kept: what is older than these times (epoch ms) may go. */
export interface PruneRequest {
  /** Journal lines, settled intents, decided conflicts, closed holds, finished runs. */
  readonly historyBefore: number
  /** Failures that are over. */
  readonly deadLettersBefore: number
  /** Webhook deliveries: a copy that comes later than this is not known as one any more. */
  readonly deliveriesBefore: number
  /** Runs begun before this and never finished: their process died. What they had listed is dropped. */
  readonly runsDeadBefore: number
  /** Rows of each kind removed in one call. */
  readonly limit: number
}

/** Rows removed, by kind; a kind at its limit may have more. */
export interface PruneResult {
  readonly journal: number
  readonly intents: number
  readonly conflicts: number
  readonly holds: number
  readonly failures: number
  readonly deliveries: number
  readonly runs: number
  readonly guardCounts: number
  readonly deadRuns: number
}
