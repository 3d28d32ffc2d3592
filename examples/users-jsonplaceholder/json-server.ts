/** json-server with JSONPlaceholder's ten users, as anybody can run it. */
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

export interface JsonServer {
  readonly url: string
  close(): Promise<void>
}

export async function startJsonServer(): Promise<JsonServer> {
  const require = createRequire(import.meta.url)
  const jsonServer = require('json-server') as typeof import('json-server')
  const content = require('jsonplaceholder/data.json') as { readonly users: readonly object[] }
  const app = jsonServer.create()
  app.use(jsonServer.bodyParser)
  // A copy, because the router changes the object it is given.
  app.use(jsonServer.router({ users: structuredClone(content.users) }))
  const server = app.listen(0, '127.0.0.1')
  await new Promise<void>((resolve) => {
    server.once('listening', () => resolve())
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
