/**
 * The User Management API, served on this machine: json-server with the users of JSONPlaceholder.
 *
 * json-server accepts anything, so a validation of new users is added in front of it, and a path that never responds, to demonstrate timeouts.
 */
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { NextFunction, Request, Response } from 'express-serve-static-core'

export interface UserApi {
  readonly url: string
  close(): Promise<void>
}

/** Starts it on a free port of the loopback interface. */
export async function startUserApi(): Promise<UserApi> {
  const require = createRequire(import.meta.url)
  const jsonServer = require('json-server') as typeof import('json-server')
  const { users } = require('jsonplaceholder/data.json') as { readonly users: readonly object[] }
  const app = jsonServer.create()
  app.use(jsonServer.bodyParser)
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.path === '/slow') return
    const email: unknown = request.body?.email
    if (request.method === 'POST' && !(typeof email === 'string' && email.includes('@'))) {
      response.status(422).type('application/problem+json')
      response.send({
        type: 'about:blank',
        title: 'The user is not valid',
        status: 422,
        errors: [{ field: 'email' }],
      })
      return
    }
    next()
  })
  app.use(jsonServer.router({ users: structuredClone(users) }))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
