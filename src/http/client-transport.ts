/** The transport of a client's requests: real sockets, or a test's replacement. */
import type { Call, WireResponse } from './call.ts'

/** Sends one request at a time and returns the received response. */
export interface ClientTransport {
  /** Must settle once `call.stop` is triggered. Errors thrown here are the errors of the attempt. */
  exchange(call: Call): Promise<WireResponse>
  /** Closes connections. */
  close(): Promise<void>
}

/**
 * Creates the transport of a client. `sockets` creates the real one, for transports that forward requests.
 */
export type TransportFactory = (sockets: () => ClientTransport) => ClientTransport
