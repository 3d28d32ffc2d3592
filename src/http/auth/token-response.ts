/**
 * Responses of token endpoints, read as leniently as common clients do: many servers follow RFC 6749 only
 * loosely. A response is usable if it has an `access_token`; it is a refusal by its status, or by an `error`
 * in place of a token.
 */
import { waitAskedFor } from '../backoff/retry-after.ts'
import type { WireResponse } from '../call.ts'
import { decompress } from '../decompress.ts'
import { saidIn } from '../said.ts'
import type { IssuedToken } from './token-manager.ts'

/** A token, or the reason why there is none. */
export type TokenResponse =
  | { readonly token: IssuedToken }
  | {
      readonly refusal: string
      /** False when the same request may succeed later. */
      readonly isFinal: boolean
      /** Milliseconds that the endpoint asks the client to wait. */
      readonly afterMs?: number | undefined
      /** The endpoint's own message; it may quote the request. */
      readonly said?: string | undefined
    }

/** Token endpoints send no larger responses. */
const bytesMax = 1024 * 1024
/** A token with a longer lifetime is renewed nevertheless. */
const longestLifeSeconds = 10 * 365 * 86_400
/** Kinds of tokens that need more than a header on each request. */
const unusableTypes: ReadonlySet<string> = new Set(['mac', 'dpop', 'pop'])
/** Codes of errors that a later request may not encounter. */
const passingCodes: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
  'authorization_pending',
  'too_many_requests',
  'rate_limit_exceeded',
  'rate_limited',
])
/** Statuses that concern the request itself and are not temporary. */
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
  if (unusableTypes.has(type)) return { refusal: `it issues tokens of the type ${type}`, isFinal: true }
  const refreshToken = isText(body.refresh_token) ? body.refresh_token : undefined
  return {
    token: {
      accessToken,
      lifeSeconds: lifeOf(body.expires_in),
      ...(refreshToken === undefined ? {} : { refreshToken }),
    },
  }
}

/** Seconds, as a number or as text. Null, an empty value, zero and negative numbers specify no lifetime. */
function lifeOf(value: unknown): number | undefined {
  const seconds = typeof value === 'number' ? value : isText(value) ? Number(value) : Number.NaN
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(longestLifeSeconds, seconds) : undefined
}

/** JSON, regardless of the media type, or a form. Always an object. */
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

/**
 * Where servers put a code: as RFC 6749 specifies, or as in the rest of their API. A value that is not a
 * plain code may be anything, so it is omitted.
 */
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
