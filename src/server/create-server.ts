/**
 * The HTTP server: webhook intake, health, and the status page with its live events.
 *
 * It decides nothing. A webhook is answered 2xx only after the intake has committed it; while the database is away the response is 503, so
 * that the sender tries again.
 */

import Fastify, { type FastifyInstance } from 'fastify'
import { allowHosts } from './allowed-hosts.ts'
import type { ServerDependencies } from './dependencies.ts'
import { addHealthRoutes } from './health.ts'
import { addHookRoutes } from './hooks.ts'
import { addStatusRoutes } from './status.ts'

/** Where the server listens, and what it accepts. */
export interface ServerOptions {
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** 0 = chosen by the system. @default 4780 */
  readonly port?: number
  /** Host names under which the pages may be asked for, besides loopback and `host`. @default [] */
  readonly allowedHosts?: readonly string[]
  /** What is there beside the health checks: webhooks, and the status page with its API. @default both */
  readonly serves?: {
    /** Webhook intake. */
    readonly hooks: boolean
    /** Status page, its live events and its API. */
    readonly pages: boolean
  }
  /** Largest webhook body. Bytes, 1 KiB..16 MiB. @default 1048576 */
  readonly bodyBytesMax?: number
}

/** A server that listens. */
export interface RunningServer {
  /** Base address. */
  readonly url: string
  /** Stops taking requests, closes live streams, waits for what is in flight. */
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
  // Signatures cover the bytes as sent: nothing is parsed before they are checked.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  allowHosts(server, [...(options.allowedHosts ?? []), options.host ?? '127.0.0.1'])
  addHealthRoutes(server, dependencies)
  const { hooks, pages } = options.serves ?? { hooks: true, pages: true }
  if (hooks) addHookRoutes(server, dependencies)
  if (pages) addStatusRoutes(server, dependencies)
  return server
}
