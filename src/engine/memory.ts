/**
 * What one engine remembers between its passes. Nothing is decided by it that the store would not confirm: it saves questions, and may be lost
 * with the process.
 */

/** Why a system's absences are not believed now. */
export interface Doubt {
  readonly reason: string
  /** Waiting may not end it: the system answers, and what it says is strange. */
  readonly standing: boolean
}

export interface EngineMemory {
  /** Adoption barrier: no create of ours that was begun before this time (epoch ms) is open, by place. */
  readonly noOpenCreates: Map<string, number>
  /** Verdicts on the absences that a system reports, by place. */
  readonly doubts: Map<string, { readonly at: number; readonly verdict: Promise<Doubt | undefined> }>
  /** When the age of a waiting deletion was last told, by record and system. */
  readonly waitsReported: Map<string, number>
  /** Passes that wait for a look at a whole place. */
  evidenceWaiters: number
}

/** The empty memory of a new engine. */
export function createMemory(): EngineMemory {
  return { noOpenCreates: new Map(), doubts: new Map(), waitsReported: new Map(), evidenceWaiters: 0 }
}
