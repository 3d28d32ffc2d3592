/**
 * Refuses requests with a foreign Host header. Otherwise, a web page from another site could reach a server
 * on loopback by resolving its own host name to 127.0.0.1 (DNS rebinding). Webhooks are exempt, because they
 * are authenticated by their signature, and so are health checks, which load balancers make by address.
 */
import type { FastifyInstance } from 'fastify'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const exempt = /^\/(?:hooks\/|healthz$|readyz$)/

/** The host name of a Host header. */
export function hostNameOf(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '').toLowerCase()
}

/** True for a name that only this machine resolves to itself. */
export function isLoopbackName(name: string): boolean {
  return loopback.has(name)
}

/** Adds the check. */
export function allowHosts(server: FastifyInstance, allowed: readonly string[]): void {
  const names = new Set(allowed.map((host) => host.toLowerCase()))
  server.addHook('onRequest', async (request, reply) => {
    if (exempt.test(request.url.split('?', 1)[0] ?? '')) return
    // The header itself: a proxy in between passes the name that people use, or it is configured to.
    const host = hostNameOf(request.headers.host)
    if (loopback.has(host) || names.has(host)) return
    await reply.code(421).type('application/problem+json').send({
      type: 'about:blank',
      status: 421,
      title: 'Misdirected request',
      detail: 'this server does not accept that host name; ISTHMUS_PUBLIC_URL names the one that people use',
    })
  })
}
