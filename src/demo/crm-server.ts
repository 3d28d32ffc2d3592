/**
 * The demo's CRM: JSONPlaceholder's users behind the API of json-server. It runs in a separate thread, like a
 * third-party system in another process.
 *
 * Its only connection to Isthmus is the webhook subscription: after each change it posts `{type, resource,
 * id}` to the configured URL.
 */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { answerUsersRequest } from './users-api.ts'
import { type UserRecord, UsersTable } from './users-table.ts'
import { createWebhookSender } from './webhook-sender.ts'

/** Input of the thread. */
export interface CrmThreadData {
  readonly webhookSecret: string
  /** 0 = chosen by the system. */
  readonly port: number
}

/** Messages from the thread. */
export type CrmThreadMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'writes'; readonly count: number }
/** Messages to the thread. */
export type CrmThreadOrder =
  | { readonly kind: 'subscribe'; readonly url: string }
  | { readonly kind: 'outage'; readonly on: boolean }
  | { readonly kind: 'countWrites' }
  | { readonly kind: 'close' }

function start(data: CrmThreadData): void {
  const require = createRequire(import.meta.url)
  const content = require('jsonplaceholder/data.json') as { readonly users: readonly UserRecord[] }
  const table = new UsersTable(content.users)
  const sender = createWebhookSender(data.webhookSecret)
  let outage = false
  let writes = 0

  const server = createServer(async (request, response) => {
    if (outage) {
      request.resume()
      response.writeHead(503, { 'content-type': 'application/json' })
      response.end('{"error":"The CRM is being maintained."}')
      return
    }
    const changed = await answerUsersRequest(table, request, response)
    if (changed === undefined) return
    writes += 1
    sender.announce(`users.${changed.verb}`, 'users', String(changed.id))
  })
  const listening = server.listen(data.port, '127.0.0.1', () => {
    const address = listening.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    parentPort?.postMessage({ kind: 'listening', port } satisfies CrmThreadMessage)
  })
  listening.keepAliveTimeout = 60_000
  parentPort?.on('message', (order: CrmThreadOrder) => {
    if (order.kind === 'subscribe') sender.subscribe(order.url)
    if (order.kind === 'outage') outage = order.on
    if (order.kind === 'countWrites')
      parentPort?.postMessage({ kind: 'writes', count: writes } satisfies CrmThreadMessage)
    if (order.kind === 'close') {
      listening.closeAllConnections()
      listening.close(() => process.exit(0))
    }
  })
}

start(workerData as CrmThreadData)
