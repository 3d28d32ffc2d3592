import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { Trigger } from '../model/integration.ts'
import { createNextCron } from '../runtime/cron.ts'
import { createRuns } from './runs.ts'
import { type Job, nextDue, retryDelay } from './schedule.ts'
import { createScheduler } from './scheduler.ts'

const hour = 3_600_000

function world(triggers: readonly Trigger[], crm = new TwinSystem('crm')): TwinWorld {
  const integration = twinIntegration({
    systems: ['crm', 'erp'],
    part: (part) => (part.system === 'crm' ? { ...part, triggers } : part),
  })
  return new TwinWorld(integration, [crm, new TwinSystem('erp')])
}

/** One scheduler process. */
function schedule(twins: TwinWorld): () => Promise<void> {
  const ending = new AbortController()
  const scheduler = createScheduler(twins.context, {
    runs: createRuns(twins.context),
    nextCron: createNextCron(),
  })
  const running = scheduler.run(ending.signal)
  return () => {
    ending.abort()
    return twins.finish(running)
  }
}

const startsOf = (twins: TwinWorld, system: string): number =>
  twins.heard('RunStarted').filter((event) => event.system === system).length

describe('the scheduler', () => {
  it('lists every listable place once at the start, and lets creates begin', async () => {
    const twins = world([])
    twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    twins.start()
    const stop = schedule(twins)
    await twins.pass(60_000)
    expect(startsOf(twins, 'crm')).toBe(1)
    expect(startsOf(twins, 'erp')).toBe(1)
    expect(twins.system('erp').records.size).toBe(1)
    await stop()
  })

  it('takes the records that were there before to a system that joins their entity', async () => {
    const systems = ['crm', 'erp', 'web'].map((name) => new TwinSystem(name))
    const before = new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), systems.slice(0, 2))
    systems[0]?.put({ name: 'Ada', email: 'ada@example.org' })
    before.start()
    const stopBefore = schedule(before)
    await before.pass(60_000)
    await stopBefore()
    await Promise.all(before.engines.map((engine) => before.finish(engine.stop())))
    const joined = { ...twinIntegration({ systems: ['crm', 'erp', 'web'] }), version: 'v2' }
    const after = new TwinWorld(joined, systems, 1, before)
    after.start()
    const stop = schedule(after)
    await after.pass(60_000)
    expect(after.system('web').all()).toEqual([{ name: 'Ada', email: 'ada@example.org' }])
    await stop()
  })

  it('lists once where the first list and a poll without a feed fall due together', async () => {
    const twins = world(
      [{ kind: 'poll', everyMs: hour }],
      new TwinSystem('crm', { changes: { cursor: 'none', commitLagMs: 0 } }),
    )
    const stop = schedule(twins)
    await twins.pass(60_000)
    expect(twins.system('crm').counts.lists).toBe(1)
    await stop()
  })

  it('tries a first list that failed again, with growing waits, until it comes through', async () => {
    const twins = world([])
    twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    twins.system('crm').listLie = 'breaks'
    const stop = schedule(twins)
    await twins.pass(5 * 60_000)
    const failed = startsOf(twins, 'crm')
    expect(failed).toBeGreaterThan(2)
    expect(failed).toBeLessThan(20)
    twins.system('crm').listLie = undefined
    await twins.pass(15 * 60_000)
    const done = startsOf(twins, 'crm')
    await twins.pass(hour)
    expect(startsOf(twins, 'crm')).toBe(done)
    await stop()
  })

  it('polls at its interval, with jitter, and keeps to it when polls are short', async () => {
    const twins = world([{ kind: 'poll', everyMs: 1000 }])
    const stop = schedule(twins)
    await twins.pass(100_000)
    const polls = twins.heard('PollFinished').length
    expect(polls).toBeGreaterThan(75)
    expect(polls).toBeLessThan(135)
    await stop()
  })

  it('backs off from a feed that fails', async () => {
    const twins = world([{ kind: 'poll', everyMs: 1000 }])
    twins.system('crm').down = true
    const stop = schedule(twins)
    await twins.pass(10 * 60_000)
    expect(twins.heard('PollFailed').length).toBeLessThan(20)
    await stop()
  })

  it('runs cron jobs at their times, and catches a missed one up once', async () => {
    const twins = world([{ kind: 'full', cron: '0 3 * * *' }])
    let stop = schedule(twins)
    await twins.pass(hour)
    const baseline = startsOf(twins, 'crm')
    await twins.pass(48 * hour)
    expect(startsOf(twins, 'crm')).toBe(baseline + 2)
    await stop()
    await twins.pass(72 * hour)
    expect(startsOf(twins, 'crm')).toBe(baseline + 2)
    stop = schedule(twins)
    await twins.pass(60_000)
    expect(startsOf(twins, 'crm')).toBe(baseline + 3)
    await stop()
  })

  it('INV-21: compares every listable place about once a day, even when nothing asks for it', async () => {
    const twins = world([{ kind: 'webhook', name: 'changed' }])
    const stop = schedule(twins)
    await twins.pass(hour)
    const baseline = startsOf(twins, 'crm')
    await twins.pass(5 * 24 * hour)
    const runs = startsOf(twins, 'crm') - baseline
    expect(runs).toBeGreaterThanOrEqual(4)
    expect(runs).toBeLessThanOrEqual(7)
    await stop()
  })

  it('lets one process at a time keep the schedule, and another take over', async () => {
    const twins = world([{ kind: 'poll', everyMs: 1000 }])
    const stopFirst = schedule(twins)
    await twins.pass(2_000)
    const stopSecond = schedule(twins)
    await twins.pass(60_000)
    const together = twins.heard('PollFinished').length
    expect(together).toBeLessThan(85)
    await stopFirst()
    await twins.pass(60_000)
    expect(twins.heard('PollFinished').length).toBeGreaterThan(together + 25)
    await stopSecond()
  })

  it('gives the schedule back when it stops, so that the next one does not wait', async () => {
    const twins = world([{ kind: 'poll', everyMs: 1000 }])
    const stop = schedule(twins)
    await twins.pass(2_000)
    expect(await twins.store.ownSchedule('the next one', 1000)).toBe(false)
    await stop()
    expect(await twins.store.ownSchedule('the next one', 1000)).toBe(true)
  })

  it('goes on after the store was away', async () => {
    const twins = world([{ kind: 'poll', everyMs: 1000 }])
    const { ownSchedule } = twins.store
    const stop = schedule(twins)
    await twins.pass(10_000)
    twins.store.ownSchedule = async () => {
      throw new TypeError('away')
    }
    await twins.pass(60_000)
    expect(twins.heard('StoreFailed').length).toBeGreaterThan(0)
    const before = twins.heard('PollFinished').length
    twins.store.ownSchedule = ownSchedule
    await twins.pass(60_000)
    expect(twins.heard('PollFinished').length).toBeGreaterThan(before + 20)
    await stop()
  })
})

