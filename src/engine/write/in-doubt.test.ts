import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

describe('a write of unknown outcome', () => {
  test('H14: an update that took effect without a response is recognised as ours', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('update', { kind: 'silence', appliesAfterMs: 100 })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(20_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('b').count('update')).toBe(1)
    expect(it.system('a').count('update')).toBe(0)
    expect((await it.record('a', 'x')).intents.filter((intent) => intent.state === 'open')).toEqual([])
  })

  test('H14: a late effect of an older write is corrected', async () => {
    const it = start({ systems: { a: {}, b: { conditionalWrites: false, inflightMs: 1_500 } } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('update', { kind: 'silence', appliesAfterMs: 4_400 })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(1_500)
    await it.edit('a', 'x', { name: 'Cleo' })
    await it.advance(30_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Cleo' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Cleo' })
  })

  test('H14: a plain update keeps its lane closed until nothing can take effect any more', async () => {
    const it = start({ systems: { a: {}, b: { conditionalWrites: false, inflightMs: 8_000 } } })
    await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('update', { kind: 'silence' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(9_000)
    expect(it.system('b').count('update')).toBe(1)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'in-doubt' } })
    await it.advance(10_000)
    expect(it.system('b').count('update')).toBe(2)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'open' } })
  })

  test('INV-11: a lane in doubt delays no other system of the record', async () => {
    const it = start({ systems: { a: {}, b: {}, c: { conditionalWrites: false, inflightMs: 60_000 } } })
    const b = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('c').failNext('update', { kind: 'silence' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(2_000)
    await it.edit('a', 'x', { name: 'Cleo' })
    await it.advance(2_000)
    expect(it.system('b').body(b)).toMatchObject({ name: 'Cleo' })
  })
})

describe('a create of unknown outcome', () => {
  const applied = { kind: 'silence', appliesAfterMs: 200 } as const

  for (const create of ['upsertKey', 'marker', 'naturalKey'] as const) {
    test(`H16: makes one record with ${create}, whether it took effect or not`, async () => {
      for (const fault of [applied, { kind: 'silence' } as const]) {
        const it = start({ systems: { a: {}, b: { create } } })
        it.system('b').failNext('create', fault)
        await it.edit('a', 'x', { code: '1', name: 'Ann' })
        await it.advance(60_000)
        expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Ann' }])
        expect(await it.member('a', 'x', 'b')).toMatchObject({ state: 'linked', lane: { state: 'open' } })
        await it.edit('a', 'x', { name: 'Bea' })
        await it.advance(5_000)
        expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Bea' }])
        await it.stop()
      }
    })
  }

  test('H17: is not searched for before the index must show it', async () => {
    const it = start({
      systems: { a: {}, b: { create: 'marker', search: { lagMs: 20_000 }, inflightMs: 5_000 } },
    })
    it.system('b').failNext('create', applied)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    const [created] = it.system('b').calls.filter((call) => call.operation === 'create')
    // The first searches were made before the create, as evidence that there is no counterpart.
    const found = it.system('b').calls.findLast((call) => call.operation === 'find')
    // Start window, time limit, in-flight time and index lag.
    expect((found?.at ?? 0) - (created?.at ?? 0)).toBeGreaterThan(2_000 + 1_000 + 5_000 + 20_000)
    expect(it.system('b').bodies()).toHaveLength(1)
  })

  test('H17: several hits are left for review', async () => {
    const it = start({ systems: { a: {}, b: { create: 'naturalKey' } } })
    it.system('b').failNext('create', applied)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    // Later than the search that was made before the create, which would have found it.
    await it.advance(50)
    expect(it.system('b').count('create')).toBe(1)
    it.system('b').edit('y', { code: '1', name: 'Other' })
    await it.advance(60_000)
    expect(await it.member('a', 'x', 'b')).toMatchObject({
      lane: { state: 'quarantined', reason: 'CREATE_AMBIGUOUS' },
    })
    expect(it.system('b').count('create')).toBe(1)
  })

  test('H16: without any identity at the system a person decides, and may have it sent again', async () => {
    const it = start({ systems: { a: {}, b: { create: 'none' } } })
    it.system('b').failNext('create', { kind: 'silence' })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    expect(it.system('b').count('create')).toBe(1)
    expect((await it.store.admin.failures({ limit: 5 })).rows).toMatchObject([
      { code: 'CREATE_IN_DOUBT', replay: 'after-check' },
    ])
    await it.store.admin.retryFailures({}, 'ops')
    it.engine.wake()
    await it.advance(10_000)
    expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Ann' }])
  })

  test('H18: the same key is used again only within its lifetime', async () => {
    const idempotency = { ttlMs: 3_600_000, replaysErrors: false }
    const it = start({ systems: { a: {}, b: { create: 'idempotencyKey', idempotency } } })
    it.system('b').failNext('create', { kind: 'silence' })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(30_000)
    const keys = it.system('b').calls.flatMap((call) => (call.operation === 'create' ? [call.key] : []))
    expect(keys).toHaveLength(2)
    expect(new Set(keys).size).toBe(1)
  })

  test('H18: an expired key is resolved by a search, and a new create has a new key', async () => {
    const idempotency = { ttlMs: 1_000, replaysErrors: false }
    const it = start({ systems: { a: {}, b: { create: 'idempotencyKey', idempotency } } })
    it.system('b').failNext('create', { kind: 'silence' })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    const keys = it.system('b').calls.flatMap((call) => (call.operation === 'create' ? [call.key] : []))
    expect(new Set(keys).size).toBe(2)
    // One before each create, and the one that resolves the first.
    expect(it.system('b').count('find')).toBe(3)
    expect(it.system('b').bodies()).toHaveLength(1)
  })

  test('H19: a create that is discovered before its response is not treated as a new record', async () => {
    for (const create of ['upsertKey', 'naturalKey'] as const) {
      const it = start({ systems: { a: {}, b: { create } } })
      it.system('b').failNext('create', applied)
      await it.edit('a', 'x', { code: '1', name: 'Ann' })
      await it.advance(500)
      const [nativeId] = [...it.system('b').table('customer').keys()]
      await it.mark('b', nativeId ?? '')
      await it.advance(60_000)
      expect(it.system('a').bodies()).toHaveLength(1)
      expect(it.system('b').bodies()).toHaveLength(1)
      expect((await it.member('a', 'x', 'b')).nativeId).toBe(nativeId)
      await it.stop()
    }
  })
})
