/**
 * Tokens of one process. They are lost when it ends, so each start takes one token request; rotating refresh
 * tokens need a persistent store.
 */
import type { StoredToken, TokenStore } from '../../model/token-store.ts'

/** A {@link TokenStore} in memory. */
export class MemoryTokenStore implements TokenStore {
  readonly #tokens = new Map<string, StoredToken>()
  readonly #last = new Map<string, Promise<unknown>>()

  async read(key: string): Promise<StoredToken | undefined> {
    return this.#tokens.get(key)
  }

  async renew(
    key: string,
    decide: (current: StoredToken | undefined) => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(async () => {
      const token = await decide(this.#tokens.get(key))
      if (token !== undefined) this.#tokens.set(key, token)
      return this.#tokens.get(key)
    })
    const settled = mine.catch(() => undefined)
    this.#last.set(key, settled)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}
