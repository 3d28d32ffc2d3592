import { describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { ChangeGuard } from '../../model/integration.ts'

function world(guard: Partial<ChangeGuard>): MemoryWorld {
  const integration = memoryIntegration({
    systems: ['crm', 'erp'],
    change: (entity) => ({ ...entity, guard: { ...entity.guard, ...guard } }),
  })
  return new MemoryWorld(integration, [new MemorySystem('crm'), new MemorySystem('erp')])
}

async function loaded(guard: Partial<ChangeGuard>, records: number): Promise<MemoryWorld> {
  const memory = world(guard)
  for (let index = 0; index < records; index += 1) {
    memory.system('crm').put({ name: `N${index}`, email: `${index}@example.org` })
  }
  memory.start()
  await memory.load()
  expect(memory.system('erp').records.size).toBe(records)
  return memory
}

describe('the mass-change guard', () => {
  test('does not count changes of the first load', async () => {
    const memory = await loaded({ create: { share: 0, atLeast: 5 }, update: { share: 0, atLeast: 5 } }, 50)
    expect(await memory.holds()).toEqual([])
  })

  test('H30: holds creates beyond its limit while those below it happen', async () => {
    const memory = await loaded({ create: { share: 0, atLeast: 5 } }, 3)
    for (let index = 0; index < 20; index += 1) {
      memory.system('crm').put({ name: `New ${index}`, email: `new-${index}@example.org` })
    }
    await memory.full('crm')
    await memory.pass(120_000)
    expect(memory.system('erp').records.size).toBe(8)
    expect(await memory.holds()).toHaveLength(15)
    expect(memory.heard('ChangeHeld')[0]).toMatchObject({ system: 'erp', kind: 'guard' })
  })

  test('H30: holds updates beyond its limit, and lets a released one pass once', async () => {
    const memory = await loaded({ update: { share: 0, atLeast: 32 } }, 60)
    const crm = memory.system('crm')
    for (const nativeId of crm.records.keys()) crm.put({ name: 'A bad mapping' }, nativeId)
    await memory.full('crm')
    await memory.pass(120_000)
    const erp = memory.system('erp')
    const spoilt = (): number => erp.all().filter(({ name }) => name === 'A bad mapping').length
    expect(spoilt()).toBe(32)
    const [first, ...others] = await memory.holds()
    expect(others).toHaveLength(27)
    await memory.store.admin.releaseHolds({ id: first?.id ?? '' }, 'release', 'ada')
    memory.context.wake()
    await memory.pass(60_000)
    expect(spoilt()).toBe(33)
    expect(await memory.holds()).toHaveLength(27)
    for (const nativeId of crm.records.keys()) crm.put({ name: 'Once more' }, nativeId)
    await memory.full('crm')
    await memory.pass(60_000)
    expect(erp.all().filter(({ name }) => name === 'Once more')).toHaveLength(0)
  })

  test('counts completed writes: one that was refused, was out of date or was never sent costs nothing', async () => {
    const narrow = { share: 0, atLeast: 3 }
    const it = new World({
      adjust: (integration) => ({
        ...integration,
        entities: new Map(
          [...integration.entities].map(([name, entity]) => [
            name,
            { ...entity, guard: { ...entity.guard, update: narrow } },
          ]),
        ),
      }),
    }).start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const failure = { code: 'HTTP_STATUS_FINAL', message: 'no', scope: 'record' } as const
    const holds = async () => (await it.store.admin.holds({ limit: 10 })).rows
    it.system('b').judge = ({ name }) =>
      String(name).startsWith('Bad') ? { kind: 'rejected', failure } : undefined
    for (let round = 0; round < 5; round += 1) {
      await it.edit('a', 'x', { name: `Bad ${round}` })
      await it.advance(3_000)
    }
    it.system('b').failNext('update', { kind: 'response', result: { kind: 'stale' } })
    it.system('b').failNext('update', { kind: 'response', result: { kind: 'not-sent', failure } })
    for (const name of ['Bea', 'Cia', 'Dea']) {
      await it.edit('a', 'x', { name })
      await it.advance(5_000)
      expect(it.system('b').body(nativeId)).toMatchObject({ name })
    }
    expect(await holds()).toEqual([])
    await it.edit('a', 'x', { name: 'Eva' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Dea' })
    expect(await holds()).toMatchObject([{ kind: 'guard', system: 'b' }])
    await it.stop()
  })
})
