/** Deliveries to an endpoint, signed by Stripe's own library, with delivery faults. */
import Stripe from 'stripe'
import type { StripeEvent } from './account.ts'

/** One delivery, ready to be sent. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface WebhookEndpointOptions {
  readonly url: string
  readonly secret: string
  /** Subscribed types; `*` is all. @default all */
  readonly types?: readonly string[]
}

/** Signs like Stripe. `secrets`: more than one while a secret is rolled. */
export function signedDelivery(
  event: StripeEvent,
  options: { readonly secrets: readonly string[]; readonly atMs?: number },
): Delivery {
  const body = JSON.stringify(event, undefined, 2)
  const timestamp = Math.floor((options.atMs ?? Date.now()) / 1_000)
  const headers = options.secrets.map((secret) =>
    Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp }),
  )
  // Each header begins with the same time; the signatures follow one another.
  const signatures = headers.map((header) => header.slice(header.indexOf(',') + 1))
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': [`t=${timestamp}`, ...signatures].join(','),
    },
  }
}

/** Sends every event once, in order, unless configured otherwise. Nothing is retried automatically. */
export class WebhookEndpoint {
  /** Events that were never delivered: lost in transit, or not accepted. */
  readonly undelivered: StripeEvent[] = []
  /** Number of next deliveries to lose. */
  lose = 0
  /** Number of next deliveries to send twice. */
  duplicate = 0
  /** Holds deliveries back until `release`. */
  held = false
  readonly #options: WebhookEndpointOptions
  readonly #waiting: StripeEvent[] = []
  #chain: Promise<void> = Promise.resolve()

  constructor(options: WebhookEndpointOptions) {
    this.#options = options
  }

  take(event: StripeEvent): void {
    const { types } = this.#options
    if (types !== undefined && !types.includes(event.type)) return
    if (this.lose > 0) {
      this.lose -= 1
      this.undelivered.push(event)
      return
    }
    const times = this.duplicate > 0 ? 2 : 1
    this.duplicate = Math.max(0, this.duplicate - 1)
    for (let time = 0; time < times; time += 1) {
      if (this.held) this.#waiting.push(event)
      else this.#send(event)
    }
  }

  /** Sends the held deliveries, in the order given. */
  release(order: (events: readonly StripeEvent[]) => readonly StripeEvent[] = (events) => events): void {
    this.held = false
    for (const event of order(this.#waiting.splice(0))) this.#send(event)
  }

  /** Resolves when every delivery in transit has arrived or failed. */
  async settled(): Promise<void> {
    await this.#chain
  }

  #send(event: StripeEvent): void {
    this.#chain = this.#chain.then(async () => {
      const { body, headers } = signedDelivery(event, { secrets: [this.#options.secret] })
      try {
        const signal = AbortSignal.timeout(10_000)
        const response = await fetch(this.#options.url, {
          method: 'POST',
          headers: { ...headers },
          body,
          signal,
        })
        await response.body?.cancel()
        if (!response.ok) this.undelivered.push(event)
      } catch {
        this.undelivered.push(event)
      }
    })
  }
}
