/** INV-10: a revision is written to a native record once, and once more for each write with an outcome in doubt. */
import type { Intent } from '../../src/model/state.ts'

export class BoundedWrites {
  readonly #now: () => number
  readonly #acknowledged = new Map<string, number>()
  /** Unknown outcomes, refusals and late requests per lane: each may cause one more write. */
  readonly #ambiguous = new Map<string, number>()
  #mappedAt = Number.POSITIVE_INFINITY

  constructor(now: () => number) {
    this.#now = now
  }

  /** Under another mapping a revision has to be written to another property: writes that start from now on are counted separately. */
  mappingChanged(): void {
    this.#mappedAt = this.#now()
  }

  ambiguous(recordId: string | undefined, system: string): void {
    count(this.#ambiguous, `${recordId}|${system}`)
  }

  /**
   * `nativeId`: the first id of the native record that was written to.
   *
   * @returns a description of the revision that was acknowledged too often
   */
  acknowledged({ recordId, system, createdAt, revs }: Intent, nativeId: string): string[] {
    const lane = `${recordId}|${system}`
    const allowed = 1 + (this.#ambiguous.get(lane) ?? 0)
    // A counterpart that replaces another one after a merge has never received the revision.
    const place = `${lane}|${nativeId}|${createdAt < this.#mappedAt}`
    return Object.entries(revs).flatMap(([field, rev]) => {
      const times = count(this.#acknowledged, `${place}|${field}|${rev}`)
      return times > allowed ? [`${system} acknowledged ${field} of rev ${rev} ${times} times`] : []
    })
  }
}

function count(map: Map<string, number>, key: string): number {
  const next = (map.get(key) ?? 0) + 1
  map.set(key, next)
  return next
}
