/**
 * An HTTP server on this machine that misbehaves on demand, down to the socket: faults that a client has to
 * handle.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A fault of a request. */
export type ServerFault =
  /** A response of the test's choice replaces the regular one. */
  | {
      readonly kind: 'status'
      /** HTTP status. */
      readonly status: number
      /** Headers of the response. @default none */
      readonly headers?: Readonly<Record<string, string>>
      /** Body of the response. @default empty */
      readonly body?: string
    }
  /** The connection is reset before a response. */
  | { readonly kind: 'reset' }
  /** No response is ever sent. */
  | { readonly kind: 'silence' }
  /** Headers and half of the body, then nothing more. */
  | { readonly kind: 'stall' }
  /** Headers and half of the body, then the connection ends. */
  | { readonly kind: 'cut' }
  /** Data that is not HTTP. */
  | { readonly kind: 'garbage' }
  /** The request takes effect, but its response is lost. */
  | { readonly kind: 'lost-response' }
  /** The regular response, late. */
  | {
      readonly kind: 'delay'
      /** Delay in milliseconds. */
      readonly ms: number
    }

/** Which requests a fault affects, and how often. */
export type PlannedFault = ServerFault & {
  /** @default every method */
  readonly method?: string
  /** @default every path */
  readonly path?: RegExp
  /** @default 1 */
  readonly times?: number
}

/** A request that the server has read completely. */
export interface ReceivedRequest {
  /** HTTP method, upper case. */
  readonly method: string
  /** Path with query. */
  readonly url: string
  /** Headers in Node's format. */
  readonly headers: IncomingMessage['headers']
  /** Body as text. */
  readonly body: string
  /** The fault that was applied to it. */
  readonly fault: ServerFault['kind'] | undefined
}

/** A running server. */
export interface FaultServer extends AsyncDisposable {
  /** Base address: `http://127.0.0.1:<port>`. */
  readonly url: string
  /** All received requests, oldest first. */
  readonly received: readonly ReceivedRequest[]
  /** Plans a fault; faults are applied in the order in which they were planned. */
  plan(fault: PlannedFault): void
  /** Closes connections and stops listening. */
  close(): Promise<void>
}

/** The regular response to a request. */
export interface AcceptedBody {
  /** @default 200 */
  readonly status?: number
  /** Body, sent as JSON. */
  readonly json: unknown
}

/** Returns the regular response to a request. */
export type AcceptedResponse = (request: ReceivedRequest) => AcceptedBody | Promise<AcceptedBody>

/** Starts a server on a free port of the loopback interface. */
export async function startFaultServer(reply: AcceptedResponse): Promise<FaultServer> {
  const received: ReceivedRequest[] = []
  const planned: { readonly fault: PlannedFault; left: number }[] = []
  const server = createServer((request, response) => {
    void readBody(request).then(
      async (body) => {
        const { method = '', url = '', headers } = request
        const fault = take(planned, method, url)
        const one = { method, url, headers, body, fault: fault?.kind }
        received.push(one)
        if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
        if (fault !== undefined && fault.kind !== 'delay' && fault.kind !== 'lost-response')
          return misbehave(fault, response)
        const { status = 200, json } = await reply(one)
        if (fault?.kind === 'lost-response') return void response.destroy()
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    plan: (fault) => void planned.push({ fault, left: fault.times ?? 1 }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function take(
  planned: { readonly fault: PlannedFault; left: number }[],
  method: string,
  url: string,
): PlannedFault | undefined {
  const fits = ({ fault, left }: (typeof planned)[number]): boolean =>
    left > 0 && (fault.method ?? method) === method && fault.path?.test(url) !== false
  const found = planned.find(fits)
  if (found !== undefined) found.left -= 1
  return found?.fault
}

type Misbehaviour = Exclude<ServerFault, { readonly kind: 'delay' | 'lost-response' }>

function misbehave(fault: Misbehaviour, response: ServerResponse): void {
  switch (fault.kind) {
    case 'status':
      response
        .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        .end(fault.body ?? '{}')
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'silence':
      return
    case 'garbage':
      response.socket?.end('this is not HTTP\r\n\r\n')
      return
    case 'stall':
    case 'cut': {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      const ends = fault.kind === 'cut'
      response.write('{"half":', () => ends && response.destroy())
      return
    }
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