describe('schedule arithmetic', () => {
  const job = (work: Job['work']): Job => ({ key: 'k', system: 's', entity: 'e', work })

  it('spreads periodic runs over 3/4 to 5/4 of their interval', () => {
    const never = (): undefined => undefined
    expect(nextDue(job({ kind: 'full', everyMs: 1000 }), 5000, 0, never)).toBe(5750)
    expect(nextDue(job({ kind: 'full', everyMs: 1000 }), 5000, 0.999_999, never)).toBe(6250)
    expect(nextDue(job({ kind: 'baseline' }), 5000, 0, never)).toBeUndefined()
  })

  it('never comes back before a system said, and not much later than ten minutes otherwise', () => {
    expect(retryDelay(1, 0, { retryAfterMs: 90_000 })).toBe(90_000)
    expect(retryDelay(60, 1)).toBe(600_000)
    expect(retryDelay(1, 0)).toBe(2_500)
    expect(retryDelay(60, 1, { unreachable: true })).toBe(10_000)
    expect(retryDelay(60, 1, { unreachable: true, retryAfterMs: 90_000 })).toBe(90_000)
  })

  it('reads cron expressions in UTC', () => {
    const monday = Date.UTC(2026, 0, 5)
    expect(createNextCron()('0 3 * * 0', monday)).toBe(Date.UTC(2026, 0, 11, 3))
  })
})
