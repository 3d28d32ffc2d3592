/**
 * Wake-ups between processes: NOTIFY on a connection of its own, never inside a transaction that marks (it
 * would serialise the commits), and at most one per {@link debounceMs}. Listeners are also called when the
 * connection is back after it was lost: notifications sent meanwhile are gone.
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { PostgresContext } from './context.ts'
import { sendWake } from './sql/send-wake.ts'

const debounceMs = 20
const reconnectMs = 500

/** Tells other processes that records fell due, by LISTEN and NOTIFY. */
export class WakeChannel {
  readonly #context: PostgresContext
  readonly #channel: string
  readonly #self = randomBytes(6).toString('hex')
  readonly #listeners = new Set<() => void>()
  #client: pg.Client | undefined
  #connecting: Promise<void> | undefined
  #reconnect: NodeJS.Timeout | undefined
  #pending: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #closed = false
  #listening = false

  constructor(context: PostgresContext) {
    this.#context = context
    this.#channel = `${context.database.schema}_wake`
  }

  /** Notifications of other processes arrive now. */
  get isListening(): boolean {
    return this.#listening
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#connect()
    return () => this.#listeners.delete(listener)
  }

  send(): void {
    if (this.#closed || this.#pending !== undefined) return
    this.#pending = setTimeout(() => {
      this.#pending = undefined
      this.#sending = this.#notify()
    }, debounceMs)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#listeners.clear()
    // A command closes its store right after it has made records due.
    if (this.#pending !== undefined) this.#sending = this.#notify()
    clearTimeout(this.#pending)
    clearTimeout(this.#reconnect)
    await this.#sending
    await this.#connecting
    await this.#client?.end().catch(() => {}) // ended already, or never well
  }

  async #notify(): Promise<void> {
    try {
      await sendWake(this.#context.database.session('waking others'), this.#channel, this.#self)
    } catch {
      // The other processes query the queue within their poll interval anyway.
    }
  }

  #connect(): void {
    if (this.#closed || this.#client !== undefined || this.#connecting !== undefined) return
    this.#connecting = this.#open().finally(() => {
      this.#connecting = undefined
    })
  }

  async #open(): Promise<void> {
    try {
      const client = await this.#context.database.connectAlone('listening for wake-ups')
      this.#client = client
      client.on('end', () => this.#lost(client))
      client.on('error', () => this.#lost(client))
      client.on('notification', ({ payload }) => {
        if (payload !== this.#self) this.#call()
      })
      await client.query(`listen ${this.#channel}`)
      this.#listening = true
      this.#call()
    } catch {
      this.#later()
    }
  }

  #call(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return
    this.#listening = false
    this.#client = undefined
    this.#later()
  }

  #later(): void {
    if (this.#closed) return
    clearTimeout(this.#reconnect)
    this.#reconnect = setTimeout(() => this.#connect(), reconnectMs)
    this.#reconnect.unref()
  }
}
