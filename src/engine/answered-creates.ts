/**
 * Native ids of creates that were answered and not committed yet.
 *
 * Between the answer and its commit the store may go away. The intent is then open like any in doubt, but this process knows what became of it:
 * its next pass over the record adopts the id, where another process would have to search, or ask a person. Memory only; what is lost with the
 * process is resolved the long way.
 */
export interface AnsweredCreates {
  keep(intentId: string, rid: string): void
  ridOf(intentId: string): string | undefined
  /** Its outcome is durable. */
  forget(intentId: string): void
}

/** Kept at most: a store is away for a moment, and only creates under way at that moment are concerned. */
const keptMax = 4_096

/** Makes the memory of one engine. */
export function createAnsweredCreates(): AnsweredCreates {
  const rids = new Map<string, string>()
  return {
    keep(intentId, rid) {
      rids.set(intentId, rid)
      for (const oldest of rids.keys()) {
        if (rids.size <= keptMax) return
        rids.delete(oldest)
      }
    },
    ridOf: (intentId) => rids.get(intentId),
    forget: (intentId) => {
      rids.delete(intentId)
    },
  }
}
