/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
import type { OAuth2ClientCredentialsOptions } from './options.ts'
import { credentialKey, type TokenDependencies, tokenEndpoint } from './token-endpoint.ts'
import { TokenManager } from './token-manager.ts'

/**
 * Creates an authenticator that fetches, shares and renews a token. @throws UsageError HTTP_OPTIONS_INVALID
 */
export function oauth2ClientCredentials(
  options: OAuth2ClientCredentialsOptions,
  dependencies: TokenDependencies,
): TokenManager {
  const { type, tokenUrl, clientId, scope, audience } = options
  const ask = tokenEndpoint(options, dependencies)
  const parameters = {
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
  }
  const grant = {
    name: type,
    key: credentialKey([type, tokenUrl, clientId, scope, audience]),
    request: () => ask('client_credentials', parameters),
  }
  return new TokenManager(grant, dependencies.tokens, dependencies.clock)
}
