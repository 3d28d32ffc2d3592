/** Actions with an idempotency key: a repeat gets the response of the first request, and changes nothing. */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { RouteContract } from '../../api/contract/route.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { Caller } from './callers.ts'
import type { AdminDependencies } from './dependencies.ts'
import { conflict, invalid } from './problems.ts'

/** The header that names the action. */
export const keyHeader = 'idempotency-key'
const form = /^[\x21-\x7e]{1,200}$/

interface Keyed {
  readonly route: RouteContract
  readonly caller: Caller
  readonly dependencies: AdminDependencies
}

/**
 * Does the work, and remembers its response where the request has a key.
 *
 * @throws API_IDEMPOTENCY_KEY_REUSED · API_CONFLICT for a repeat whose response is shown once
 */
export async function doKeyed(
  request: FastifyRequest,
  { route, caller, dependencies }: Keyed,
  work: (dependencies: AdminDependencies) => Promise<unknown>,
): Promise<unknown> {
  const key = keyOf(request)
  if (key === undefined || route.method === 'GET' || route.permission === 'none')
    return await work(dependencies)
  let wakes = false
  // Whoever is woken before the commit finds nothing to do.
  const quiet = {
    ...dependencies,
    wake: () => {
      wakes = true
    },
  }
  const keyed = { caller: caller.actor, key, digest: digestOf(request) }
  const isKept = route.isShownOnce !== true
  let shown: unknown
  const outcome = await dependencies.admin.once(keyed, async () => {
    shown = await work(quiet)
    return isKept ? shown : undefined
  })
  if (outcome.kind === 'different')
    throw new IsthmusError('API_IDEMPOTENCY_KEY_REUSED', `the key "${key}" was used for another request`)
  if (wakes) dependencies.wake()
  if (outcome.kind === 'done') return shown
  if (!isKept)
    throw conflict('it was done by an earlier request with this key, whose response is not shown again')
  return outcome.response
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers[keyHeader]
  if (key === undefined) return undefined
  if (typeof key === 'string' && form.test(key)) return key
  throw invalid([{ in: 'header', at: keyHeader, message: '1 to 200 visible ASCII characters' }])
}

function digestOf({ method, url, body }: FastifyRequest): Uint8Array {
  const hash = createHash('sha256').update(`${method} ${url}\n`)
  return (body instanceof Uint8Array ? hash.update(body) : hash).digest()
}
