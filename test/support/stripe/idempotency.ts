/**
 * Idempotency keys: the first response to a key, including a 500, is repeated for 24 hours. Another request under the same key is refused. Responses
 * of requests that never began (refused parameters, a limit, a lock) are not kept.
 */
import { createHash } from 'node:crypto'
import { StripeRefusal } from './stripe-error.ts'

export interface KeptAnswer {
  readonly status: number
  readonly body: unknown
  readonly requestId: string
}

interface Kept {
  readonly request: string
  readonly at: number
  response?: KeptAnswer
}

const lifeMs = 24 * 3_600_000

export class IdempotencyKeys {
  readonly #kept = new Map<string, Kept>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns the response kept for this request, or undefined when it has to be executed. @throws StripeRefusal */
  begin(key: string, method: string, path: string, body: string): KeptAnswer | undefined {
    const request = createHash('sha256').update(`${method} ${path}\n${body}`).digest('hex')
    const kept = this.#kept.get(key)
    if (kept === undefined || this.#now() - kept.at >= lifeMs) {
      this.#kept.set(key, { request, at: this.#now() })
      return undefined
    }
    if (kept.request !== request) {
      throw new StripeRefusal(400, {
        type: 'idempotency_error',
        message: `Keys for idempotent requests can only be used with the same parameters they were first used with (${key}).`,
      })
    }
    if (kept.response !== undefined) return kept.response
    throw new StripeRefusal(409, {
      type: 'idempotency_error',
      code: 'idempotency_key_in_use',
      message: `There is another request with the key ${key} under way.`,
    })
  }

  keep(key: string, response: KeptAnswer): void {
    const kept = this.#kept.get(key)
    if (kept !== undefined) kept.response = response
  }

  forget(key: string): void {
    this.#kept.delete(key)
  }
}
