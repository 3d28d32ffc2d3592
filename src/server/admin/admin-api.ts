/**
 * The admin API. Each route is declared once, in `src/api/contract`; here a request is authenticated, authorised and validated against its
 * declaration, and the response is reduced to what the declaration contains. There is no other way to a handler, and a route without a handler does
 * not compile.
 */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RouteContract } from '../../api/contract/route.ts'
import { apiRoutes } from '../../api/contract/routes.ts'
import { openApiDocument } from '../../api/open-api.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'
import { hashSecret } from '../../runtime/access-secrets.ts'
import { refuseCrossSite } from '../sign-in/cross-site.ts'
import { createFailedAttempts } from '../sign-in/failed-attempts.ts'
import { cookieNames, sessionHashOf } from '../sign-in/session-cookie.ts'
import {
  anonymous,
  authenticate,
  type Caller,
  type CallerSources,
  maySeeValues,
  requirePermission,
} from './callers.ts'
import type { AdminDependencies } from './dependencies.ts'
import type { Call, HandledId, Handlers } from './handler.ts'
import { accessHandlers } from './handlers/access.ts'
import { decisionHandlers } from './handlers/decisions.ts'
import { operationHandlers } from './handlers/operations.ts'
import { recordHandlers } from './handlers/records.ts'
import { sessionHandlers } from './handlers/sessions.ts'
import { answerMsDefault, inTime } from './in-time.ts'
import { doKeyed } from './keyed.ts'
import { sendProblem } from './problems.ts'
import { validate } from './requests.ts'
import { visitOf } from './visit.ts'

/** Requests of one caller per minute. An unauthenticated caller is known by its address. */
export const requestsMax = 1_200

const handlers: Handlers<HandledId> = {
  ...accessHandlers,
  ...sessionHandlers,
  ...recordHandlers,
  ...decisionHandlers,
  ...operationHandlers,
}

/** What the audit trail keeps of the address of a request. */
const queryMax = 1_000

/** A handler whose types were checked at its declaration. */
type AnyHandler = (parts: unknown, call: Call) => Promise<unknown>

/** How the server is reached. */
export interface Reach {
  /** People reach it by TLS. */
  readonly isHttps: boolean
  /** Only this machine reaches it. */
  readonly isLocal: boolean
}

/** Adds the routes, in a scope of their own. */
export function addAdminRoutes(
  server: FastifyInstance,
  given: AdminDependencies,
  { isHttps, isLocal }: Reach,
): void {
  const { links: _links, ...withoutLinks } = given
  const dependencies = isLocal ? given : withoutLinks
  const cookies = cookieNames(given.integration.id, isHttps)
  const sources = {
    admin: given.admin,
    attempts: createFailedAttempts(),
    cookies,
    ...(given.signIn === undefined ? {} : { policy: given.signIn.policy }),
  }
  server.register(async (scope) => {
    await scope.register(rateLimit, {
      max: requestsMax,
      timeWindow: '1 minute',
      keyGenerator: (request) => callerKey(request, sources),
      errorResponseBuilder: () =>
        new IsthmusError('API_TOO_MANY_REQUESTS', `more than ${requestsMax} requests in a minute`),
    })
    scope.setErrorHandler((error, _request, reply) => sendProblem(reply, error))
    for (const [id, handler] of Object.entries(handlers) as [HandledId, AnyHandler][]) {
      const route: RouteContract = apiRoutes[id]
      scope.route({
        method: route.method,
        url: urlOf(route.path),
        handler: async (request, reply) =>
          respond(request, reply, { id, route, handler, dependencies, sources }),
      })
    }
    const document = openApiDocument(apiRoutes)
    scope.get(urlOf(apiRoutes.getOpenApi.path), async (_request, reply) => reply.send(document))
  })
}

interface Served {
  readonly id: HandledId
  readonly route: RouteContract
  readonly handler: AnyHandler
  readonly dependencies: AdminDependencies
  readonly sources: CallerSources
}

async function respond(request: FastifyRequest, reply: FastifyReply, served: Served): Promise<FastifyReply> {
  const { route, dependencies } = served
  const limitMs = dependencies.answerMs ?? answerMsDefault
  const result = await inTime({ limitMs, changes: route.method !== 'GET' }, () =>
    handle(request, reply, served),
  )
  if (route.reply === undefined) return reply.code(204).send()
  const shown = route.reply.parse(result)
  if (route.isRedirect !== true) return reply.send(shown)
  return reply
    .code(303)
    .header('location', String((shown as { readonly location: unknown }).location))
    .send()
}

async function handle(request: FastifyRequest, reply: FastifyReply, served: Served): Promise<unknown> {
  const { admin } = served.dependencies
  const [path] = request.url.split('?', 1)
  const asked = served.route.hasSecretQuery === true ? path : request.url
  const origin = { address: request.ip, route: served.id, query: asked?.slice(0, queryMax) ?? '' }
  return await admin.actingFrom(origin, async () => {
    let caller = anonymous
    try {
      if (served.route.isBrowserOnly === true) refuseCrossSite(request)
      if (served.route.permission !== 'none') {
        caller = await authenticate(served.sources, request)
        requirePermission(caller, served.route.permission)
      }
      return await handleFor(caller, request, reply, served)
    } catch (error) {
      await recordRefusal(admin, caller, request, error)
      throw error
    }
  })
}

/** Refusals that say that somebody tried what is not allowed. */
const refusals: Partial<Record<ErrorCode, string>> = {
  API_CROSS_SITE: 'access.cross-site',
  API_FORBIDDEN: 'access.denied',
  API_LINK_REFUSED: 'session.refused',
  API_SIGN_IN_REFUSED: 'session.refused',
  API_UNAUTHENTICATED: 'access.unauthenticated',
}

/** A request without any credentials is no attempt: a page asks that way whether somebody is signed in. */
async function recordRefusal(
  admin: AdminDependencies['admin'],
  { actor }: Caller,
  { headers }: FastifyRequest,
  error: unknown,
): Promise<void> {
  if (!isIsthmusError(error)) return
  const action = refusals[error.code]
  const isAttempt = headers.authorization !== undefined || headers.cookie !== undefined
  if (action === undefined || (error.code === 'API_UNAUTHENTICATED' && !isAttempt)) return
  await admin.recordAudit({ action, actor, details: { why: error.message } })
}

async function handleFor(
  caller: Caller,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, route, handler, dependencies, sources }: Served,
): Promise<unknown> {
  const parts = validate(route, request)
  const values = maySeeValues(caller)
  const call = (used: AdminDependencies) => ({
    caller,
    dependencies: used,
    values,
    visit: visitOf(request, reply, sources.cookies),
    disclose: async (recordIds: readonly string[]) => {
      if (values && recordIds.length > 0)
        await dependencies.admin.recordDisclosure({ route: id, recordIds, address: request.ip }, caller.actor)
    },
  })
  return await doKeyed(request, { route, caller, dependencies }, (used) => handler(parts, call(used)))
}

/** A token or session is a key of its own, so that callers behind one address don't share a limit. */
function callerKey({ headers, ip }: FastifyRequest, { cookies }: CallerSources): string {
  const { authorization, cookie } = headers
  const hash = authorization === undefined ? sessionHashOf(cookie, cookies) : hashSecret(authorization)
  return hash === undefined ? ip : Buffer.from(hash).toString('base64')
}

function urlOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}
