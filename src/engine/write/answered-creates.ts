/**
 * Native ids returned by creates whose outcome is not committed yet.
 *
 * Between the response and its commit the store may become unavailable. The intent is then open like any
 * intent in doubt, but this process knows its outcome: its next pass over the record adopts the id, where
 * another process would have to search, or ask for review. In memory only; without it the intent is resolved
 * in the general way.
 */
import type { AnsweredCreates } from '../ports.ts'

/**
 * Maximum number of entries: an outage of the store is short, and only creates in flight at that moment are
 * concerned.
 */
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
