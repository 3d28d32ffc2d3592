/**
 * The HTTP server: webhook intake, health, the status page with its live events, and the admin API.
 *
 * It makes no decisions. A webhook is answered with 2xx only after it was committed; while the database is
 * unavailable, the response is 503, so that the sender retries.
 */

import Fastify, { type FastifyInstance } from 'fastify'
import { addAdminRoutes } from './admin/admin-api.ts'
import { allowHosts } from './allowed-hosts.ts'
import type { ServerDependencies } from './dependencies.ts'
import { addHealthRoutes } from './health.ts'
import { addHookRoutes } from './hooks.ts'
import { isLocalServer } from './require-safe.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { addStatusRoutes } from './status.ts'
import { refuseUnknown } from './unknown-routes.ts'

/** What the server speaks TLS with. */
export interface TlsCertificate {
  /** The certificate, followed by the intermediate ones, in PEM. */
  readonly certificate: string
  /** Its private key, in PEM. */
  readonly key: string
}

/** Options of the server. */
export interface ServerOptions {
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** 0 selects a free port. @default 4780 */
  readonly port?: number
  /** Host names that are allowed for the pages in addition to loopback, `host` and `publicUrl`. @default [] */
  readonly allowedHosts?: readonly string[]
  /** Address under which people reach the server, such as `https://sync.example.com`. @default the one it listens on */
  readonly publicUrl?: string
  /** Certificate chain and private key, in PEM: the server speaks TLS itself. @default plain HTTP */
  readonly tls?: TlsCertificate
  /**
   * Addresses or networks of the proxies that terminate TLS; only their `X-Forwarded-*` headers count. @default none
   */
  readonly trustedProxy?: readonly string[]
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
  const server = fastify(options)
  // Signatures cover the bytes as sent, so nothing is parsed before they are verified.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const isHttps = options.tls !== undefined || options.trustedProxy !== undefined
  addSecurityHeaders(server, isHttps)
  const publicHost = options.publicUrl === undefined ? [] : [new URL(options.publicUrl).hostname]
  allowHosts(server, [...(options.allowedHosts ?? []), ...publicHost, options.host ?? '127.0.0.1'])
  addHealthRoutes(server, dependencies)
  const { hooks, pages } = options.serves ?? { hooks: true, pages: true }
  const servesApi = pages && dependencies.api !== undefined
  server.setNotFoundHandler((request, reply) => refuseUnknown(request, reply, servesApi))
  if (hooks) addHookRoutes(server, dependencies)
  if (pages) addStatusRoutes(server, dependencies)
  if (pages && dependencies.api !== undefined) {
    addAdminRoutes(server, dependencies.api, { isHttps, isLocal: isLocalServer(options) })
  }
  return server
}

function fastify({ bodyBytesMax = 1024 * 1024, tls, trustedProxy }: ServerOptions): FastifyInstance {
  const common = {
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    trustProxy: trustedProxy === undefined ? false : [...trustedProxy],
  } as const
  if (tls === undefined) return Fastify(common)
  const https = { cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' } as const
  return Fastify({ ...common, https }) as unknown as FastifyInstance
}
