/**
 * Native ids of creates that were answered and not committed yet.
 *
 * Between the response and its commit the store may go away. The intent is then open like any in doubt, but this process knows what became of it:
 * its next pass over the record adopts the id, where another process would have to search, or ask a person. Memory only; what is lost with the
 * process is resolved the long way.
 */
import type { AnsweredCreates } from '../ports.ts'

/** Kept at most: a store is away for a moment, and only creates under way at that moment are concerned. */
const keptMax = 4_096

/** Makes the memory of one engine. */
export function createAnsweredCreates(): AnsweredCreates {
  const nativeIds = new Map<string, string>()
  return {
    keep(intentId, nativeId) {
      nativeIds.set(intentId, nativeId)
      for (const oldest of nativeIds.keys()) {
        if (nativeIds.size <= keptMax) return
        nativeIds.delete(oldest)
      }
    },
    nativeIdOf: (intentId) => nativeIds.get(intentId),
    forget: (intentId) => {
      nativeIds.delete(intentId)
    },
  }
}
