import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { Trigger } from '../../model/integration.ts'
import { createNextCron } from '../../runtime/cron.ts'
import { createRuns } from '../intake/runs.ts'
import { retryDelay } from '../protect/backoff.ts'
import { type Job, nextDue } from './schedule.ts'
import { createScheduler } from './scheduler.ts'

const hour = 3_600_000

function world(triggers: readonly Trigger[], crm = new MemorySystem('crm')): MemoryWorld {
  const integration = memoryIntegration({
    systems: ['crm', 'erp'],
    part: (part) => (part.system === 'crm' ? { ...part, triggers } : part),
  })
  return new MemoryWorld(integration, [crm, new MemorySystem('erp')])
}

/** One scheduler process. */
function schedule(memory: MemoryWorld): () => Promise<void> {
  const ending = new AbortController()
  const scheduler = createScheduler(memory.context, {
    runs: createRuns(memory.context),
    nextCron: createNextCron(),
  })
  const running = scheduler.run(ending.signal)
  return () => {
    ending.abort()
    return memory.finish(running)
  }
}

const startsOf = (memory: MemoryWorld, system: string): number =>
  memory.heard('RunStarted').filter((event) => event.system === system).length

describe('the scheduler', () => {
  test('lists every listable place once at the start, and lets creates begin', async () => {
    const memory = world([])
    memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    memory.start()
    const stop = schedule(memory)
    await memory.pass(60_000)
    expect(startsOf(memory, 'crm')).toBe(1)
    expect(startsOf(memory, 'erp')).toBe(1)
    expect(memory.system('erp').records.size).toBe(1)
    await stop()
  })

  test('propagates existing records to a system that joins their entity', async () => {
    const systems = ['crm', 'erp', 'web'].map((name) => new MemorySystem(name))
    const before = new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), systems.slice(0, 2))
    systems[0]?.put({ name: 'Ada', email: 'ada@example.org' })
    before.start()
    const stopBefore = schedule(before)
    await before.pass(60_000)
    await stopBefore()
    await Promise.all(before.engines.map((engine) => before.finish(engine.stop())))
    const joined = { ...memoryIntegration({ systems: ['crm', 'erp', 'web'] }), version: 'v2' }
    const after = new MemoryWorld(joined, systems, 1, before)
    after.start()
    const stop = schedule(after)
    await after.pass(60_000)
    expect(after.system('web').all()).toEqual([{ name: 'Ada', email: 'ada@example.org' }])
    await stop()
  })

  test('lists once where the first list and a poll without a feed fall due together', async () => {
    const memory = world(
      [{ kind: 'poll', everyMs: hour }],
      new MemorySystem('crm', { changes: { cursor: 'none', commitLagMs: 0 } }),
    )
    const stop = schedule(memory)
    await memory.pass(60_000)
    expect(memory.system('crm').counts.lists).toBe(1)
    await stop()
  })

  test('retries a first list that failed, with growing waits, until it completes', async () => {
    const memory = world([])
    memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    memory.system('crm').listFault = 'breaks'
    const stop = schedule(memory)
    await memory.pass(5 * 60_000)
    const failed = startsOf(memory, 'crm')
    expect(failed).toBeGreaterThan(2)
    expect(failed).toBeLessThan(20)
    memory.system('crm').listFault = undefined
    await memory.pass(15 * 60_000)
    const done = startsOf(memory, 'crm')
    await memory.pass(hour)
    expect(startsOf(memory, 'crm')).toBe(done)
    await stop()
  })

  test('polls at its interval, with jitter, and independent of the duration of a poll', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    const stop = schedule(memory)
    await memory.pass(100_000)
    const polls = memory.heard('PollFinished').length
    expect(polls).toBeGreaterThan(75)
    expect(polls).toBeLessThan(135)
    await stop()
  })

  test('backs off from a feed that fails', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    memory.system('crm').down = true
    const stop = schedule(memory)
    await memory.pass(10 * 60_000)
    expect(memory.heard('PollFailed').length).toBeLessThan(20)
    await stop()
  })

  test('runs cron jobs at their times, and catches a missed one up once', async () => {
    const memory = world([{ kind: 'full', cron: '0 3 * * *' }])
    let stop = schedule(memory)
    await memory.pass(hour)
    const baseline = startsOf(memory, 'crm')
    await memory.pass(48 * hour)
    expect(startsOf(memory, 'crm')).toBe(baseline + 2)
    await stop()
    await memory.pass(72 * hour)
    expect(startsOf(memory, 'crm')).toBe(baseline + 2)
    stop = schedule(memory)
    await memory.pass(60_000)
    expect(startsOf(memory, 'crm')).toBe(baseline + 3)
    await stop()
  })

  test('INV-21: compares every listable place about once a day, even when nothing requests it', async () => {
    const memory = world([{ kind: 'webhook', name: 'changed' }])
    const stop = schedule(memory)
    await memory.pass(hour)
    const baseline = startsOf(memory, 'crm')
    await memory.pass(5 * 24 * hour)
    const runs = startsOf(memory, 'crm') - baseline
    expect(runs).toBeGreaterThanOrEqual(4)
    expect(runs).toBeLessThanOrEqual(7)
    await stop()
    // Days of virtual time take as long as the machine needs.
  }, 300_000)

  test('lets one process at a time own the schedule, and another take over', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    const stopFirst = schedule(memory)
    await memory.pass(2_000)
    const stopSecond = schedule(memory)
    await memory.pass(60_000)
    const together = memory.heard('PollFinished').length
    expect(together).toBeLessThan(85)
    await stopFirst()
    await memory.pass(60_000)
    expect(memory.heard('PollFinished').length).toBeGreaterThan(together + 25)
    await stopSecond()
  })

  test('lists no place again before the time that its limit has named', async () => {
    const memory = world([{ kind: 'full', cron: '0 3 * * *' }])
    const crm = memory.system('crm')
    const { resource } = crm
    let lists = 0
    crm.resource = (name) => ({
      ...resource.call(crm, name),
      // biome-ignore lint/correctness/useYield: a list that fails before its first page
      list: async function* () {
        lists += 1
        throw new IsthmusError('HTTP_RATE_LIMITED', 'no slot is free', { retry: { afterMs: 900_000 } })
      },
    })
    const stop = schedule(memory)
    await memory.pass(890_000)
    expect(lists).toBe(1)
    await memory.pass(60_000)
    expect(lists).toBe(2)
    await stop()
  })

  test('renews the schedule as often as its time requires, however often its jobs run', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    let renewals = 0
    const { ownSchedule } = memory.store
    memory.store.ownSchedule = (...request) => {
      renewals += 1
      return ownSchedule.apply(memory.store, request)
    }
    const stop = schedule(memory)
    await memory.pass(60_000)
    expect(memory.heard('PollFinished').length).toBeGreaterThan(40)
    expect(renewals).toBeLessThanOrEqual(25)
    await stop()
  })

  test('starts no job once the work is paused', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    const stop = schedule(memory)
    await memory.pass(10_000)
    await memory.store.admin.pause('ann')
    memory.store.wake()
    await memory.pass(100)
    const before = memory.heard('PollFinished').length
    expect(before).toBeGreaterThan(5)
    await memory.pass(30_000)
    expect(memory.heard('PollFinished')).toHaveLength(before)
    await stop()
  })

  test('releases the schedule when it stops, so that the next process does not wait', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    const stop = schedule(memory)
    await memory.pass(2_000)
    expect(await memory.store.ownSchedule('the next one', 1000)).toBe(false)
    await stop()
    expect(await memory.store.ownSchedule('the next one', 1000)).toBe(true)
  })

  test('continues after the store was unavailable', async () => {
    const memory = world([{ kind: 'poll', everyMs: 1000 }])
    const { ownSchedule } = memory.store
    const stop = schedule(memory)
    await memory.pass(10_000)
    memory.store.ownSchedule = async () => {
      throw new TypeError('away')
    }
    await memory.pass(60_000)
    expect(memory.heard('StoreFailed').length).toBeGreaterThan(0)
    const before = memory.heard('PollFinished').length
    memory.store.ownSchedule = ownSchedule
    await memory.pass(60_000)
    expect(memory.heard('PollFinished').length).toBeGreaterThan(before + 20)
    await stop()
  })
})

