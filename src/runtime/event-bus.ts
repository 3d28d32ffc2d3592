/** Hands domain events to their listeners. A listener that fails never harms the engine or another listener. */
import type { DomainEvent, EmitEvent } from '../model/events.ts'

/** Where domain events come together. */
export interface EventBus {
  /** Hands an event to every listener. */
  readonly emit: EmitEvent
  /** Calls the listener for every later event; answers a function that ends it. */
  subscribe(listener: (event: DomainEvent) => void): () => void
}

export interface EventBusOptions {
  /** Told when a listener throws; it must not throw itself. @default nothing happens */
  readonly onListenerFailure?: (error: unknown, event: DomainEvent) => void
}

/** Creates a bus. Listeners are called in the emitter's turn, in order of subscription, and must not block. */
export function createEventBus(options: EventBusOptions = {}): EventBus {
  const listeners = new Set<(event: DomainEvent) => void>()
  return {
    emit: (event) => {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (error) {
          options.onListenerFailure?.(error, event)
        }
      }
    },
    subscribe: (listener) => {
      // A wrapper of its own, so that the same function subscribed twice is two subscriptions.
      const entry = (event: DomainEvent): void => listener(event)
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
  }
}
