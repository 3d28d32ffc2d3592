import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { ChangeGuard } from '../model/integration.ts'

function world(guard: Partial<ChangeGuard>): TwinWorld {
  const integration = twinIntegration({
    systems: ['crm', 'erp'],
    change: (entity) => ({ ...entity, guard: { ...entity.guard, ...guard } }),
  })
  return new TwinWorld(integration, [new TwinSystem('crm'), new TwinSystem('erp')])
}

async function loaded(guard: Partial<ChangeGuard>, records: number): Promise<TwinWorld> {
  const twins = world(guard)
  for (let index = 0; index < records; index += 1) {
    twins.system('crm').put({ name: `N${index}`, email: `${index}@example.org` })
  }
  twins.start()
  await twins.load()
  expect(twins.system('erp').records.size).toBe(records)
  return twins
}

describe('the mass-change guard', () => {
  it('does not count what the first load causes', async () => {
    const twins = await loaded({ create: { share: 0, atLeast: 5 }, update: { share: 0, atLeast: 5 } }, 50)
    expect(await twins.holds()).toEqual([])
  })

  it('H30: holds creates beyond its limit while the ones below it happen', async () => {
    const twins = await loaded({ create: { share: 0, atLeast: 5 } }, 3)
    for (let index = 0; index < 20; index += 1) {
      twins.system('crm').put({ name: `New ${index}`, email: `new-${index}@example.org` })
    }
    await twins.full('crm')
    await twins.pass(120_000)
    expect(twins.system('erp').records.size).toBe(8)
    expect(await twins.holds()).toHaveLength(15)
    expect(twins.heard('ChangeHeld')[0]).toMatchObject({ system: 'erp', kind: 'guard' })
  })

  it('H30: holds updates beyond its limit, and lets a released one past it once', async () => {
    const twins = await loaded({ update: { share: 0, atLeast: 32 } }, 60)
    const crm = twins.system('crm')
    for (const rid of crm.records.keys()) crm.put({ name: 'A bad mapping' }, rid)
    await twins.full('crm')
    await twins.pass(120_000)
    const erp = twins.system('erp')
    const spoilt = (): number => erp.all().filter(({ name }) => name === 'A bad mapping').length
    expect(spoilt()).toBe(32)
    const [first, ...others] = await twins.holds()
    expect(others).toHaveLength(27)
    await twins.store.admin.releaseHolds({ id: first?.id ?? '' }, 'release', 'ada')
    twins.context.wake()
    await twins.pass(60_000)
    expect(spoilt()).toBe(33)
    expect(await twins.holds()).toHaveLength(27)
    for (const rid of crm.records.keys()) crm.put({ name: 'Once more' }, rid)
    await twins.full('crm')
    await twins.pass(60_000)
    expect(erp.all().filter(({ name }) => name === 'Once more')).toHaveLength(0)
  })

  it('asks the store for permits in blocks', async () => {
    const twins = await loaded({ update: { share: 0, atLeast: 10_000 } }, 200)
    let asked = 0
    const { reserveChanges } = twins.store
    twins.store.reserveChanges = async (reservations) => {
      asked += reservations.length
      return reserveChanges.call(twins.store, reservations)
    }
    const crm = twins.system('crm')
    for (const rid of crm.records.keys()) crm.put({ name: 'Changed' }, rid)
    await twins.full('crm')
    await twins.pass(60_000)
    expect(twins.system('erp').counts.updates).toBe(200)
    expect(asked).toBeLessThanOrEqual(4)
  })
})
