/** Validates a request against its route: parameters, query and body, each by its schema. */
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { RouteContract } from '../../api/contract/route.ts'
import { type InvalidPart, invalid } from './problems.ts'

/** Largest depth of a JSON body; deeper ones are refused before they are validated. */
const depthMax = 64

/** The validated parts of a request. */
export interface ValidRequest {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** @throws API_INVALID_REQUEST with every invalid part */
export function validate(route: RouteContract, request: FastifyRequest): ValidRequest {
  const errors: InvalidPart[] = []
  const check = (where: InvalidPart['in'], schema: z.ZodType | undefined, given: unknown): unknown => {
    if (schema === undefined) {
      if (where === 'query') refuseAll(given, errors)
      return undefined
    }
    const result = schema.safeParse(given)
    if (result.success) return result.data
    for (const { path, message } of result.error.issues)
      errors.push({ in: where, at: path.map(String).join('.'), message })
    return undefined
  }
  const params = check('path', route.params, request.params)
  const query = check('query', route.query, request.query)
  const body = route.body === undefined ? undefined : check('body', route.body, readJson(request))
  if (errors.length > 0) throw invalid(errors)
  return { params, query, body }
}

function refuseAll(given: unknown, errors: InvalidPart[]): void {
  for (const name of Object.keys(given ?? {}))
    errors.push({ in: 'query', at: name, message: 'there is no such parameter' })
}

function readJson({ headers, body }: FastifyRequest): unknown {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw invalid([{ in: 'body', at: '', message: 'Content-Type has to be application/json' }], 415)
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid([{ in: 'body', at: '', message: 'it is not JSON in UTF-8' }])
  }
  if (isTooDeep(value, 0)) throw invalid([{ in: 'body', at: '', message: 'it is nested too deeply' }])
  return value
}

function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth === depthMax) return true
  return Object.values(value).some((part) => isTooDeep(part, depth + 1))
}
