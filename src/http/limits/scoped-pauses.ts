/**
 * How long a part of an API asked for no requests.
 *
 * A refusal concerns the part that refused: an exhausted search says nothing about reads by id. When a second
 * part refuses during the pause of the first, the limit is one of the whole API, and everything waits.
 */

/** Maximum number of parts that are remembered; more than an API has. */
const scopesMax = 256

/** The pauses of one API. Times are monotonic milliseconds. */
export class ScopedPauses {
  readonly #scopes = new Map<string, number>()
  #everything = 0

  /** The end of the longest pause; 0 = there was none. */
  get lastUntil(): number {
    return Math.max(this.#everything, ...this.#scopes.values())
  }

  /** Without a scope everything waits. */
  pause(until: number, scope: string | undefined, now: number): void {
    if (scope === undefined) {
      this.#everything = Math.max(this.#everything, until)
      return
    }
    for (const [other, otherUntil] of this.#scopes) {
      if (otherUntil <= now) this.#scopes.delete(other)
      else if (other !== scope) this.#everything = Math.max(this.#everything, otherUntil, until)
    }
    if (this.#scopes.size >= scopesMax) this.#everything = Math.max(this.#everything, until)
    else this.#scopes.set(scope, Math.max(this.#scopes.get(scope) ?? 0, until))
  }

  /** Returns the milliseconds for which everything waits. */
  waitMs(now: number): number {
    return Math.max(0, this.#everything - now)
  }

  /** Returns the milliseconds for which the scope waits. */
  waitOf(scope: string | undefined, now: number): number {
    const own = scope === undefined || this.#scopes.size === 0 ? 0 : (this.#scopes.get(scope) ?? 0)
    return Math.max(0, own - now)
  }
}
