/**
 * OAuth 2.0 client credentials, on oauth4webapi.
 *
 * One token serves all calls. The token is *missing*, *being fetched* (one request, however many calls wait), or *held* until shortly
 * before it expires or until the API refuses it. A refusal counts only against the token it was about: 100 calls that were on the way with
 * an old token lead to one new token, not to 100.
 */
import * as oauth from 'oauth4webapi'
import { assertScheme } from '../address.ts'
import type { Call, HttpClock, WireAnswer } from '../call.ts'
import { AuthenticationError, HttpError, RequestError } from '../errors.ts'
import { Stop } from '../stop.ts'
import type { Authenticator } from './authenticator.ts'
import type { OAuth2ClientCredentialsOptions } from './options.ts'

/** What fetching a token needs of the client. */
export interface TokenDependencies {
  readonly exchange: (call: Call) => Promise<WireAnswer>
  readonly clock: HttpClock
  readonly allowHttp: boolean
  /** Longest time one token request may take. */
  readonly totalMs: number
}

interface Token {
  readonly value: string
  readonly generation: number
  /** Monotonic ms after which another one is fetched first. */
  readonly freshUntil: number
}

/** Life of a token whose answer names none, in seconds. */
const assumedLifeSeconds = 300

/** Makes an authenticator that fetches, shares and renews a token. @throws RequestError HTTP_OPTIONS_INVALID for an unusable token URL */
export function oauth2ClientCredentials(
  options: OAuth2ClientCredentialsOptions,
  dependencies: TokenDependencies,
): Authenticator {
  const request = tokenRequest(options, dependencies)
  let held: Token | undefined
  let fetching: Promise<Token> | undefined
  let generation = 0

  async function fetchToken(): Promise<Token> {
    const startedAt = dependencies.clock.monotonic()
    try {
      const answer = await request()
      generation += 1
      const lifeMs = (answer.expires_in ?? assumedLifeSeconds) * 1_000
      // Ahead of expiry by 30 s, or by a tenth of a short life.
      const freshUntil = startedAt + lifeMs - Math.min(30_000, lifeMs / 10)
      held = { value: answer.access_token, generation, freshUntil }
      return held
    } finally {
      fetching = undefined
    }
  }

  return {
    name: 'oauth2-client-credentials',
    async credential() {
      let token = held
      if (token === undefined || dependencies.clock.monotonic() >= token.freshUntil) {
        fetching ??= fetchToken()
        token = await fetching
      }
      return { headers: { authorization: `Bearer ${token.value}` }, generation: token.generation }
    },
    refused(refusedGeneration) {
      if (held?.generation === refusedGeneration) held = undefined
      return true
    },
  }
}

function tokenRequest(
  options: OAuth2ClientCredentialsOptions,
  dependencies: TokenDependencies,
): () => Promise<oauth.TokenEndpointResponse> {
  const url = tokenUrl(options, dependencies.allowHttp)
  const server: oauth.AuthorizationServer = { issuer: url.origin, token_endpoint: url.href }
  const client: oauth.Client = { client_id: options.clientId }
  const proof =
    options.clientAuthentication === 'post'
      ? oauth.ClientSecretPost(options.clientSecret)
      : oauth.ClientSecretBasic(options.clientSecret)
  const parameters = new URLSearchParams()
  if (options.scope !== undefined) parameters.set('scope', options.scope)
  if (options.audience !== undefined) parameters.set('audience', options.audience)
  const label = `POST ${url.origin}${url.pathname}`

  return async () => {
    try {
      const response = await oauth.clientCredentialsGrantRequest(server, client, proof, parameters, {
        [oauth.customFetch]: (_url, init) => exchangeToken(url, label, init, dependencies),
        [oauth.allowInsecureRequests]: dependencies.allowHttp,
      })
      return await oauth.processClientCredentialsResponse(server, client, response)
    } catch (error) {
      throw tokenError(label, error)
    }
  }
}

function tokenUrl(options: OAuth2ClientCredentialsOptions, allowHttp: boolean): URL {
  if (!URL.canParse(options.tokenUrl)) {
    throw new RequestError('HTTP_OPTIONS_INVALID', 'The auth option "tokenUrl" is not a usable address.')
  }
  const url = new URL(options.tokenUrl)
  assertScheme(url, allowHttp)
  return url
}

interface TokenInit {
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** Sends the token request over our own sockets: the same TLS rules, limits and errors as every other request. */
async function exchangeToken(
  url: URL,
  label: string,
  init: TokenInit,
  dependencies: TokenDependencies,
): Promise<Response> {
  const deadlineAt = dependencies.clock.monotonic() + dependencies.totalMs
  const stop = new Stop()
  const timer = setTimeout(
    () =>
      stop.trigger(
        new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', `${label} took too long.`, { outcome: 'not-sent' }),
      ),
    dependencies.totalMs,
  )
  try {
    const answer = await dependencies.exchange({
      method: 'POST',
      origin: url.origin,
      path: url.pathname + url.search,
      label,
      route: url.pathname,
      headers: { ...init.headers, 'accept-encoding': 'identity' },
      body: String(init.body ?? ''),
      priority: 'hand',
      repeatable: true,
      deadlineAt,
      startBefore: undefined,
      callerSignal: undefined,
      retries: 0,
      stop,
      progress: { phase: 'connect', attempt: 1, mayHaveLanded: false },
    })
    return new Response(answer.bytes.byteLength === 0 ? null : Buffer.from(answer.bytes), {
      status: answer.status,
      headers: answer.headers,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** The registered error codes (RFC 6749, 5.2): anything else a server puts there stays out of our messages. */
const registered = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
])

/** The request that needed the token was not sent, whatever happened to the token request. */
function tokenError(label: string, error: unknown): AuthenticationError {
  if (error instanceof oauth.ResponseBodyError && registered.has(error.error)) {
    return new AuthenticationError(
      'HTTP_TOKEN_REFUSED',
      `${label} refused to give a token: ${error.error}.`,
      {
        outcome: 'not-sent',
      },
    )
  }
  if (error instanceof HttpError) {
    // Its cause is a socket's error; the rest of what oauth4webapi throws may quote the answer.
    return new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', `No token could be fetched: ${error.message}`, {
      outcome: 'not-sent',
      cause: error,
    })
  }
  return new AuthenticationError('HTTP_TOKEN_UNAVAILABLE', `${label} gave no usable token.`, {
    outcome: 'not-sent',
  })
}
