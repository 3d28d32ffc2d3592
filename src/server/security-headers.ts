/** Headers that every response carries. Pages replace the content policy with one that allows their own files. */
import type { FastifyInstance } from 'fastify'

const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Two years, as browsers' preload lists require at least one. */
const strictTransport = 'max-age=63072000'

/** Adds them on the socket's response, so that streams which bypass the server's replies have them too. `https`: people reach the server by TLS. */
export function addSecurityHeaders(server: FastifyInstance, https: boolean): void {
  server.addHook('onRequest', async (_request, { raw }) => {
    for (const [name, value] of Object.entries(headers)) raw.setHeader(name, value)
    if (https) raw.setHeader('strict-transport-security', strictTransport)
  })
}
