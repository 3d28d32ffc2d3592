/** Retention in a store: which data is removed. */

/** Retention periods: data older than these times (epoch ms) may be removed. */
export interface PruneRequest {
  /** Journal lines, settled intents, decided conflicts, closed holds, finished runs. */
  readonly historyBefore: number
  /** Resolved failures. */
  readonly deadLettersBefore: number
  /** Webhook deliveries: a repeated delivery that arrives later is not recognised any more. */
  readonly deliveriesBefore: number
  /**
   * Runs begun before this and never finished: their process died. The records they had listed are dropped.
   */
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
