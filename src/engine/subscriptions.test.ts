import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { ConnectedSystem, SystemListener } from '../connectors/kit/contract.ts'
import { IsthmusError } from '../model/errors.ts'
import { createRuns } from './runs.ts'
import { createSubscriptions } from './subscriptions.ts'

interface Announcing {
  readonly twins: TwinWorld
  /** The listener of each time that the system was subscribed to. */
  readonly listeners: SystemListener[]
  lose(): void
  stop(): Promise<void>
}

/** Two twins, of which the crm announces what the test says. */
function announcing(): Announcing {
  const twins = new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), [
    new TwinSystem('crm'),
    new TwinSystem('erp'),
  ])
  const listeners: SystemListener[] = []
  let lose = (): void => {}
  const crm = twins.system('crm')
  const subscribe: ConnectedSystem['subscribe'] = (listener, signal) => {
    listeners.push(listener)
    return new Promise((resolve, reject) => {
      lose = () => reject(new IsthmusError('ENGINE_CALL_FAILED', 'the connection is lost'))
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
  Object.assign(crm, { subscribe })
  const stopping = new AbortController()
  const running = createSubscriptions(twins.context, createRuns(twins.context)).run(stopping.signal)
  const stop = async (): Promise<void> => {
    stopping.abort()
    await twins.finish(running)
  }
  return { twins, listeners, lose: () => lose(), stop }
}

describe('createSubscriptions', () => {
  it('marks the records that a system names', async () => {
    const { twins, listeners, stop } = announcing()
    twins.start()
    await twins.load()
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    listeners[0]?.changed([{ resource: 'things', rid }])
    await twins.pass(20_000)
    expect(twins.system('erp').records.size).toBe(1)
    // The create in the other system is preceded by a look at that system, which is no news of this one.
    expect(
      twins.heard('PollFinished').filter((event) => 'system' in event && event.system === 'crm'),
    ).toEqual([])
    await stop()
  })

  it('reads the feed when a system says that something changed, once for a burst', async () => {
    const { twins, listeners, stop } = announcing()
    await twins.pass(1_000)
    twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    for (let count = 0; count < 100; count += 1) listeners[0]?.stirred()
    await twins.pass(5_000)
    expect(twins.heard('PollFinished')).toMatchObject([{ system: 'crm' }])
    listeners[0]?.stirred('no such resource')
    await twins.pass(5_000)
    expect(twins.heard('PollFinished')).toHaveLength(1)
    await stop()
  })

  it('opens a lost subscription again, ever later, and reads the feed for what was missed', async () => {
    const { twins, listeners, lose, stop } = announcing()
    await twins.pass(1_000)
    lose()
    await twins.pass(30_000)
    expect(twins.heard('SubscriptionLost')).toEqual([
      { type: 'SubscriptionLost', system: 'crm', code: 'ENGINE_CALL_FAILED' },
    ])
    expect(listeners).toHaveLength(2)
    expect(twins.heard('PollFinished')).toHaveLength(1)
    await stop()
  })

  it('reads the feed when marks could not be committed', async () => {
    const { twins, listeners, stop } = announcing()
    await twins.pass(1_000)
    const intake = twins.store.intake.bind(twins.store)
    let fails = true
    twins.store.intake = async (batch) => {
      if (!fails) return intake(batch)
      fails = false
      throw new IsthmusError('STORE_UNAVAILABLE', 'away')
    }
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    listeners[0]?.changed([{ resource: 'things', rid }])
    await twins.pass(5_000)
    expect(twins.heard('StoreFailed')).toMatchObject([{ operation: 'subscription' }])
    expect(await twins.detail('crm', rid)).toBeDefined()
    await stop()
  })
})
