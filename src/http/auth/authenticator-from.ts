/** Turns credentials given as a plain object into an authenticator. */
import { UsageError } from '../../model/errors.ts'
import type { Authenticator } from './authenticator.ts'
import { oauth2ClientCredentials } from './oauth2-client-credentials.ts'
import { oauth2JwtBearer } from './oauth2-jwt-bearer.ts'
import { oauth2RefreshToken } from './oauth2-refresh-token.ts'
import type { AuthOptions } from './options.ts'
import { signRequests } from './sign-requests.ts'
import { apiKey, basic, bearer } from './static.ts'
import type { TokenDependencies } from './token-endpoint.ts'

/** Creates the authenticator; undefined when there are no credentials. */
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
    case 'oauth2-refresh-token':
      return oauth2RefreshToken(options, dependencies)
    case 'oauth2-jwt-bearer':
      return oauth2JwtBearer(options, dependencies)
    case 'sign':
      return signRequests(options.sign)
    default:
      throw unknownType(options)
  }
}

function unknownType(options: never): UsageError {
  const type = String(Reflect.get(options, 'type'))
  return new UsageError(
    'HTTP_OPTIONS_INVALID',
    `The auth type "${type}" is unknown: use none, bearer, basic, api-key, oauth2-client-credentials, oauth2-refresh-token, oauth2-jwt-bearer or sign.`,
  )
}
