/** Credentials as a plain object, as a definition contains them. */
import type { AssertionAlgorithm } from './private-key.ts'
import type { SignRequest } from './sign-requests.ts'

/**
 * The built-in credentials. mTLS is not among them: a client certificate is given as `clientCertificate` and
 * can be combined with any of these.
 */
export type AuthOptions =
  /** No credential. */
  | { readonly type: 'none' }
  /** A token that does not change (RFC 6750). */
  | {
      readonly type: 'bearer'
      /** The token, without the word `Bearer`. */
      readonly token: string
    }
  /** User name and password (RFC 7617). */
  | {
      readonly type: 'basic'
      /** User name; no colon. */
      readonly username: string
      /** Password. */
      readonly password: string
    }
  /** Exactly one of `header` and `query` specifies where the key is sent. */
  | {
      readonly type: 'api-key'
      /** Header that contains the key. */
      readonly header?: string | undefined
      /** Query parameter that contains the key. */
      readonly query?: string | undefined
      /** The key itself. */
      readonly value: string
    }
  | OAuth2ClientCredentialsOptions
  | OAuth2RefreshTokenOptions
  | OAuth2JwtBearerOptions
  /** A function that signs each request; only in code. */
  | {
      readonly type: 'sign'
      /** Signs a request; see {@link SignRequest}. */
      readonly sign: SignRequest
    }

/** How a client authenticates at a token endpoint, and the endpoint's address. */
export interface TokenEndpointOptions {
  /** HTTPS, except for loopback with `allowHttp`. */
  readonly tokenUrl: string
  /** Id of the client at the authorization server. */
  readonly clientId: string
  /** Secret of the client. @default none: a public client, or one with a key or certificate */
  readonly clientSecret?: string | undefined
  /**
   * `basic` the secret in a header · `post` the secret in the body · `private-key-jwt` a signed assertion
   * (RFC 7523, 2.2) · `tls` the client certificate (RFC 8705) · `none` a public client.
   * @default 'basic' with a secret, 'none' without one
   */
  readonly clientAuthentication?: 'basic' | 'post' | 'private-key-jwt' | 'tls' | 'none' | undefined
  /** PEM without a passphrase: RSA of 2048 bits or more, P-256, P-384 or Ed25519. */
  readonly privateKey?: string | undefined
  /** Sent as `kid`, so that the server finds the public key. */
  readonly keyId?: string | undefined
  /** @default the algorithm that the key is made for; RS256 for RSA */
  readonly algorithm?: AssertionAlgorithm | undefined
  /** Audience of the assertion of `private-key-jwt`. @default the token URL */
  readonly assertionAudience?: string | undefined
  /** Space-separated. */
  readonly scope?: string | undefined
}

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
export interface OAuth2ClientCredentialsOptions extends TokenEndpointOptions {
  /** Chooses this grant. */
  readonly type: 'oauth2-client-credentials'
  /** Sent as `audience`, which some authorization servers require. */
  readonly audience?: string | undefined
}

/**
 * OAuth 2.0 refresh token (RFC 6749, 6), with rotation. Needs a token store that outlives the process where
 * tokens rotate.
 */
export interface OAuth2RefreshTokenOptions extends TokenEndpointOptions {
  /** Chooses this grant. */
  readonly type: 'oauth2-refresh-token'
  /**
   * The first refresh token, as obtained by consent. Its successors are in the token store; a different one
   * given here starts over.
   */
  readonly refreshToken: string
}

/** JWT bearer (RFC 7523, 2.1). */
export interface OAuth2JwtBearerOptions extends TokenEndpointOptions {
  /** Chooses this grant. */
  readonly type: 'oauth2-jwt-bearer'
  readonly privateKey: string
  /** The user to act as. */
  readonly subject: string
  /** @default the client id */
  readonly issuer?: string | undefined
  /** @default the token URL */
  readonly audience?: string | undefined
}
