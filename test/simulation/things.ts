/** Which codes name the same thing: users give things other codes, and the judge has to know them again. */
import type { Version } from '../support/fake-system/remote-table.ts'

export class Things {
  readonly #before = new Map<string, string>()

  /** Somebody gave the thing another code. */
  recoded(before: string, code: string): void {
    this.#before.set(code, before)
  }

  /** Somebody gave the thing with this code another one, or this one instead of another. */
  isRenamed(code: unknown): boolean {
    return this.#before.has(String(code)) || [...this.#before.values()].includes(String(code))
  }

  /** Both codes are, or were, those of one thing. */
  areSame(one: unknown, other: unknown): boolean {
    return this.#first(one) === this.#first(other)
  }

  #first(code: unknown): unknown {
    let first = code
    for (let known = this.#before.get(String(first)); known !== undefined; known = this.#before.get(known))
      first = known
    return first
  }
}

/** The code that a record had when it was removed. */
export function codeBefore(
  table: { history(nativeId: string): readonly Version[] },
  removal: Version,
): unknown {
  return table.history(removal.nativeId)[removal.version - 2]?.body?.code
}
