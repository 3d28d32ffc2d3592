/** Credentials as a plain object, the way a definition gives them. */
import { RequestError } from '../errors.ts'
import type { Authenticator } from './authenticator.ts'
import { oauth2ClientCredentials, type TokenDependencies } from './oauth2-client-credentials.ts'
import { apiKey, basic, bearer } from './static.ts'

/** The credentials that are built in. */
export type AuthOptions =
  | { readonly type: 'none' }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  /** Exactly one of `header` and `query` names where the key goes. */
  | {
      readonly type: 'api-key'
      readonly header?: string | undefined
      readonly query?: string | undefined
      readonly value: string
    }
  | OAuth2ClientCredentialsOptions

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
export interface OAuth2ClientCredentialsOptions {
  readonly type: 'oauth2-client-credentials'
  /** HTTPS, except loopback with `allowHttp`. */
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** Space-separated. */
  readonly scope?: string | undefined
  /** Sent as `audience`, which some authorization servers need. */
  readonly audience?: string | undefined
  /** How the client proves itself: `basic` (header) or `post` (body). @default 'basic' */
  readonly clientAuthentication?: 'basic' | 'post' | undefined
}

/** Builds the authenticator; undefined for none. */
export function authenticatorFrom(
  options: AuthOptions | Authenticator | undefined,
  dependencies: TokenDependencies,
): Authenticator | undefined {
  if (options === undefined) return undefined
  if ('credential' in options) return options
  switch (options.type) {
    case 'none':
      return undefined
    case 'bearer':
      return bearer(options.token)
    case 'basic':
      return basic(options.username, options.password)
    case 'api-key':
      return apiKey(options)
    case 'oauth2-client-credentials':
      return oauth2ClientCredentials(options, dependencies)
    default:
      throw unknownType(options)
  }
}

function unknownType(options: never): RequestError {
  const type = String(Reflect.get(options, 'type'))
  return new RequestError(
    'HTTP_OPTIONS_INVALID',
    `The auth type "${type}" is unknown: use none, bearer, basic, api-key or oauth2-client-credentials.`,
  )
}
