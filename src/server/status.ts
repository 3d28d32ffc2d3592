/** The status page (`/`), its figures (`/api/v1/status`) and its live events (`/api/v1/events`). */
import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { toDecisionResource } from '../api/decisions.ts'
import type { ServerDependencies } from './dependencies.ts'
import { createLiveStatus } from './live-status.ts'
import { problemOf } from './problem.ts'

const contentSecurityPolicy =
  "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/status.js': ['status.js', 'text/javascript; charset=utf-8'],
  '/status.css': ['status.css', 'text/css; charset=utf-8'],
  '/sign-in': ['sign-in.html', 'text/html; charset=utf-8'],
  '/use-link.js': ['use-link.js', 'text/javascript; charset=utf-8'],
} as const

function secured(reply: FastifyReply): FastifyReply {
  return reply.header('content-security-policy', contentSecurityPolicy)
}

/** Adds the routes. Live streams end when the server closes. */
export function addStatusRoutes(server: FastifyInstance, dependencies: ServerDependencies): void {
  for (const [url, [name, type]] of Object.entries(files)) {
    const content = readFileSync(new URL(`./status-page/${name}`, import.meta.url))
    server.get(url, async (_request, reply) => await secured(reply).type(type).send(content))
  }
  server.get('/api/v1/status', async (_request, reply) => {
    try {
      return await secured(reply).send(await dependencies.status.read())
    } catch (error) {
      return await secured(reply).code(503).type('application/problem+json').send(problemOf(error))
    }
  })
  server.get('/api/v1/decisions', async (_request, reply) => {
    const rows = await dependencies.admin.journal({ limit: 50 })
    return await secured(reply).send(rows.map(toDecisionResource))
  })
  const live = createLiveStatus(dependencies)
  server.addHook('preClose', () => live.close())
  server.get('/api/v1/events', (request, reply) => {
    reply.hijack()
    live.add(request.raw, reply.raw)
  })
}
