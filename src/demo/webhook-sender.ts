/** Sends the CRM's webhooks: signed according to Standard Webhooks, and retried a few times. */
import { Webhook } from 'standardwebhooks'

const attemptsMax = 5
/**
 * Maximum number of waiting deliveries; further ones are dropped, as by real senders. Polls and full runs
 * compensate for them.
 */
const queueMax = 50_000
const senders = 16

interface Delivery {
  readonly id: string
  readonly body: string
  attempts: number
}

export interface WebhookSender {
  /** URL of further deliveries. */
  subscribe(url: string): void
  announce(type: string, resource: string, id: string): void
}

export function createWebhookSender(secret: string): WebhookSender {
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
      // Unreachable: retried below, like any other refusal.
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
    subscribe: (url) => {
      address = url
    },
    announce: (type, resource, id) => {
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
