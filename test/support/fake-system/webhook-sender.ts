/** Announces changes like real systems: signed by Standard Webhooks, some of them lost, duplicated or late. */
import { Agent, request as send } from 'node:http'
import { Webhook } from 'standardwebhooks'
import type { FakeWebhookOptions } from './options.ts'
import type { Version } from './remote-table.ts'

const attemptsMax = 5

export class WebhookSender {
  readonly #options: FakeWebhookOptions
  readonly #webhook: Webhook
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 })
  readonly #chance: () => number
  readonly #waiting = new Set<NodeJS.Timeout>()
  #sent = 0
  #closed = false
  /** Deliveries answered with 2xx. */
  accepted = 0

  constructor(options: FakeWebhookOptions, chance: () => number) {
    this.#options = options
    this.#webhook = new Webhook(options.secret)
    this.#chance = chance
  }

  announce(resource: string, version: Version): void {
    const { lose = 0, duplicate = 0, delayMs = 0, ownWrites = true } = this.#options
    if (version.by === 'engine' && !ownWrites) return
    if (lose > 0 && this.#chance() < lose) return
    this.#sent += 1
    const id = `msg_${process.pid}_${this.#sent}`
    const body = JSON.stringify({
      type: version.body === undefined ? `${resource}.deleted` : `${resource}.changed`,
      timestamp: new Date(version.at).toISOString(),
      data: { id: version.nativeId, version: version.version },
    })
    const copies = duplicate > 0 && this.#chance() < duplicate ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1)
      this.#later(delayMs > 0 ? this.#chance() * delayMs : 0, () => this.#deliver(id, body, 1))
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#waiting) clearTimeout(timer)
    this.#agent.destroy()
  }

  #later(ms: number, task: () => void): void {
    if (this.#closed) return
    if (ms === 0) {
      task()
      return
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(timer)
      task()
    }, ms)
    this.#waiting.add(timer)
  }

  #deliver(id: string, body: string, attempt: number): void {
    if (this.#closed) return
    const now = new Date()
    const again = (): void => {
      if (attempt < attemptsMax) this.#later(200 * attempt, () => this.#deliver(id, body, attempt + 1))
    }
    const request = send(this.#options.url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': this.#webhook.sign(id, now, body),
      },
    })
    request.on('error', again)
    request.on('response', (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      if (status >= 200 && status < 300) this.accepted += 1
      else again()
    })
    request.end(body)
  }
}
