/** `/services/oauth2/token` with client credentials, refresh tokens and JWT bearer; `/services/oauth2/userinfo`. */
import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto'
import type { ApiResponse } from './api.ts'

/** Who may get a token. */
export interface OAuthOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly username: string
  /** PEM of the public key registered with the connected app; without it JWT bearer is refused. */
  readonly publicKey?: string
  readonly audience: string
  /** Lifetime of a session. */
  readonly sessionMs: number
}

/** Tokens and their users. */
export class OAuth {
  readonly #options: OAuthOptions
  readonly #sessions = new Map<string, number>()
  readonly #now: () => number
  readonly #publicKey: KeyObject | undefined
  /** Number of issued tokens. */
  issued = 0

  constructor(options: OAuthOptions, now: () => number) {
    this.#options = options
    this.#now = now
    this.#publicKey = options.publicKey === undefined ? undefined : createPublicKey(options.publicKey)
  }

  /** A session as after a login. */
  newSession(): string {
    const token = `00D!${randomBytes(24).toString('base64url')}`
    this.#sessions.set(token, this.#now() + this.#options.sessionMs)
    this.issued += 1
    return token
  }

  /** All sessions end, as after a password change. */
  endSessions(): void {
    this.#sessions.clear()
  }

  holds(authorization: string | undefined): boolean {
    const token = /^(?:Bearer|OAuth) (\S+)$/i.exec(authorization ?? '')?.[1]
    const until = token === undefined ? undefined : this.#sessions.get(token)
    return until !== undefined && until > this.#now()
  }

  token(form: URLSearchParams, authorization: string | undefined, base: string, orgId: string): ApiResponse {
    const refused = this.#refusal(form, authorization)
    if (refused !== undefined) return refused
    const token = this.newSession()
    return {
      status: 200,
      body: {
        access_token: token,
        ...(form.get('grant_type') === 'refresh_token' ? {} : { scope: 'api' }),
        instance_url: base,
        id: `${base}/id/${orgId}/005000000000001AAA`,
        token_type: 'Bearer',
        issued_at: String(this.#now()),
        signature: randomBytes(32).toString('base64'),
      },
    }
  }

  #refusal(form: URLSearchParams, authorization: string | undefined): ApiResponse | undefined {
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return this.#clientRefusal(form, authorization)
      case 'refresh_token': {
        const refused = this.#clientRefusal(form, authorization)
        if (refused !== undefined) return refused
        return form.get('refresh_token') === this.#options.refreshToken
          ? undefined
          : oauthError('invalid_grant', 'expired access/refresh token')
      }
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.#assertionRefusal(form.get('assertion') ?? '')
      default:
        return oauthError('unsupported_grant_type', 'grant type not supported')
    }
  }

  #clientRefusal(form: URLSearchParams, authorization: string | undefined): ApiResponse | undefined {
    const basic = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1]
    const decoded = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8')
    const [id, secret] =
      decoded === undefined
        ? [form.get('client_id'), form.get('client_secret')]
        : decoded.split(':').map(decodeURIComponent)
    if (id !== this.#options.clientId) return oauthError('invalid_client_id', 'client identifier invalid')
    return secret === this.#options.clientSecret
      ? undefined
      : oauthError('invalid_client', 'invalid client credentials')
  }

  #assertionRefusal(assertion: string): ApiResponse | undefined {
    const [header = '', payload = '', signature = ''] = assertion.split('.')
    const invalid = oauthError('invalid_grant', 'invalid assertion')
    if (this.#publicKey === undefined)
      return oauthError('invalid_grant', "user hasn't approved this consumer")
    const signed = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      this.#publicKey,
      Buffer.from(signature, 'base64url'),
    )
    if (!signed) return invalid
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    if (typeof claims !== 'object' || claims === null) return invalid
    const { iss, sub, aud, exp } = claims as Record<string, unknown>
    if (iss !== this.#options.clientId) return oauthError('invalid_client_id', 'client identifier invalid')
    if (aud !== this.#options.audience) return oauthError('invalid_grant', 'audience is invalid')
    if (sub !== this.#options.username)
      return oauthError('invalid_grant', "user hasn't approved this consumer")
    const lifeSeconds = Number(exp) - this.#now() / 1_000
    return lifeSeconds > 0 && lifeSeconds <= 300
      ? undefined
      : oauthError('invalid_grant', 'assertion expired')
  }
}

function oauthError(error: string, description: string): ApiResponse {
  return { status: 400, body: { error, error_description: description } }
}
