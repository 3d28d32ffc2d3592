/**
 * Sign-in at an identity provider by OpenID Connect: authorization code with PKCE, state and nonce. The issuer
 * has to be exactly the configured one in the metadata, in the response and in the ID token, whose signature is
 * checked against the provider's keys with asymmetric algorithms alone. Uses oauth4webapi.
 */
import * as oauth from 'oauth4webapi'
import { IsthmusError } from '../../model/errors.ts'
import { createGuardedFetch } from './guarded-fetch.ts'

/** The provider, and what it knows this application as. */
export interface IdentityProviderOptions {
  readonly issuer: string
  readonly clientId: string
  /** @default a public client */
  readonly clientSecret?: string
  /** @default 'openid profile email' */
  readonly scope?: string
  /** Where the provider returns people to. */
  readonly redirectUri: string
  /** Addresses that may be called in addition to public ones. */
  readonly allow: readonly string[]
  /** Certificate authorities in PEM in addition to the built-in ones. @default none */
  readonly ca?: string
}

/** What the browser keeps until the person returns. */
export interface SignInMemory {
  /** Comes back in the callback. */
  readonly state: string
  /** Comes back in the ID token. */
  readonly nonce: string
  /** Proves that the code is ours (PKCE). */
  readonly verifier: string
}

/** Who has signed in. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  /** All claims: those of the ID token, completed from the user info endpoint. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** An identity provider. */
export interface IdentityProvider {
  /** @throws API_SIGN_IN_UNAVAILABLE · API_SIGN_IN_REFUSED when its metadata names another issuer */
  begin(): Promise<{ readonly url: string; readonly memory: SignInMemory }>
  /**
   * @param parameters the query of the callback
   * @throws API_SIGN_IN_REFUSED · API_SIGN_IN_UNAVAILABLE
   */
  finish(parameters: URLSearchParams, memory: SignInMemory): Promise<Identity>
  close(): Promise<void>
}

/** A shared secret would let whoever knows the public key, or the secret, sign for anybody. */
const algorithms = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
])
/** Metadata is read again after this time, so that keys can be rotated and endpoints moved. */
const metadataMs = 15 * 60_000

/** Nothing is requested before the first sign-in. */
export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const guarded = createGuardedFetch(options)
  const requests = {
    [oauth.customFetch]: (url: string, init: object) => guarded.fetch(url, init as RequestInit),
    [oauth.allowInsecureRequests]: new URL(options.issuer).protocol === 'http:',
  } as const
  const client: oauth.Client = { client_id: options.clientId }
  let known: { readonly server: oauth.AuthorizationServer; readonly until: number } | undefined

  const metadata = async (): Promise<oauth.AuthorizationServer> => {
    if (known !== undefined && known.until > performance.now()) return known.server
    const issuer = new URL(options.issuer)
    const response = await oauth.discoveryRequest(issuer, requests)
    const server = await oauth.processDiscoveryResponse(issuer, response)
    known = { server, until: performance.now() + metadataMs }
    return server
  }

  return {
    begin: () => judged(async () => authorizationRequest(await metadata(), options)),
    finish: (parameters, memory) =>
      judged(async () => {
        const server = await metadata()
        const valid = oauth.validateAuthResponse(server, client, parameters, memory.state)
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          proofOf(options, server),
          valid,
          options.redirectUri,
          memory.verifier,
          requests,
        )
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
          expectedNonce: memory.nonce,
          requireIdToken: true,
        })
        assertAlgorithm(tokens.id_token ?? '')
        await oauth.validateApplicationLevelSignature(server, response, requests)
        const claims = oauth.getValidatedIdTokenClaims(tokens)
        if (claims === undefined) throw refused('the response has no ID token')
        const more = await userInfo(server, tokens.access_token, claims.sub)
        return { issuer: claims.iss, subject: claims.sub, claims: { ...more, ...claims } }
      }),
    close: () => guarded.close(),
  }

  async function userInfo(server: oauth.AuthorizationServer, accessToken: string, subject: string) {
    if (server.userinfo_endpoint === undefined) return {}
    const response = await oauth.userInfoRequest(server, client, accessToken, requests)
    return await oauth.processUserInfoResponse(server, client, subject, response)
  }
}

/** Where the browser is sent, and what it remembers until the person returns. */
async function authorizationRequest(
  server: oauth.AuthorizationServer,
  { clientId, redirectUri, scope = 'openid profile email' }: IdentityProviderOptions,
): Promise<{ readonly url: string; readonly memory: SignInMemory }> {
  const memory = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
  }
  const parameters = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state: memory.state,
    nonce: memory.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(memory.verifier),
    code_challenge_method: 'S256',
  }
  const url = new URL(server.authorization_endpoint ?? '')
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url: url.href, memory }
}

function proofOf(
  { clientSecret }: IdentityProviderOptions,
  { token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer,
): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None()
  // Without a list, the specification's default is basic.
  const takesBasic = methods === undefined || methods.includes('client_secret_basic')
  return takesBasic ? oauth.ClientSecretBasic(clientSecret) : oauth.ClientSecretPost(clientSecret)
}

function assertAlgorithm(token: string): void {
  const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('utf8'))
  const alg = typeof header === 'object' && header !== null && 'alg' in header ? String(header.alg) : 'none'
  if (!algorithms.has(alg)) throw refused('the ID token is signed with an algorithm that is not accepted')
}

/** Errors of the library name claims and codes, never tokens; only their kind is passed on. */
async function judged<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof IsthmusError && error.code === 'API_SIGN_IN_REFUSED') throw error
    if (error instanceof oauth.AuthorizationResponseError)
      throw refused(`the identity provider responded with ${error.error.slice(0, 100)}`, error)
    if (error instanceof oauth.ResponseBodyError)
      throw refused(`the identity provider refused the code: ${error.error.slice(0, 100)}`, error)
    if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError)
      throw refused(
        `the response of the identity provider is not valid: ${error.message.slice(0, 200)}`,
        error,
      )
    throw new IsthmusError('API_SIGN_IN_UNAVAILABLE', 'the identity provider can not be reached', {
      cause: error,
    })
  }
}

function refused(why: string, cause?: unknown): IsthmusError {
  return new IsthmusError('API_SIGN_IN_REFUSED', why, cause === undefined ? {} : { cause })
}
