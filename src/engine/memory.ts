/**
 * What one engine caches between its passes. Every entry can be confirmed by the store: the cache saves
 * queries, and may be lost with the process.
 */

/** Why a system's absences are not trusted now. */
export interface Doubt {
  readonly reason: string
  /** Waiting may not resolve it: the system responds, but implausibly. */
  readonly standing: boolean
}

/** The cache of one engine; each member says how its entries are confirmed. */
export interface EngineMemory {
  /** Adoption barrier: no create of ours that was begun before this time (epoch ms) is open, by place. */
  readonly noOpenCreates: Map<string, number>
  /** Verdicts on the absences that a system reports, by place. */
  readonly doubts: Map<string, { readonly at: number; readonly verdict: Promise<Doubt | undefined> }>
  /** When the age of a waiting deletion was last reported, by record and system. */
  readonly waitsReported: Map<string, number>
  /** When this process committed that a record gave a value up, oldest first: see `write/taken-values.ts`. */
  readonly releases: Map<string, number>
  /** Passes that wait for a read of a whole place. */
  evidenceWaiters: number
}

/** Returns the empty cache of a new engine. */
export function createMemory(): EngineMemory {
  return {
    noOpenCreates: new Map(),
    doubts: new Map(),
    waitsReported: new Map(),
    releases: new Map(),
    evidenceWaiters: 0,
  }
}
