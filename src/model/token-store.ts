/**
 * Where OAuth tokens live. Several processes that use one credential share its tokens through a store: where refresh tokens rotate, two
 * that renewed at once would each invalidate what the other got.
 */

/** What an authorization server gave, as a store keeps it. Times are epoch milliseconds. */
export interface StoredToken {
  /** What is sent with requests. */
  readonly accessToken: string
  /** The refresh token to use next, where the server gives them. */
  readonly refreshToken?: string
  /** When it was issued, in epoch ms. */
  readonly issuedAt: number
  /** When it ends, in epoch ms. */
  readonly expiresAt: number
  /** 1 for the first; grows by one with each renewal, in whatever process that was. */
  readonly generation: number
}

/** Keeps the newest token of each credential. */
export interface TokenStore {
  /** The newest token, which may have expired. */
  read(key: string): Promise<StoredToken | undefined>
  /**
   * Calls `decide` with the newest token while nobody else, in any process, decides about the same key. What it returns is kept before
   * this resolves, so that nobody uses a token that could still be lost; `undefined` keeps the current one.
   *
   * @returns the newest token afterwards
   */
  renew(
    key: string,
    decide: (current: StoredToken | undefined) => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined>
}
