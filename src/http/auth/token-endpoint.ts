/**
 * Token requests over the client's own sockets: the same TLS rules, limits and errors as every other request.
 * Uses oauth4webapi.
 */
import { createHash } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import { UsageError } from '../../model/errors.ts'
import type { TokenStore } from '../../model/token-store.ts'
import { assertScheme } from '../address.ts'
import { type Call, type HttpClock, newProgress, type WireResponse } from '../call.ts'
import { AuthenticationError, HttpError } from '../errors.ts'
import { shownPath } from '../shown-path.ts'
import { Stop } from '../stop.ts'
import type { TokenEndpointOptions } from './options.ts'
import { parsePrivateKey } from './private-key.ts'
import type { IssuedToken } from './token-manager.ts'
import { readTokenResponse, type TokenResponse } from './token-response.ts'

/** The parts of the client that a token request needs. */
export interface TokenDependencies {
  readonly exchange: (call: Call) => Promise<WireResponse>
  readonly clock: HttpClock
  readonly allowHttp: boolean
  /** Time limit of one token request. */
  readonly totalMs: number
  readonly tokens: TokenStore
}

/** Requests a token. @throws AuthenticationError HTTP_TOKEN_REFUSED, final · HTTP_TOKEN_UNAVAILABLE */
export type AskForToken = (
  grantType: string,
  parameters: Readonly<Record<string, string>>,
) => Promise<IssuedToken>

/**
 * Creates the function that requests tokens. @throws UsageError HTTP_OPTIONS_INVALID for an unusable address,
 * key or combination
 */
export function tokenEndpoint(options: TokenEndpointOptions, dependencies: TokenDependencies): AskForToken {
  const url = endpointUrl(options.tokenUrl, dependencies.allowHttp)
  const server: oauth.AuthorizationServer = { issuer: url.origin, token_endpoint: url.href }
  const client: oauth.Client = { client_id: options.clientId }
  const proof = clientProof(options, url)
  const label = `POST ${url.origin}${shownPath(url.pathname, false)}`
  return async (grantType, parameters) => {
    let wire: WireResponse | undefined
    try {
      await oauth.genericTokenEndpointRequest(
        server,
        client,
        await proof(),
        grantType,
        { ...parameters },
        {
          [oauth.customFetch]: async (_url, init) => {
            wire = await exchangeToken(url, label, init, dependencies)
            return notRead
          },
          [oauth.allowInsecureRequests]: dependencies.allowHttp,
        },
      )
    } catch (error) {
      throw noResponse(label, error)
    }
    if (wire === undefined) throw noResponse(label, undefined)
    const response = await readTokenResponse(wire, dependencies.clock.now())
    if ('token' in response) return response.token
    const secrets = [options.clientSecret, parameters.refresh_token, parameters.assertion]
    throw refused(label, quotesNone(response, secrets))
  }
}

/**
 * The name of a credential in a store: equal in every process that uses it, and different once any part of it
 * changes.
 */
