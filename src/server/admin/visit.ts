/** The HTTP side of a request, for the few handlers that need it: where it came from, and its cookies. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hostNameOf, isLoopbackName } from '../allowed-hosts.ts'
import {
  type CookieNames,
  readCookie,
  sessionHashOf,
  sessionMs,
  setCookie,
} from '../sign-in/session-cookie.ts'

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

/** How long a person may take at the identity provider. */
const signInSeconds = 600

/** The HTTP side of a request. */
export interface Visit {
  readonly address: string
  /** Made from this machine, to this machine, with nothing in between. */
  readonly isLocal: boolean
  /** Hash of the session in its cookie, valid or not. */
  readonly sessionHash: Uint8Array | undefined
  /** What the browser keeps of a sign-in at the identity provider. */
  readonly signIn: string | undefined
  keepSignIn(memory: string): void
  keepSession(secret: string): void
  forgetSession(): void
}

export function visitOf(request: FastifyRequest, reply: FastifyReply, cookies: CookieNames): Visit {
  const { headers, ip } = request
  const remote = request.socket.remoteAddress ?? ''
  const isLoopback = remote === '::1' || /^(?:::ffff:)?127\./.test(remote)
  const signIn = readCookie(headers.cookie, cookies.signIn)
  return {
    address: ip,
    isLocal:
      isLoopback &&
      isLoopbackName(hostNameOf(headers.host)) &&
      forwarded.every((name) => headers[name] === undefined),
    sessionHash: sessionHashOf(headers.cookie, cookies),
    signIn,
    // Fastify adds each of several cookies.
    keepSignIn: (memory) => {
      reply.header('set-cookie', setCookie(cookies.signIn, memory, cookies, signInSeconds))
    },
    keepSession: (secret) => {
      if (signIn !== undefined) reply.header('set-cookie', setCookie(cookies.signIn, '', cookies, 0))
      reply.header('set-cookie', setCookie(cookies.session, secret, cookies, sessionMs.longest / 1000))
    },
    forgetSession: () => {
      reply.header('set-cookie', setCookie(cookies.session, '', cookies, 0))
    },
  }
}
