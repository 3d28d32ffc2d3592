/** Problems of the admin API as HTTP responses (RFC 9457). */
import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import type { problemResource } from '../../api/contract/resources.ts'
import { type ErrorCode, errorCodes } from '../../model/error-codes.ts'
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'

type Problem = z.input<typeof problemResource>

/** An invalid part of a request. */
export type InvalidPart = NonNullable<Problem['errors']>[number]

const statuses: Partial<Record<ErrorCode, number>> = {
  API_CONFLICT: 409,
  API_CROSS_SITE: 403,
  API_FORBIDDEN: 403,
  API_INVALID_REQUEST: 400,
  API_IDEMPOTENCY_KEY_REUSED: 422,
  API_LINK_REFUSED: 403,
  API_METHOD_NOT_ALLOWED: 405,
  API_NOT_FOUND: 404,
  API_SIGN_IN_REFUSED: 403,
  API_SIGN_IN_UNAVAILABLE: 503,
  API_TOO_MANY_REQUESTS: 429,
  API_UNAUTHENTICATED: 401,
  ENGINE_UNKNOWN_RECORD: 404,
  ENGINE_UNKNOWN_PLACE: 404,
}

const titles: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  401: 'Not authenticated',
  403: 'Not permitted',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not possible in this state',
  413: 'Body too large',
  415: 'Unsupported media type',
  422: 'Not the same request',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Something that the request needs does not respond',
}

/** The thing that a request names does not exist. */
export function notFound(what: string): IsthmusError {
  return new IsthmusError('API_NOT_FOUND', what)
}

/** The state does not allow the action. */
export function conflict(why: string): IsthmusError {
  return new IsthmusError('API_CONFLICT', why)
}

/** The request is invalid; each part is named. */
export function invalid(errors: readonly InvalidPart[], status = 400): IsthmusError {
  const named = errors.map(({ in: where, at, message }) => `${where}${at === '' ? '' : ` ${at}`}: ${message}`)
  return new IsthmusError('API_INVALID_REQUEST', named.join('; '), { details: { errors, status } })
}

/** Describes an error for the caller. Only errors of Isthmus are described in their own words: others might reveal values. */
export function problemFrom(error: unknown): Problem {
  const known = isIsthmusError(error) ? error : undefined
  if (known === undefined) {
    const status = refusedBy(error)
    return { type: 'about:blank', title: titles[status] ?? 'Invalid request', status }
  }
  const status = statusOf(known)
  const { errors } = known.details as { readonly errors?: InvalidPart[] }
  return {
    type: 'about:blank',
    title: titles[status] ?? 'Problem',
    status,
    detail: known.message,
    code: known.code,
    fix: errorCodes[known.code].fix,
    ...(errors === undefined ? {} : { errors }),
  }
}

/** The status of a request that Fastify refused by itself, such as one with a body that is too large; 500 for anything else. */
function refusedBy(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 ? status : 500
}

function statusOf({ code, details }: IsthmusError): number {
  if (typeof details.status === 'number') return details.status
  return statuses[code] ?? (code.startsWith('STORE_') ? 503 : 500)
}

/** Sends the problem. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemFrom(error)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  if (problem.status === 503) reply.header('retry-after', '5')
  const { retryAfterSeconds } = isIsthmusError(error) ? error.details : {}
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', String(retryAfterSeconds))
  return reply.code(problem.status).type('application/problem+json').send(problem)
}
