/** A server on the loopback interface whose responses are defined by the test, down to the socket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly at: number
}

export interface LocalServer extends AsyncDisposable {
  readonly url: string
  readonly seen: SeenRequest[]
  close(): Promise<void>
}

export type Respond = (request: SeenRequest, response: ServerResponse) => void | Promise<void>

/** Starts an HTTP server; requests are passed on with their bodies read. `keepAliveMs`: how long an unused connection stays open (Node: 5 s). */
export async function startServer(
  respond: Respond,
  { keepAliveMs }: { readonly keepAliveMs?: number } = {},
): Promise<LocalServer> {
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = {
        method,
        url,
        headers,
        body: Buffer.concat(chunks).toString('utf8'),
        at: performance.now(),
      }
      seen.push(one)
      void respond(one, response)
    })
  })
  if (keepAliveMs !== undefined) server.keepAliveTimeout = keepAliveMs
  return { ...(await listen(server, 'http')), seen }
}

/** Starts a TCP server, whose responses need not even be HTTP. */
export async function startSocketServer(
  onSocket: (socket: Socket) => void,
  scheme: 'http' | 'https' = 'http',
): Promise<Omit<LocalServer, 'seen'>> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  const started = await listen(server, scheme)
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await started.close()
  }
  return { ...started, close, [Symbol.asyncDispose]: close }
}

/** Responds with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function listen(
  server: Server | TcpServer,
  scheme: 'http' | 'https',
): Promise<Omit<LocalServer, 'seen'>> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  return { url: `${scheme}://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close }
}
