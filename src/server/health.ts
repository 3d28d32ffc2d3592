/** Health for load balancers and people: `/healthz` (the process answers) and `/readyz` (it can do its work). */
import type { FastifyInstance } from 'fastify'
import { isIsthmusError } from '../model/errors.ts'
import type { ServerDependencies } from './create-server.ts'

export function addHealthRoutes(server: FastifyInstance, dependencies: ServerDependencies): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    try {
      await dependencies.checkReady()
      return { status: 'ok' }
    } catch (error) {
      const code = isIsthmusError(error) ? error.code : 'STORE_UNAVAILABLE'
      return await reply.code(503).type('application/problem+json').send({
        type: 'about:blank',
        status: 503,
        title: 'Not ready',
        detail: 'the database does not answer',
        code,
      })
    }
  })
}
