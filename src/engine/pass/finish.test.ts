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
