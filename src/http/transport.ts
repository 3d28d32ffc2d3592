/**
 * One request on the wire, on undici's own `Agent`.
 *
 * It uses `dispatch` and not `request()`, because its handler is notified when a request is passed to a
 * connected socket. Everything that fails before that moment provably had no effect, which the engine has to
 * know about a write; and a request that must not be sent any more (`startBefore`) is stopped at exactly that
 * moment.
 */

import type { LookupFunction } from 'node:net'
import tls, { createSecureContext, type SecureContext } from 'node:tls'
import { Agent, type Dispatcher } from 'undici'
import { wireBody } from './bodies/request-body.ts'
import type { Call, HttpClock, WireResponse } from './call.ts'
import { Deadlines } from './deadlines.ts'
import { NetworkError } from './errors.ts'
import { ExchangeHandler, type ExchangeLimits } from './exchange-handler.ts'
import { AddressGuard, type AllowedAddress } from './network/address-guard.ts'
import type { ClientCertificate } from './network/client-certificate.ts'
import { guardedConnector, portOf } from './network/connector.ts'
import { directHosts, type ProxyOptions, proxyDispatcher } from './network/proxy.ts'
import type { Timeouts } from './options.ts'

/** Options of the sockets. */
export interface TransportOptions {
  readonly timeouts: Timeouts
  readonly maxBytes: number
  readonly connections: number
  readonly ca: readonly string[] | undefined
  readonly clientCertificate: ClientCertificate | undefined
  readonly allowAddresses: readonly AllowedAddress[]
  /** Ports that may be called. @default all */
  readonly allowPorts?: ReadonlySet<number> | undefined
  readonly proxy?: ProxyOptions | undefined
  /** @default the system's resolver */
  readonly lookup?: LookupFunction | undefined
  readonly clock: HttpClock
}

/** A pool of sockets per origin. */
export class Transport {
  readonly #route: Route
  readonly #limits: ExchangeLimits

  constructor(options: TransportOptions) {
    const { timeouts, maxBytes, clock } = options
    const { headersMs, bodyIdleMs } = timeouts
    this.#limits = { maxBytes, headersMs, bodyIdleMs, clock, deadlines: new Deadlines() }
    this.#route = routeOf(options)
  }

  /** Sends one request and returns the complete response; settles as soon as the call is stopped. */
  exchange(call: Call): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      const handler = new ExchangeHandler(call, this.#limits, resolve, reject)
      if (call.stop.reason !== undefined) return
      const way = this.#route.wayTo(call.origin)
      if (way instanceof NetworkError) {
        reject(way)
        return
      }
      way.dispatch(
        {
          origin: call.origin,
          path: call.path,
          method: call.method,
          headers: call.headers,
          body: wireBody(call, handler.onBodyMoved),
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      )
    })
  }

  /**
   * Lets running exchanges continue for a second, then destroys every socket. A handshake that is stuck does
   * not delay it.
   */
  async close(): Promise<void> {
    const { dispatchers } = this.#route
    const waiter = Promise.withResolvers<void>()
    const timer = setTimeout(waiter.resolve, 1_000)
    await Promise.race([Promise.all(dispatchers.map((one) => one.close())), waiter.promise])
    clearTimeout(timer)
    // Its promise may wait until a stuck handshake times out; no caller needs it.
    for (const one of dispatchers) one.destroy().catch(() => undefined)
  }
}

/** Returns the dispatcher for a target: direct, or through the proxy. */
interface Route {
  readonly dispatchers: readonly Dispatcher[]
  wayTo(origin: string): Dispatcher | NetworkError
}

function routeOf(options: TransportOptions): Route {
  const { connections, timeouts, lookup } = options
  const guard = new AddressGuard(options.allowAddresses, lookup, options.allowPorts)
  const secureContext = secureContextOf(options)
  const agent = new Agent({
    connections,
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: 32 * 1024,
    connect: guardedConnector({ guard, connectMs: timeouts.connectMs, secureContext }),
  })
  if (options.proxy === undefined) return { dispatchers: [agent], wayTo: () => agent }
  const isDirect = directHosts(options.proxy.noProxy)
  const proxy = proxyDispatcher(options.proxy, {
    connections,
    connectMs: timeouts.connectMs,
    secureContext,
    lookup,
  })
  return {
    dispatchers: [agent, proxy],
    wayTo(origin) {
      const { hostname, port, protocol } = new URL(origin)
      const number = portOf(port, protocol)
      if (isDirect(hostname, number)) return agent
      // Behind the proxy the client has no socket to the target, so this is the only place to check it.
      return guard.refusalOf(hostname, number) ?? proxy
    },
  }
}

/** Created once: reading all authorities for every socket would take longer than the handshake. */
function secureContextOf({ ca, clientCertificate: own }: TransportOptions): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ...ca] }),
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
    ...(own?.passphrase === undefined ? {} : { passphrase: own.passphrase }),
  })
}
