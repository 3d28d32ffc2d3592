/** Responses for what no route serves: a path that does not exist, or a method that a path does not have. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { apiRoutes } from '../api/contract/routes.ts'
import { IsthmusError } from '../model/errors.ts'
import { notFound, sendProblem } from './admin/problems.ts'

const routes = Object.values(apiRoutes).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

/**
 * The handler of unknown routes. `TRACE` would return the headers of a request, cookies included: no path has it.
 *
 * @param servesApi whether the process serves the routes of the API
 */
export async function refuseUnknown(
  request: FastifyRequest,
  reply: FastifyReply,
  servesApi: boolean,
): Promise<FastifyReply> {
  const { method, url } = request
  const path = url.split('?', 1)[0] ?? ''
  const found = servesApi ? routes.filter(({ pattern }) => pattern.test(path)) : []
  const methods = found.map((route) => route.method)
  if (methods.length === 0 && method !== 'TRACE')
    return sendProblem(reply, notFound(`there is no ${method} ${path}`))
  reply.header('allow', [...new Set(methods)].join(', '))
  return sendProblem(reply, new IsthmusError('API_METHOD_NOT_ALLOWED', `${path} has no method ${method}`))
}
