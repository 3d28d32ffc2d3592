/**
 * The HTTP server: webhook intake, health, the status page with its live events, and the admin API.
 *
 * It makes no decisions. A webhook is answered with 2xx only after it was committed; while the database is
 * unavailable, the response is 503, so that the sender retries.
 */

import Fastify, { type FastifyInstance } from 'fastify'
import { addAdminRoutes } from './admin/admin-api.ts'
import { notFound, sendProblem } from './admin/problems.ts'
import { allowHosts } from './allowed-hosts.ts'
import type { ServerDependencies } from './dependencies.ts'
import { addHealthRoutes } from './health.ts'
import { addHookRoutes } from './hooks.ts'
import { addStatusRoutes } from './status.ts'

/** Options of the server. */
export interface ServerOptions {
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** 0 selects a free port. @default 4780 */
  readonly port?: number
  /** Host names that are allowed for the pages in addition to loopback and `host`. @default [] */
  readonly allowedHosts?: readonly string[]
  /**
   * What is served in addition to the health checks: webhooks, and the status page with its API. @default
   * both
   */
  readonly serves?: {
    /** Webhook intake. */
    readonly hooks: boolean
    /** Status page, its live events and its API. */
    readonly pages: boolean
  }
  /** Largest webhook body. Bytes, 1 KiB..16 MiB. @default 1048576 */
  readonly bodyBytesMax?: number
}

/** A listening server. */
export interface RunningServer {
  /** Base URL. */
  readonly url: string
  /** Stops accepting requests, closes live streams, and waits for requests in progress. */
  close(): Promise<void>
}

/** Builds the server without listening (tests inject requests into it). */
export function buildServer(dependencies: ServerDependencies, options: ServerOptions = {}): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax ?? 1024 * 1024,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  })
  // Signatures cover the bytes as sent, so nothing is parsed before they are verified.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  allowHosts(server, [...(options.allowedHosts ?? []), options.host ?? '127.0.0.1'])
  server.setNotFoundHandler((request, reply) =>
    sendProblem(reply, notFound(`there is no ${request.method} ${request.url.split('?', 1)[0]}`)),
  )
  addHealthRoutes(server, dependencies)
  const { hooks, pages } = options.serves ?? { hooks: true, pages: true }
  if (hooks) addHookRoutes(server, dependencies)
  if (pages) addStatusRoutes(server, dependencies)
  if (pages && dependencies.api !== undefined) addAdminRoutes(server, dependencies.api)
  return server
}
