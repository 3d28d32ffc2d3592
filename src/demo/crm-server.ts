/**
 * The demo's CRM: json-server with JSONPlaceholder's own users. It runs in a separate thread, like a third-party system in another process.
 *
 * Its only connection to Isthmus is the webhook subscription: after each change it posts `{type, resource, id}` to the configured URL,
 * signed according to Standard Webhooks, and retries a few times if that fails.
 */
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { NextFunction, Request, Response } from 'express-serve-static-core'
import { Webhook } from 'standardwebhooks'

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

const attemptsMax = 5
/** Maximum number of waiting deliveries; further ones are dropped, as by real senders. Polls and full runs compensate for them. */
const queueMax = 50_000
const senders = 16

interface Delivery {
  readonly id: string
  readonly body: string
  attempts: number
}

function createSender(secret: string) {
  const webhook = new Webhook(secret)
  const queue: Delivery[] = []
  let address: string | undefined
  let active = 0
  let count = 0

  const sendOne = async (delivery: Delivery): Promise<void> => {
    if (address === undefined) return
    const at = new Date()
    try {
      const response = await fetch(address, {
        method: 'POST',
        body: delivery.body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': delivery.id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': webhook.sign(delivery.id, at, delivery.body),
        },
        signal: AbortSignal.timeout(10_000),
      })
      await response.arrayBuffer()
      if (response.ok) return
    } catch {
      // Unreachable: tried again below, like any other refusal.
    }
    delivery.attempts += 1
    if (delivery.attempts < attemptsMax) setTimeout(() => enqueue(delivery), 250 * 2 ** delivery.attempts)
  }

  const pump = (): void => {
    while (active < senders) {
      const next = queue.shift()
      if (next === undefined) return
      active += 1
      void sendOne(next).finally(() => {
        active -= 1
        pump()
      })
    }
  }

  const enqueue = (delivery: Delivery): void => {
    if (queue.length < queueMax) queue.push(delivery)
    pump()
  }

  return {
    subscribe: (url: string): void => {
      address = url
    },
    announce: (type: string, resource: string, id: string): void => {
      if (address === undefined) return
      count += 1
      enqueue({
        id: `msg_${process.pid}_${count}`,
        body: JSON.stringify({ type, resource, id }),
        attempts: 0,
      })
    },
  }
}

function start(data: CrmThreadData): void {
  const require = createRequire(import.meta.url)
  const jsonServer = require('json-server') as typeof import('json-server')
  const content = require('jsonplaceholder/data.json') as { readonly users: readonly object[] }
  const sender = createSender(data.webhookSecret)
  let outage = false
  let writes = 0

  const server = jsonServer.create()
  server.use((request: Request, response: Response, next: NextFunction) => {
    if (outage) {
      response.status(503).json({ error: 'The CRM is being maintained.' })
      return
    }
    const [, resource = '', id] = request.path.split('/')
    response.on('finish', () => {
      if (request.method === 'GET' || response.statusCode >= 400) return
      writes += 1
      const created: unknown = response.locals.data
      const changed =
        id ??
        (typeof created === 'object' && created !== null && 'id' in created ? String(created.id) : undefined)
      if (changed === undefined) return
      const verb = { POST: 'created', DELETE: 'deleted' }[request.method] ?? 'updated'
      sender.announce(`${resource}.${verb}`, resource, changed)
    })
    next()
  })
  server.use(jsonServer.bodyParser)
  // A copy, because the router changes the object it is given.
  server.use(jsonServer.router({ users: structuredClone(content.users) }))
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
