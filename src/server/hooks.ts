/** Webhook intake: `POST /hooks/{system}`. */
import type { FastifyInstance } from 'fastify'
import type { ServerDependencies } from './dependencies.ts'

function singleValued(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  const flat: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value[0] : value
  return flat
}

/**
 * Adds the route. 202: committed (also for a repeated delivery), or 200 if the sender requires a response
 * body · 401: refused, the same for every reason · 503: could not be committed, so that the sender retries.
 */
export function addHookRoutes(server: FastifyInstance, dependencies: ServerDependencies): void {
  server.post<{ Params: { system: string }; Querystring: Record<string, string | string[]> }>(
    '/hooks/:system',
    async (request, reply) => {
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
      const delivery = {
        headers: singleValued(request.headers),
        query: singleValued(request.query),
        body,
        receivedAt: dependencies.now(),
      }
      try {
        const result = await dependencies.receive(request.params.system, delivery)
        if (result.kind === 'accepted') {
          if (result.response === undefined) return await reply.code(202).send()
          return await reply.code(200).type(result.response.contentType).send(result.response.body)
        }
        return await reply.code(401).send()
      } catch {
        // The store has emitted its own event; the sender only needs to know that it has to retry.
        return await reply.code(503).header('retry-after', '5').send()
      }
    },
  )
}
