/** What sends a client's requests: its sockets, or what a test puts in their place. */
import type { Call, WireResponse } from './call.ts'

/** Sends one request at a time and returns what came over the wire. */
export interface ClientTransport {
  /** Must settle once `call.stop` says so. Errors thrown here are the errors of the attempt. */
  exchange(call: Call): Promise<WireResponse>
  /** Closes connections. */
  close(): Promise<void>
}

/** Makes the transport of a client. `sockets` gives the real one, for those that pass requests on. */
export type TransportFactory = (sockets: () => ClientTransport) => ClientTransport
