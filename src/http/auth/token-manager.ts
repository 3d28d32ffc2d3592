/**
 * One token for all calls of a credential.
 *
 * missing → fetching (one request, however many calls wait) → fresh → due (still used while one request
 * fetches its successor) → missing again when it expires or when the API refuses it. A refusal counts only
 * against its own generation: a hundred calls in flight with an old token lead to one new token, not to a
 * hundred. When the authorization server refuses the credential itself, the manager is *refused*: every call
 * fails immediately with the same error, and the server is asked again only after a minute, so that a wrong
 * secret does not lock an account.
 */
import type { StoredToken, TokenStore } from '../../model/token-store.ts'
import type { HttpClock } from '../call.ts'
import { AuthenticationError } from '../errors.ts'
import type { Authenticator, Credential } from './authenticator.ts'

/** A grant: the credential's name in the store, and how a token is requested. */
export interface Grant {
  readonly name: string
  /** Identifies the credential in the store; contains no secret. */
  readonly key: string
  /** Asks the authorization server. `current` is the newest token, whose refresh token may be needed. */
  request(current: StoredToken | undefined): Promise<IssuedToken>
}

/** A token as returned by the authorization server. */
export interface IssuedToken {
  readonly accessToken: string
  readonly refreshToken?: string
  /** @default 300 s */
  readonly lifeSeconds: number | undefined
}

/** Lifetime of a token whose response specifies none. */
const assumedLifeSeconds = 300
const renewAheadMs = 30_000
/**
 * Within this time before its expiry a token is no longer used while its successor is fetched: it could
 * expire in transit.
 */
const stopgapMs = 2_000
const retryAheadMs = 5_000
const refusedForMs = 60_000

/** Provides the token of a credential and renews it. */
export class TokenManager implements Authenticator {
  readonly name: string
  readonly #grant: Grant
  readonly #store: TokenStore
  readonly #clock: HttpClock
  #held: StoredToken | undefined
  #fetching: Promise<StoredToken> | undefined
  /** Tokens up to this generation were refused by the API. */
  #refusedGeneration = 0
  #nextAheadAt = 0
  /**
   * Received but not yet stored, because the store failed. It is stored before another one is requested,
   * since its refresh token is the only one.
   */
  #unkept: StoredToken | undefined
  #refusal: { readonly error: AuthenticationError; readonly until: number } | undefined

  constructor(grant: Grant, store: TokenStore, clock: HttpClock) {
    this.name = grant.name
    this.#grant = grant
    this.#store = store
    this.#clock = clock
  }

  credential(): Credential | Promise<Credential> {
    const held = this.#held
    const now = this.#clock.now()
    if (held !== undefined && now < dueAt(held)) return credentialOf(held)
    if (held !== undefined && now < held.expiresAt - stopgapMs) {
      if (now >= this.#nextAheadAt) this.#renewAhead(now)
      return credentialOf(held)
    }
    return this.#fetch().then(credentialOf)
  }

  refused(generation: number): boolean {
    this.#refusedGeneration = Math.max(this.#refusedGeneration, generation)
    if (this.#held !== undefined && this.#held.generation <= generation) this.#held = undefined
    return true
  }

  /**
   * Current callers continue with the old token, so a failure here affects none of them: the next call tries
   * again.
   */
  #renewAhead(now: number): void {
    this.#nextAheadAt = now + retryAheadMs
    this.#fetch().catch(() => undefined)
  }

  #fetch(): Promise<StoredToken> {
    this.#fetching ??= this.#newest().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #newest(): Promise<StoredToken> {
    const refusal = this.#refusal
    const heldMs = refusal === undefined ? 0 : refusal.until - this.#clock.monotonic()
    if (refusal !== undefined && heldMs > 0) throw stillRefused(refusal.error, heldMs)
    try {
      const known = await this.#store.read(this.#grant.key)
      const token = this.#serves(known)
        ? known
        : await this.#store.renew(this.#grant.key, (current) => this.#decide(current))
      if (token === undefined) throw unavailable()
      this.#unkept = undefined
      this.#held = token
      this.#refusal = undefined
      return token
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Under the store's lock: another process may have renewed the token in the meantime. */
  async #decide(current: StoredToken | undefined): Promise<StoredToken | undefined> {
    if (this.#serves(current)) return undefined
    if (this.#unkept !== undefined && this.#unkept.generation > (current?.generation ?? 0))
      return this.#unkept
    const issuedAt = this.#clock.now()
    const issued = await this.#grant.request(current)
    // A server that does not rotate returns no refresh token: the current one remains valid.
    const refreshToken = issued.refreshToken ?? current?.refreshToken
    this.#unkept = {
      accessToken: issued.accessToken,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      issuedAt,
      expiresAt: issuedAt + (issued.lifeSeconds ?? assumedLifeSeconds) * 1_000,
      generation: Math.max(current?.generation ?? 0, this.#refusedGeneration) + 1,
    }
    return this.#unkept
  }

  #serves(token: StoredToken | undefined): boolean {
    return (
      token !== undefined &&
      token.generation > this.#refusedGeneration &&
      this.#clock.now() < dueAt(token) &&
      this.#clock.now() >= token.issuedAt - renewAheadMs
    )
  }

  #failure(error: unknown): AuthenticationError {
    if (!(error instanceof AuthenticationError)) return unavailable()
    // The endpoint is asked again neither by every call that is refused, nor before the time that it
    // specified itself.
    const forMs = error.retry === 'never' ? refusedForMs : waitOf(error)
    if (forMs > 0) this.#refusal = { error, until: this.#clock.monotonic() + forMs }
    return error
  }
}

function waitOf({ retry }: AuthenticationError): number {
  return typeof retry === 'object' ? retry.afterMs : 0
}

/** The same refusal for another call; the remaining wait has become shorter. */
function stillRefused(error: AuthenticationError, leftMs: number): AuthenticationError {
  if (typeof error.retry !== 'object') return error
  return new AuthenticationError(error.code, error.message, {
    outcome: 'not-sent',
    details: error.details,
    retry: { afterMs: Math.ceil(leftMs) },
  })
}

/** 30 s ahead of expiry, or a tenth of a short lifetime. */
function dueAt({ issuedAt, expiresAt }: StoredToken): number {
  return expiresAt - Math.min(renewAheadMs, (expiresAt - issuedAt) / 10)
}

/** One object per token, which identifies the token for whoever uses it. */
const credentials = new WeakMap<StoredToken, Credential>()

function credentialOf(token: StoredToken): Credential {
  const known = credentials.get(token)
  if (known !== undefined) return known
  const credential = {
    headers: { authorization: `Bearer ${token.accessToken}` },
    generation: token.generation,
  }
  credentials.set(token, credential)
  return credential
}

/** Without a cause: a store's error may quote a statement's values. */
function unavailable(): AuthenticationError {
  return new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', 'The token store returned no token.', {
    outcome: 'not-sent',
  })
}
