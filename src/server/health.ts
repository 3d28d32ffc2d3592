/**
 * Health checks for load balancers: `/healthz` (the process responds) and `/readyz` (it can accept deliveries
 * and work). Both cover only this process and its database. For the state of the systems, see `isthmus
 * status` and `/api/v1/status`.
 */
import type { FastifyInstance } from 'fastify'
import { isIsthmusError } from '../model/errors.ts'
import type { ServerDependencies } from './dependencies.ts'

/** Adds `/healthz` and `/readyz`. */
export function addHealthRoutes(server: FastifyInstance, dependencies: ServerDependencies): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    try {
      await dependencies.checkReady()
      return { status: 'ok' }
    } catch (error) {
      const { code, detail } = describe(error)
      return await reply.code(503).type('application/problem+json').send({
        type: 'about:blank',
        status: 503,
        title: 'Not ready',
        detail,
        code,
      })
    }
  })
}

function describe(error: unknown): { readonly code: string; readonly detail: string } {
  if (isIsthmusError(error)) return { code: error.code, detail: error.message }
  return { code: 'STORE_UNAVAILABLE', detail: 'the database does not respond' }
}
