/** One account of the fake: its objects and the events about them. */
import type { Kind } from './kinds.ts'

export type Native = Readonly<Record<string, unknown>>

export interface Stored {
  readonly kind: Kind
  native: Native
  deleted: boolean
  /** Order of creation: breaks ties of one second. */
  readonly sequence: number
  /** Epoch ms from which the search shows the present state. */
  indexedAt: number
}

export interface StripeEvent extends Native {
  readonly id: string
  readonly object: 'event'
  readonly type: string
  /** Epoch seconds. */
  readonly created: number
}

export interface AccountOptions {
  readonly id: string
  readonly now: () => number
  /** Until the search shows a change. */
  readonly searchLagMs: number
  /** Platforms get the events of their connected accounts with the account named. */
  readonly connected: boolean
  readonly apiVersion: string
  readonly onEvent: (event: StripeEvent) => void
}

export class FakeAccount {
  readonly id: string
  readonly objects = new Map<string, Stored>()
  /** Oldest first. */
  readonly events: StripeEvent[] = []
  readonly #options: AccountOptions
  #sequence = 0

  constructor(options: AccountOptions) {
    this.id = options.id
    this.#options = options
  }

  get now(): number {
    return this.#options.now()
  }

  /** `atMs` is in the past for an object that becomes visible late. */
  create(kind: Kind, properties: Native, atMs = this.now): Stored {
    this.#sequence += 1
    const seconds = Math.floor(atMs / 1_000)
    const id = typeof properties.id === 'string' ? properties.id : this.#newId(kind.prefix)
    const native: Native = {
      id,
      object: kind.object,
      created: seconds,
      livemode: false,
      ...kind.fresh,
      metadata: {},
      ...derived(kind, properties),
      ...(kind.object === 'product' ? { updated: seconds } : {}),
    }
    const stored: Stored = {
      kind,
      native,
      deleted: false,
      sequence: this.#sequence,
      indexedAt: this.now + this.#options.searchLagMs,
    }
    this.objects.set(id, stored)
    if (kind.events.created !== undefined) this.emit(kind.events.created, native, undefined, atMs)
    return stored
  }

  /** `type` names another event than an ordinary change, such as payment_intent.succeeded. */
  change(stored: Stored, properties: Native, type: string | undefined = stored.kind.events.updated): void {
    const before = stored.native
    const seconds = Math.floor(this.now / 1_000)
    const updated = stored.kind.object === 'product' ? { updated: seconds } : {}
    stored.native = { ...before, ...derived(stored.kind, properties), ...updated }
    stored.indexedAt = this.now + this.#options.searchLagMs
    const changed = Object.keys(properties).filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(stored.native[name]),
    )
    if (changed.length === 0 || type === undefined) return
    this.emit(type, stored.native, Object.fromEntries(changed.map((name) => [name, before[name]])))
  }

  remove(stored: Stored): void {
    stored.deleted = true
    if (stored.kind.events.deleted !== undefined) this.emit(stored.kind.events.deleted, stored.native)
  }

  /** `atMs` is in the past for an event that becomes visible late. */
  emit(type: string, object: Native, previous?: Native, atMs = this.now): StripeEvent {
    const { apiVersion, connected, onEvent } = this.#options
    const event: StripeEvent = {
      id: this.#newId('evt'),
      object: 'event',
      ...(connected ? { account: this.id } : {}),
      api_version: apiVersion,
      created: Math.floor(atMs / 1_000),
      data: { object, ...(previous === undefined ? {} : { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
    }
    this.events.push(event)
    onEvent(event)
    return event
  }

  /** Live objects of a kind, newest first. */
  list(kind: Kind): readonly Stored[] {
    return [...this.objects.values()]
      .filter((stored) => stored.kind === kind && !stored.deleted)
      .sort((a, b) => Number(b.native.created) - Number(a.native.created) || b.sequence - a.sequence)
  }

  #newId(prefix: string): string {
    this.#sequence += 1
    // Ids are not sorted by age, as at Stripe.
    const scrambled = ((this.#sequence * 2_654_435_761) % 2 ** 32).toString(36).padStart(7, '0')
    return `${prefix}_${scrambled}${this.#sequence.toString(36).padStart(9, '0')}`
  }
}

function derived(kind: Kind, properties: Native): Native {
  const { unit_amount: amount, currency, recurring } = properties
  return {
    ...properties,
    ...(typeof currency === 'string' ? { currency: currency.toLowerCase() } : {}),
    ...(kind.object === 'price' && amount !== undefined ? { unit_amount_decimal: String(amount) } : {}),
    ...(kind.object === 'price' && recurring !== undefined ? { type: 'recurring' } : {}),
  }
}