export function credentialKey(parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

function endpointUrl(text: string, allowHttp: boolean): URL {
  if (!URL.canParse(text)) {
    throw new UsageError('HTTP_OPTIONS_INVALID', 'The auth option "tokenUrl" is not a valid address.')
  }
  const url = new URL(text)
  assertScheme(url, allowHttp)
  return url
}

function clientProof(options: TokenEndpointOptions, url: URL): () => Promise<oauth.ClientAuth> {
  const { clientSecret, privateKey } = options
  const kind = options.clientAuthentication ?? (clientSecret === undefined ? 'none' : 'basic')
  switch (kind) {
    case 'none':
      return async () => oauth.None()
    case 'tls':
      return async () => oauth.TlsClientAuth()
    case 'basic':
      return always(oauth.ClientSecretBasic(needed('clientSecret', clientSecret, kind)))
    case 'post':
      return always(oauth.ClientSecretPost(needed('clientSecret', clientSecret, kind)))
    case 'private-key-jwt': {
      const key = parsePrivateKey(needed('privateKey', privateKey, kind), options.algorithm)
      // RFC 7523bis requires the issuer as audience; current servers know the endpoint and accept either.
      const audience = options.assertionAudience ?? url.href
      return async () =>
        oauth.PrivateKeyJwt(
          {
            key: key.toCryptoKey() as SigningKey,
            ...(options.keyId === undefined ? {} : { kid: options.keyId }),
          },
          {
            [oauth.modifyAssertion]: (_header, payload) => {
              payload.aud = audience
            },
          },
        )
    }
  }
}

/** Web Crypto's key in the type that is loaded: the DOM types define fewer usages than Node's. */
type SigningKey = Extract<Parameters<typeof oauth.PrivateKeyJwt>[0], { readonly key: unknown }>['key']

function always(proof: oauth.ClientAuth): () => Promise<oauth.ClientAuth> {
  return async () => proof
}

function needed(name: string, value: string | undefined, kind: string): string {
  if (value !== undefined && value !== '') return value
  throw new UsageError(
    'HTTP_OPTIONS_INVALID',
    `The client authentication "${kind}" needs the auth option "${name}".`,
  )
}

interface TokenInit {
  readonly headers: Record<string, string>
  readonly body?: unknown
}

async function exchangeToken(
  url: URL,
  label: string,
  init: TokenInit,
  dependencies: TokenDependencies,
): Promise<WireResponse> {
  const stop = new Stop()
  const tooLate = new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', `${label} took too long.`, {
    outcome: 'not-sent',
  })
  const timer = setTimeout(() => stop.trigger(tooLate), dependencies.totalMs)
  try {
    return await dependencies.exchange({
      method: 'POST',
      origin: url.origin,
      path: url.pathname + url.search,
      label,
      route: shownPath(url.pathname, false),
      headers: { ...init.headers, 'accept-encoding': 'identity' },
      body: String(init.body ?? ''),
      priority: 'hand',
      endpointClass: 'token',
      repeatable: true,
      deadlineAt: dependencies.clock.monotonic() + dependencies.totalMs,
      startBefore: undefined,
      callerSignal: undefined,
      retries: 0,
      stop,
      progress: { ...newProgress(), phase: 'connect', attempt: 1 },
    })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The library builds the request; its response is read here, since many servers send responses that the
 * library refuses.
 */
const notRead = new Response(null, { status: 204 })

/** The request that needed the token was not sent, regardless of the outcome of the token request. */
function noResponse(label: string, error: unknown): AuthenticationError {
  if (error instanceof HttpError) {
    const message = `The token request failed: ${error.message}`
    return new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', message, { outcome: 'not-sent', cause: error })
  }
  // Without a cause: the library's error may quote the request.
  const message = `${label} could not be reached for a token.`
  return new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', message, { outcome: 'not-sent' })
}

/** The endpoint's own message, unless it repeats a secret that was sent. */
function quotesNone(response: Refusal, secrets: readonly (string | undefined)[]): Refusal {
  const isQuoted = secrets.some((secret) => secret !== undefined && response.said?.includes(secret) === true)
  return isQuoted ? { ...response, said: undefined } : response
}

type Refusal = Exclude<TokenResponse, { token: unknown }>

function refused(label: string, { refusal, isFinal, afterMs, said }: Refusal): AuthenticationError {
  const options = {
    outcome: 'not-sent',
    ...(said === undefined ? {} : { details: { said } }),
    ...(afterMs === undefined ? {} : { retry: { afterMs } }),
  } as const
  return isFinal
    ? new AuthenticationError(
        'HTTP_TOKEN_REFUSED',
        `${label} refused the token request: ${refusal}.`,
        options,
      )
    : new AuthenticationError(
        'HTTP_TOKEN_UNAVAILABLE',
        `${label} returned no usable token: ${refusal}.`,
        options,
      )
}
