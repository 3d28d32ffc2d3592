/** Access to the admin API: tokens, and the record of who was shown values. */

/** A token, without its secret. */
export interface AccessToken {
  /** Unique among the tokens that are not revoked. */
  readonly name: string
  readonly roles: readonly string[]
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt: number
  /** Accurate to a minute. Missing: never used. */
  readonly lastUsedAt?: number
  readonly revokedAt?: number
}

/** A token to store. */
export interface AccessTokenDraft {
  readonly name: string
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array
  readonly roles: readonly string[]
  readonly expiresAt: number
}

/** Values of records that a caller is about to be shown. */
export interface Disclosure {
  /** Id of the route. */
  readonly route: string
  readonly recordIds: readonly string[]
  /** Where the request came from. */
  readonly address?: string
}

/** The part of the admin store for access. */
export interface AccessStore {
  /** Newest first; at most 1,000, so that revoked ones are left out last. */
  accessTokens(): Promise<readonly AccessToken[]>
  /** Returns the valid token with this hash: neither revoked nor expired. Its use is recorded once a minute. */
  findAccessToken(hash: Uint8Array): Promise<AccessToken | undefined>
  /** Returns undefined when a token of this name exists that is not revoked. Journaled. */
  createAccessToken(draft: AccessTokenDraft, actor: string): Promise<AccessToken | undefined>
  /** Returns false when there is no such token. Journaled. */
  revokeAccessToken(name: string, actor: string): Promise<boolean>
  /** Journals that values are shown, before they are. */
  recordDisclosure(disclosure: Disclosure, actor: string): Promise<void>
}
