/**
 * JWT bearer (RFC 7523, 2.1): a signed statement "act as this subject" is exchanged for a token. Salesforce
 * and Google use it.
 */
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { OAuth2JwtBearerOptions } from './options.ts'
import { parsePrivateKey } from './private-key.ts'
import { credentialKey, type TokenDependencies, tokenEndpoint } from './token-endpoint.ts'
import { TokenManager } from './token-manager.ts'

/**
 * Creates an authenticator that signs assertions and exchanges them. @throws UsageError HTTP_OPTIONS_INVALID
 */
export function oauth2JwtBearer(
  options: OAuth2JwtBearerOptions,
  dependencies: TokenDependencies,
): TokenManager {
  const { type, tokenUrl, clientId, subject, scope, keyId } = options
  const issuer = options.issuer ?? clientId
  const audience = options.audience ?? tokenUrl
  const ask = tokenEndpoint(options, dependencies)
  const key = parsePrivateKey(options.privateKey, options.algorithm)
  const grant = {
    name: type,
    key: credentialKey([type, tokenUrl, clientId, subject, issuer, audience, scope, keyId]),
    request: async () => {
      const seconds = Math.floor(dependencies.clock.now() / 1_000)
      const assertion = await new SignJWT()
        .setProtectedHeader({ alg: key.algorithm, ...(keyId === undefined ? {} : { kid: keyId }) })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setJti(randomUUID())
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + assertionLifeSeconds)
        .sign(key.key)
      return ask('urn:ietf:params:oauth:grant-type:jwt-bearer', {
        assertion,
        ...(scope === undefined ? {} : { scope }),
      })
    },
  }
  return new TokenManager(grant, dependencies.tokens, dependencies.clock)
}

/** Salesforce accepts at most 3 minutes, Google an hour; clocks may differ slightly. */
const assertionLifeSeconds = 170
