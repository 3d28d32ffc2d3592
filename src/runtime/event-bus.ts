/** Delivers domain events to listeners. A failing listener never affects the engine or another listener. */
import type { DomainEvent, EmitEvent } from '../model/events.ts'

/** Publishes domain events to subscribers. */
export interface EventBus {
  /** Delivers an event to every listener. */
  readonly emit: EmitEvent
  /** Calls the listener for every later event; returns a function that unsubscribes it. */
  subscribe(listener: (event: DomainEvent) => void): () => void
}

export interface EventBusOptions {
  /** Called when a listener throws; it must not throw itself. @default no action */
  readonly onListenerFailure?: (error: unknown, event: DomainEvent) => void
}

/** Creates a bus. Listeners are called synchronously, in order of subscription, and must not block. */
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
      // Each subscription has its own wrapper, so that the same function can be subscribed twice.
      const entry = (event: DomainEvent): void => listener(event)
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
  }
}
