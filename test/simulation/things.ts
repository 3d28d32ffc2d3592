/** Which codes refer to the same thing: users change the codes of things, and the judge has to recognise them. */
import type { Version } from '../support/fake-system/remote-table.ts'

export class Things {
  readonly #before = new Map<string, string>()

  /** A user changed the code of a thing. */
  recoded(before: string, code: string): void {
    this.#before.set(code, before)
  }

  /** True when a user changed this code to another, or another to this one. */
  isRenamed(code: unknown): boolean {
    return this.#before.has(String(code)) || [...this.#before.values()].includes(String(code))
  }

  /** True when both codes belong, or belonged, to one thing. */
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
