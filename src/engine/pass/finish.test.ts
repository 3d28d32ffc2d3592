import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

describe('a record that waits for a person', () => {
  test('is not read to verify a write to a native record that is gone', async () => {
    world = new World({
      systems: { a: {}, b: { writeReturns: 'nothing', read: { lagMs: 300, batch: 1 } } },
      adjust: (integration) => ({
        ...integration,
        entities: new Map(
          [...integration.entities].map(([name, entity]) => [
            name,
            { ...entity, delete: { ...entity.delete, from: ['a'] } },
          ]),
        ),
      }),
    }).start()
    const there = await world.linked('a', 'x', { code: '1', name: 'Ann' })
    await world.edit('a', 'x', { name: 'Anna' })
    await world.advance(50)
    world.system('b').table('customer').delete(there)
    await world.mark('b', there)
    await world.advance(60_000)
    expect(await world.member('a', 'x', 'b')).toMatchObject({ state: 'suspect', lane: { state: 'held' } })
    const reads = world.system('b').count('read')
    await world.advance(600_000)
    expect(world.system('b').count('read')).toBe(reads)
  })
})

describe('a counterpart that is in scope again', () => {
  test('is removed with the others when the pass that reads it confirms the deletion of its record', async () => {
    const inScope = ({ phone }: Record<string, unknown>) => phone !== 'out'
    world = new World({
      systems: { a: {}, b: {} },
      adjust: (integration) => ({
        ...integration,
        entities: new Map(
          [...integration.entities].map(([name, entity]) => {
            const systems = [...entity.systems].map(
              ([system, part]) => [system, { ...part, inScope }] as const,
            )
            return [name, { ...entity, systems: new Map(systems) }]
          }),
        ),
      }),
    }).start()
    const there = await world.linked('a', 'x', { code: '1', name: 'Ann' })
    await world.edit('b', there, { phone: 'out' })
    await world.advance(1_000)
    expect(await world.member('a', 'x', 'b')).toMatchObject({ state: 'out-of-scope' })
    world.system('a').table('customer').delete('x')
    await world.mark('a', 'x')
    await world.advance(1_000)
    await world.store.admin.pause('ada')
    await world.edit('b', there, { phone: null })
    await world.advance(10_000)
    await world.store.admin.resume('ada')
    world.engine.wake()
    await world.advance(10_000)
    expect(world.system('b').bodies()).toEqual([])
    expect((await world.record('a', 'x')).record.state).toBe('tombstoned')
  })
})