describe('schedule arithmetic', () => {
  const job = (work: Job['work']): Job => ({ key: 'k', system: 's', entity: 'e', work })

  test('spreads periodic runs over 3/4 to 5/4 of their interval', () => {
    const never = (): undefined => undefined
    expect(nextDue(job({ kind: 'full', everyMs: 1000 }), 5000, 0, never)).toBe(5750)
    expect(nextDue(job({ kind: 'full', everyMs: 1000 }), 5000, 0.999_999, never)).toBe(6250)
    expect(nextDue(job({ kind: 'baseline' }), 5000, 0, never)).toBeUndefined()
  })

  test('never retries before the time a system named, and not much later than ten minutes otherwise', () => {
    expect(retryDelay(1, 0, { retryAfterMs: 90_000 })).toBe(90_000)
    expect(retryDelay(60, 1)).toBe(600_000)
    expect(retryDelay(1, 0)).toBe(2_500)
    expect(retryDelay(60, 1, { unreachable: true })).toBe(10_000)
    expect(retryDelay(60, 1, { unreachable: true, retryAfterMs: 90_000 })).toBe(90_000)
  })

  test('reads cron expressions in UTC', () => {
    const monday = Date.UTC(2026, 0, 5)
    expect(createNextCron()('0 3 * * 0', monday)).toBe(Date.UTC(2026, 0, 11, 3))
  })
})
