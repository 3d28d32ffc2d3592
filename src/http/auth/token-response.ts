/**
 * What a token endpoint answered, read as leniently as every client in use reads it: many servers keep to RFC 6749 in spirit only. What
 * makes a response useful is its `access_token`; what makes it a refusal is its status, or an `error` in place of a token.
 */
import { waitAskedFor } from '../backoff/retry-after.ts'
import type { WireResponse } from '../call.ts'
import { decompress } from '../decompress.ts'
import { saidIn } from '../said.ts'
import type { IssuedToken } from './token-manager.ts'

/** A token, or why there is none. */
export type TokenResponse =
  | { readonly token: IssuedToken }
  | {
      readonly refusal: string
      /** False when the same request may succeed later. */
      readonly isFinal: boolean
      /** Milliseconds that the endpoint asks to wait. */
      readonly afterMs?: number | undefined
      /** The endpoint's own words; they may quote what was sent. */
      readonly said?: string | undefined
    }

/** Larger answers are none of a token endpoint. */
const bytesMax = 1024 * 1024
/** A token that claims to live longer is renewed all the same. */
const longestLifeSeconds = 10 * 365 * 86_400
/** Kinds of tokens that need more than a header on each request. */
const unusableTypes: ReadonlySet<string> = new Set(['mac', 'dpop', 'pop'])
/** Codes that a later request may not meet. */
const passingCodes: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
  'authorization_pending',
  'too_many_requests',
  'rate_limit_exceeded',
  'rate_limited',
])
/** Statuses that speak of the request and not of the moment. */
const refusingStatuses: ReadonlySet<number> = new Set([400, 401, 403])

/** Reads a response. `now` is epoch ms. */
export async function readTokenResponse(response: WireResponse, now: number): Promise<TokenResponse> {
  const { status, headers } = response
  const body = await bodyOf(response)
  const isSuccess = status >= 200 && status < 300
  if (isSuccess && isText(body.access_token)) return tokenIn(body, body.access_token.trim())
  const code = errorCodeIn(body)
  const said = saidIn(body)
  if (isSuccess && code === undefined)
    return { refusal: `its response (${status}) has no access_token`, isFinal: false, said }
  const isPassing = code !== undefined && passingCodes.has(code.toLowerCase())
  const isFinal = (isSuccess || refusingStatuses.has(status)) && !isPassing
  const afterMs = isFinal ? undefined : waitAskedFor({ headers, body }, now)
  const usual = status === 401 ? 'invalid_client' : `status ${status}`
  return { refusal: code ?? usual, isFinal, afterMs, said }
}

function tokenIn(body: Readonly<Record<string, unknown>>, accessToken: string): TokenResponse {
  const type = isText(body.token_type) ? body.token_type.trim().toLowerCase() : 'bearer'
  if (unusableTypes.has(type)) return { refusal: `it gives tokens of the type ${type}`, isFinal: true }
  const refreshToken = isText(body.refresh_token) ? body.refresh_token : undefined
  return {
    token: {
      accessToken,
      lifeSeconds: lifeOf(body.expires_in),
      ...(refreshToken === undefined ? {} : { refreshToken }),
    },
  }
}

/** Seconds, as a number or as text. Null, nothing, zero and less than that name no lifetime. */
function lifeOf(value: unknown): number | undefined {
  const seconds = typeof value === 'number' ? value : isText(value) ? Number(value) : Number.NaN
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(longestLifeSeconds, seconds) : undefined
}

/** JSON, whatever the media type says, or a form. An object in any case. */
async function bodyOf({ bytes, headers }: WireResponse): Promise<Readonly<Record<string, unknown>>> {
  const plain = await decompress(bytes, headers['content-encoding'], bytesMax)
  const text =
    plain.ok && plain.bytes.byteLength <= bytesMax ? new TextDecoder().decode(plain.bytes).trim() : ''
  if (text.startsWith('{')) {
    try {
      return { ...JSON.parse(text) }
    } catch {
      return {}
    }
  }
  return /^[\w.-]+=/.test(text) ? Object.fromEntries(new URLSearchParams(text)) : {}
}

/** Where servers put a code: as RFC 6749 says, or as the rest of their API does. What is no plain code may be anything, so it is left out. */
function errorCodeIn(body: Readonly<Record<string, unknown>>): string | undefined {
  const { error, errorCode, error_code: errorCodeToo, code } = body
  const inner = typeof error === 'object' && error !== null ? { ...error } : {}
  const candidates: readonly unknown[] = [
    error,
    Reflect.get(inner, 'status'),
    Reflect.get(inner, 'code'),
    Reflect.get(inner, 'type'),
    errorCode,
    errorCodeToo,
    code,
  ]
  return candidates.find((one) => isText(one) && /^[a-z][\w.-]{1,59}$/i.test(one) && !/\d{6}/.test(one)) as
    | string
    | undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
