import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../test/support/engine-fixture.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

describe('a pass', () => {
  test('creates the counterpart of a new record', async () => {
    const it = start()
    await it.edit('a', 'x', { code: '1', name: 'Ann', phone: '5' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toEqual([expect.objectContaining({ code: '1', name: 'Ann', phone: '5' })])
    expect(it.events.filter((event) => event.type === 'StoreFailed')).toEqual([])
  })

  test('propagates an edit with one read and one write', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const before = { a: it.system('a').calls.length, b: it.system('b').calls.length }
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(
      it
        .system('a')
        .calls.slice(before.a)
        .map((call) => call.operation),
    ).toEqual(['read'])
    expect(
      it
        .system('b')
        .calls.slice(before.b)
        .map((call) => call.operation),
    ).toEqual(['update'])
  })

  test('propagates edits in both directions', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('b', nativeId, { phone: '7' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea', phone: '7' })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea', phone: '7' })
  })
})
