import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import { IsthmusError } from '../../model/errors.ts'
import { createAnsweredCreates } from './answered-creates.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

describe('a create whose response arrived while the store was unavailable', () => {
  test('H16: is adopted by its known id, even where the system offers no way to find it', async () => {
    const it = new World({ systems: { a: {}, b: { create: 'none' } } }).start()
    world = it
    const settle = it.store.settle.bind(it.store)
    let away = 2
    it.store.settle = async (batch) => {
      if (away > 0 && it.system('b').count('create') > 0) {
        away -= 1
        throw new IsthmusError('STORE_UNAVAILABLE', 'the store is away')
      }
      return settle(batch)
    }
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(120_000)
    expect(away).toBe(0)
    const member = await it.member('a', 'x', 'b')
    expect(member).toMatchObject({ state: 'linked', lane: { state: 'open' } })
    expect(it.system('b').bodies()).toHaveLength(1)
    expect((await it.store.admin.failures({ limit: 9 })).rows).toEqual([])
    const [intent] = (await it.record('a', 'x')).intents.filter(({ operation }) => operation === 'create')
    expect(it.engine.context.answeredCreates.nativeIdOf(intent?.id ?? '')).toBeUndefined()
  })

  test('is dropped from memory after thousands of later ones', () => {
    const responses = createAnsweredCreates()
    for (let n = 0; n < 5_000; n += 1) responses.keep(`i${n}`, `r${n}`)
    expect(responses.nativeIdOf('i0')).toBeUndefined()
    expect(responses.nativeIdOf('i4999')).toBe('r4999')
  })
})
