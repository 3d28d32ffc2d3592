/**
 * Opens sockets for undici: addresses are checked, the time is limited, and a `100 Continue` that was not
 * requested is tolerated.
 */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector, errors } from 'undici'
import type { AddressGuard } from './address-guard.ts'
import { tolerateContinue } from './tolerate-continue.ts'

/** Dependencies of a connector. */
export interface ConnectorOptions {
  readonly guard: AddressGuard
  /** Name, TCP and TLS together. */
  readonly connectMs: number
  readonly secureContext: SecureContext
}

/**
 * The connector of one agent. undici's own time limit has a resolution of half a second, so it is disabled in
 * favour of a timer here.
 */
export function guardedConnector({
  guard,
  connectMs,
  secureContext,
}: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: 0,
    // Set explicitly, so that neither NODE_TLS_REJECT_UNAUTHORIZED nor --tls-min-v1.0 weakens it.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    lookup: guard.lookup,
    secureContext,
  })
  return (target, callback) => {
    const refusal = guard.refusalOf(target.hostname, portOf(target.port, target.protocol))
    if (refusal !== undefined) {
      callback(refusal, null)
      return
    }
    let isOver = false
    // undici's types omit that its connector returns the socket it is opening.
    const opening = connect(target, (error, socket) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      if (error === null && socket !== null) callback(null, firstErrorCounts(tolerateContinue(socket)))
      else callback(error ?? new errors.SocketError('no socket'), null)
    }) as unknown as Socket | undefined
    const timer = setTimeout(() => {
      if (isOver) return
      isOver = true
      callback(new errors.ConnectTimeoutError(), null)
      opening?.destroy()
    }, connectMs)
  }
}

/**
 * A TLS alert is an error, followed immediately by the end of the connection. undici would report only the
 * latter: that the server closed, and not that it requires a client certificate.
 */
function firstErrorCounts<Wire extends Socket>(socket: Wire): Wire {
  return socket.once('error', () => void socket.destroy())
}

/** A URL's port as a number. */
export function portOf(port: string, protocol: string): number {
  return Number(port || (protocol === 'https:' ? 443 : 80))
}
