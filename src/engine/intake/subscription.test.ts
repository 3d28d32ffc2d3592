import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { ConnectedSystem, SystemListener } from '../../connectors/kit/contract.ts'
import { IsthmusError } from '../../model/errors.ts'
import { createRuns } from './runs.ts'
import { createSubscriptions } from './subscription.ts'

interface Announcing {
  readonly memory: MemoryWorld
  /** The listener of each subscription of the system. */
  readonly listeners: SystemListener[]
  lose(): void
  stop(): Promise<void>
}

/** Two systems, of which the crm announces what the test specifies. */
function announcing(): Announcing {
  const memory = new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [
    new MemorySystem('crm'),
    new MemorySystem('erp'),
  ])
  const listeners: SystemListener[] = []
  let lose = (): void => {}
  const crm = memory.system('crm')
  const subscribe: ConnectedSystem['subscribe'] = (listener, signal) => {
    listeners.push(listener)
    return new Promise((resolve, reject) => {
      lose = () => reject(new IsthmusError('ENGINE_CALL_FAILED', 'the connection is lost'))
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
  Object.assign(crm, { subscribe })
  const stopping = new AbortController()
  const running = createSubscriptions(memory.context, createRuns(memory.context)).run(stopping.signal)
  const stop = async (): Promise<void> => {
    stopping.abort()
    await memory.finish(running)
  }
  return { memory, listeners, lose: () => lose(), stop }
}

describe('createSubscriptions', () => {
  test('marks the records that a system names', async () => {
    const { memory, listeners, stop } = announcing()
    memory.start()
    await memory.load()
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    listeners[0]?.changed([{ resource: 'things', nativeId }])
    await memory.pass(20_000)
    expect(memory.system('erp').records.size).toBe(1)
    // The create in the other system is preceded by a read of that system, which is no announcement of this
    // one.
    expect(
      memory.heard('PollFinished').filter((event) => 'system' in event && event.system === 'crm'),
    ).toEqual([])
    await stop()
  })

  test('reads the feed when a system announces an unspecified change, once for a burst', async () => {
    const { memory, listeners, stop } = announcing()
    await memory.pass(1_000)
    memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    for (let count = 0; count < 100; count += 1) listeners[0]?.touched()
    await memory.pass(5_000)
    expect(memory.heard('PollFinished')).toMatchObject([{ system: 'crm' }])
    listeners[0]?.touched('no such resource')
    await memory.pass(5_000)
    expect(memory.heard('PollFinished')).toHaveLength(1)
    await stop()
  })

  test('reopens a lost subscription, with growing delays, and reads the feed for missed changes', async () => {
    const { memory, listeners, lose, stop } = announcing()
    await memory.pass(1_000)
    lose()
    await memory.pass(30_000)
    expect(memory.heard('SubscriptionLost')).toEqual([
      { type: 'SubscriptionLost', system: 'crm', code: 'ENGINE_CALL_FAILED' },
    ])
    expect(listeners).toHaveLength(2)
    expect(memory.heard('PollFinished')).toHaveLength(1)
    await stop()
  })

  test('reads the feed when marks could not be committed', async () => {
    const { memory, listeners, stop } = announcing()
    await memory.pass(1_000)
    const intake = memory.store.intake.bind(memory.store)
    let fails = true
    memory.store.intake = async (batch) => {
      if (!fails) return intake(batch)
      fails = false
      throw new IsthmusError('STORE_UNAVAILABLE', 'away')
    }
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    listeners[0]?.changed([{ resource: 'things', nativeId }])
    await memory.pass(5_000)
    expect(memory.heard('StoreFailed')).toMatchObject([{ operation: 'subscription' }])
    expect(await memory.detail('crm', nativeId)).toBeDefined()
    await stop()
  })
})
