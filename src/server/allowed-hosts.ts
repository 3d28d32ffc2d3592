/**
 * Refuses requests with a foreign Host header. Otherwise, a web page from another site could reach a server
 * on loopback by resolving its own host name to 127.0.0.1 (DNS rebinding). Webhooks are exempt, because they
 * are authenticated by their signature.
 */
import type { FastifyInstance } from 'fastify'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

/**
 * Adds the check. `0.0.0.0` and `::` as an allowed host allow any name, because the operator chose to be
 * reachable from outside.
 */
export function allowHosts(server: FastifyInstance, allowed: readonly string[]): void {
  const names = new Set(allowed.map((host) => host.toLowerCase()))
  const any = names.has('0.0.0.0') || names.has('::')
  server.addHook('onRequest', async (request, reply) => {
    if (any || request.url.startsWith('/hooks/')) return
    const host = nameOf(request.headers.host ?? '')
    if (loopback.has(host) || names.has(host)) return
    await reply.code(421).type('application/problem+json').send({
      type: 'about:blank',
      status: 421,
      title: 'Misdirected request',
      detail: 'this server does not accept that host name',
    })
  })
}
