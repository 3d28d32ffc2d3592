/**
 * Storage of OAuth tokens. Several processes that use one credential share its tokens through a store: where
 * refresh tokens rotate, two concurrent renewals would each invalidate the other's token.
 */

/** A token issued by an authorization server, as a store keeps it. Times are epoch milliseconds. */
export interface StoredToken {
  /** The token sent with requests. */
  readonly accessToken: string
  /** The refresh token to use next, where the server issues them. */
  readonly refreshToken?: string
  /** When it was issued, in epoch ms. */
  readonly issuedAt: number
  /** When it expires, in epoch ms. */
  readonly expiresAt: number
  /** 1 for the first; incremented with each renewal, in whatever process. */
  readonly generation: number
}

/** Keeps the newest token of each credential. */
export interface TokenStore {
  /** Returns the newest token, which may have expired. */
  read(key: string): Promise<StoredToken | undefined>
  /**
   * Calls `decide` with the newest token while no other caller, in any process, decides about the same key.
   * Its result is stored before this resolves, so that no token is used that could still be lost; `undefined`
   * keeps the current one.
   *
   * @returns the newest token afterwards
   */
  renew(
    key: string,
    decide: (current: StoredToken | undefined) => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined>
}
