import { describe, expect, test } from 'vitest'
import type { DomainEvent } from '../model/events.ts'
import { createEventBus } from './event-bus.ts'

const event: DomainEvent = { type: 'WorkerStarted', workerId: 1 }

describe('createEventBus', () => {
  test('goes on to the next listener when one throws, and tells about it', () => {
    const failures: unknown[] = []
    const heard: DomainEvent[] = []
    const bus = createEventBus({ onListenerFailure: (error) => failures.push(error) })
    bus.subscribe(() => {
      throw new TypeError('broken listener')
    })
    bus.subscribe((heardEvent) => heard.push(heardEvent))
    bus.emit(event)
    expect(heard).toEqual([event])
    expect(failures).toHaveLength(1)
  })

  test('stops calling a listener that unsubscribed, and only that subscription', () => {
    let calls = 0
    const listener = (): void => {
      calls += 1
    }
    const bus = createEventBus()
    const end = bus.subscribe(listener)
    bus.subscribe(listener)
    end()
    bus.emit(event)
    expect(calls).toBe(1)
  })
})
