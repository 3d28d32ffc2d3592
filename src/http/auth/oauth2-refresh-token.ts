/**
 * OAuth 2.0 refresh tokens (RFC 6749, 6), with rotation (RFC 9700, 4.14.2): each response may contain the
 * next refresh token, and a server that receives an old one again treats that as theft and revokes all of
 * them. The newest one is therefore stored before it is used, only one process at a time renews, and the
 * definition provides only the first one.
 */
import type { OAuth2RefreshTokenOptions } from './options.ts'
import { credentialKey, type TokenDependencies, tokenEndpoint } from './token-endpoint.ts'
import { TokenManager } from './token-manager.ts'

/**
 * Creates an authenticator that renews its token with refresh tokens. @throws UsageError HTTP_OPTIONS_INVALID
 */
export function oauth2RefreshToken(
  options: OAuth2RefreshTokenOptions,
  dependencies: TokenDependencies,
): TokenManager {
  const { type, tokenUrl, clientId, scope, refreshToken } = options
  const ask = tokenEndpoint(options, dependencies)
  const grant = {
    name: type,
    // A new first token starts over: consent has been given again.
    key: credentialKey([type, tokenUrl, clientId, scope, refreshToken]),
    request: (current: { readonly refreshToken?: string } | undefined) =>
      ask('refresh_token', {
        refresh_token: current?.refreshToken ?? refreshToken,
        ...(scope === undefined ? {} : { scope }),
      }),
  }
  return new TokenManager(grant, dependencies.tokens, dependencies.clock)
}
