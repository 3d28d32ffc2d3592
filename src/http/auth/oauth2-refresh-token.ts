/**
 * OAuth 2.0 refresh tokens (RFC 6749, 6), with rotation (RFC 9700, 4.14.2): each response may bring the refresh token to use next, and a
 * server that sees an old one again takes that for theft and revokes them all. So the newest is kept before it is used, one process at a
 * time renews, and what the definition gives is only the first of them.
 */
import type { OAuth2RefreshTokenOptions } from './options.ts'
import { credentialKey, type TokenDependencies, tokenEndpoint } from './token-endpoint.ts'
import { TokenManager } from './token-manager.ts'

/** Makes an authenticator that renews by refresh tokens. @throws UsageError HTTP_OPTIONS_INVALID */
export function oauth2RefreshToken(
  options: OAuth2RefreshTokenOptions,
  dependencies: TokenDependencies,
): TokenManager {
  const { type, tokenUrl, clientId, scope, refreshToken } = options
  const ask = tokenEndpoint(options, dependencies)
  const grant = {
    name: type,
    // A new first token starts over: somebody has given consent again.
    key: credentialKey([type, tokenUrl, clientId, scope, refreshToken]),
    request: (current: { readonly refreshToken?: string } | undefined) =>
      ask('refresh_token', {
        refresh_token: current?.refreshToken ?? refreshToken,
        ...(scope === undefined ? {} : { scope }),
      }),
  }
  return new TokenManager(grant, dependencies.tokens, dependencies.clock)
}
