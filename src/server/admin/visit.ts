/** The HTTP side of a request, for the few handlers that need it: where it came from, and its cookies. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hostNameOf, isLoopbackName } from '../allowed-hosts.ts'
import { type CookieNames, sessionHashOf, sessionMs, setCookie } from '../sign-in/session-cookie.ts'

/** Headers by which proxies say for whom they forward: a request of this machine has none. */
const forwarded = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'x-client-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const

/** The HTTP side of a request. */
export interface Visit {
  readonly address: string
  /** Made from this machine, to this machine, with nothing in between. */
  readonly isLocal: boolean
  /** Hash of the session in its cookie, valid or not. */
  readonly sessionHash: Uint8Array | undefined
  keepSession(secret: string): void
  forgetSession(): void
}

export function visitOf(request: FastifyRequest, reply: FastifyReply, cookies: CookieNames): Visit {
  const { headers, ip } = request
  const remote = request.socket.remoteAddress ?? ''
  const isLoopback = remote === '::1' || /^(?:::ffff:)?127\./.test(remote)
  return {
    address: ip,
    isLocal:
      isLoopback &&
      isLoopbackName(hostNameOf(headers.host)) &&
      forwarded.every((name) => headers[name] === undefined),
    sessionHash: sessionHashOf(headers.cookie, cookies),
    keepSession: (secret) => {
      reply.header('set-cookie', setCookie(cookies.session, secret, cookies, sessionMs.longest / 1000))
    },
    forgetSession: () => {
      reply.header('set-cookie', setCookie(cookies.session, '', cookies, 0))
    },
  }
}
