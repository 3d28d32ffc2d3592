/**
 * A proxy that understands enough of PostgreSQL's protocol to inject faults for single statements: it finds the message boundaries, so that it can
 * respond to a statement instead of the server, or let it take effect while its response is lost.
 *
 * Statuses of HTTP are mapped to database errors: 401 a missing permission, 422 a violated constraint, 429 too many connections, 500 an internal
 * error; everything else is a connection that breaks off, before a message or in the middle of one.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { CounterpartFaults } from '../../../src/connectors/kit/conformance/counterpart.ts'

type ApiResponse = Parameters<CounterpartFaults['respondNext']>[0]

interface Armed {
  /** Undefined: the response is lost. */
  readonly response: ApiResponse | undefined
  readonly method: string | undefined
  after: number
}

export interface PostgresProxy {
  readonly port: number
  readonly faults: CounterpartFaults
  close(): Promise<void>
}

/** Splits bytes into messages: a letter, four bytes of length, the rest. The first message of a client has no letter. */
class Framer {
  #rest = Buffer.alloc(0)
  #hasLetter: boolean

  constructor(hasLetter: boolean) {
    this.#hasLetter = hasLetter
  }

  *take(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#hasLetter ? 1 : 0
      if (this.#rest.length < head + 4) return
      const end = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < end) return
      const message = this.#rest.subarray(0, end)
      this.#rest = this.#rest.subarray(end)
      this.#hasLetter = true
      yield message
    }
  }
}

/** Starts a proxy on the loopback interface in front of a server's socket. */
export async function startPostgresProxy(serverSocket: string): Promise<PostgresProxy> {
  let armed: Armed[] = []
  const sockets = new Set<Socket>()
  const strike = (method: string): Armed | undefined => {
    const fitting = armed.filter((one) => (one.method ?? method) === method)
    const due = fitting.find(({ after }) => after === 0)
    if (due === undefined) for (const one of fitting) one.after -= 1
    else armed = armed.filter((one) => one !== due)
    return due
  }
  const server = createServer((client) => {
    const upstream = connect(serverSocket)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    relay(client, upstream, strike)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: portOf(server),
    faults: {
      respondNext: (response) => {
        armed.push({ response, method: response.method, after: response.after ?? 0 })
      },
      loseNextResponse: (fault = {}) => {
        armed.push({ response: undefined, method: fault.method, after: fault.after ?? 0 })
      },
      clear: () => {
        armed = []
      },
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port')
  return address.port
}

/** Forwards in both directions until a fault applies. A statement is one message, or those from its text up to the next Sync. */
function relay(client: Socket, upstream: Socket, strike: (method: string) => Armed | undefined): void {
  const requests = new Framer(false)
  const responses = new Framer(true)
  let losing = false
  let receiving: ApiResponse | undefined
  client.on('data', (chunk) => {
    for (const message of requests.take(chunk)) {
      const text = statementOf(message)
      if (text !== undefined && receiving === undefined) {
        const fault = strike(methodOf(text))
        if (fault !== undefined && fault.response === undefined) losing = true
        receiving = fault?.response
      }
      if (receiving === undefined) {
        upstream.write(message)
      } else if (isLast(message)) {
        respondInstead(client, receiving)
        receiving = undefined
      }
    }
  })
  upstream.on('data', (chunk) => {
    for (const message of responses.take(chunk)) {
      if (!losing) client.write(message)
      else if (message[0] === 0x5a) client.destroy() // ReadyForQuery: by now it has taken effect
    }
  })
}

function statementOf(message: Buffer): string | undefined {
  const letter = String.fromCharCode(message[0] ?? 0)
  if (letter === 'Q') return message.toString('utf8', 5, message.length - 1)
  if (letter !== 'P') return undefined
  const from = message.indexOf(0, 5) + 1
  return message.toString('utf8', from, message.indexOf(0, from))
}

function isLast(message: Buffer): boolean {
  return message[0] === 0x51 || message[0] === 0x53 // Query, Sync
}

function methodOf(text: string): string {
  if (/\binsert into\b/.test(text)) return 'POST'
  if (/^\s*update\b/.test(text)) return 'PATCH'
  return /^\s*delete\b/.test(text) ? 'DELETE' : 'GET'
}

const states: Readonly<Record<number, string>> = { 401: '42501', 422: '23514', 429: '53300', 500: 'XX000' }

function respondInstead(client: Socket, { status, body = '' }: ApiResponse): void {
  const state = states[status]
  if (state === undefined) {
    client.end(Buffer.from(body))
    return
  }
  const fields = Buffer.from(`SERROR\0VERROR\0C${state}\0Minjected\0\0`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(fields.length + 4)
  client.write(Buffer.concat([Buffer.from('E'), length, fields, Buffer.from('Z\0\0\0\u0005I', 'latin1')]))
}
