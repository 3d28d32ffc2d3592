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

describe('a read', () => {
  test('H10: older than the absorbed state is discarded and repeated', async () => {
    const it = start({
      systems: { a: { version: 'none', conditionalWrites: false, read: { lagMs: 3_000, batch: 1 } }, b: {} },
    })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    // A lagging replica returns the earlier state, which must not bring the old name back.
    await it.edit('a', 'x', { name: 'Cleo' })
    await it.advance(1_000)
    it.system('a').failNext('read', {
      kind: 'response',
      result: { kind: 'live', nativeId: 'x', native: { code: '1', name: 'Bea' } },
    })
    await it.mark('a', 'x')
    await it.advance(1_000)
    expect(it.emitted('ObservationRefused')).not.toEqual([])
    await it.advance(10_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Cleo' })
  })

  test('H10: that lags after a write without a version is not taken for an edit', async () => {
    const it = start({
      systems: {
        a: {},
        b: { writeReturns: 'nothing', conditionalWrites: false, read: { lagMs: 3_000, batch: 1 } },
      },
    })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(10_000)
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(500)
    it.system('b').failNext('read', {
      kind: 'response',
      result: { kind: 'live', nativeId, native: { code: '1', name: 'Ann' }, version: '1' },
    })
    await it.mark('b', nativeId)
    await it.advance(20_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea' })
  })

  test('H3: of concurrent edits of one field is a conflict whose losing value is kept', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').edit(nativeId, { name: 'Zoe' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.mark('b', nativeId)
    await it.advance(5_000)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea' })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    const { rows } = await it.store.admin.conflicts({ limit: 5 })
    expect(rows).toMatchObject([{ field: 'name', winner: 'a' }])
    expect(rows[0]?.candidates.map((candidate) => candidate.value)).toContain('Zoe')
  })

  test('H3: of an edit made before our write arrived is concurrent, even when observed later', async () => {
    const it = start({ systems: { a: {}, b: {} }, policy: { kind: 'prefer', rank: ['b', 'a'] } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').edit(nativeId, { name: 'Zoe' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Zoe' })
    expect((await it.store.admin.conflicts({ limit: 5 })).rows).toHaveLength(1)
  })

  test('that failed gives no information: nothing is deleted or written', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const failure = { code: 'HTTP_RESPONSE_IS_HTML', message: 'a login page', scope: 'record' } as const
    it.system('a').failNext('read', { kind: 'response', result: { kind: 'unknown', failure } })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(100)
    expect(await it.member('a', 'x', 'a')).toMatchObject({ lane: { state: 'backoff' }, state: 'linked' })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(await it.member('a', 'x', 'a')).toMatchObject({ lane: { state: 'open' } })
  })

  test('of many records shares calls where the system supports it', async () => {
    const it = start({ systems: { a: { read: { lagMs: 0, batch: 50 } }, b: {} } })
    for (let i = 0; i < 100; i += 1) it.system('a').edit(`x${i}`, { code: String(i), name: `n${i}` })
    await it.store.intake([
      {
        marks: Array.from({ length: 100 }, (_, i) => ({
          system: 'a',
          entity: 'customer',
          nativeId: `x${i}`,
        })),
      },
    ])
    it.engine.wake()
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(100)
    expect(it.system('a').count('read')).toBeLessThan(10)
  })

  test('a record that left the filter is not written to until it is back in scope', async () => {
    const it = start({
      adjust: (integration) => {
        const [entity] = [...integration.entities.values()]
        const a = entity?.systems.get('a')
        if (entity === undefined || a === undefined) return integration
        const scoped = {
          ...a,
          inScope: (native: { readonly [key: string]: unknown }) => native.phone !== 'out',
        }
        const systems = new Map([...entity.systems, ['a', scoped]])
        return { ...integration, entities: new Map([['customer', { ...entity, systems }]]) }
      },
    })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { phone: 'out' })
    await it.advance(2_000)
    expect(await it.member('a', 'x', 'a')).toMatchObject({ state: 'out-of-scope' })
    await it.edit('b', nativeId, { name: 'Bea' })
    await it.advance(2_000)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Ann' })
    await it.edit('a', 'x', { phone: 'in' })
    await it.advance(5_000)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea', phone: 'in' })
  })
})

describe('a mark on a system whose reads lag', () => {
  test('H10: is followed by a second read, otherwise the change behind it would be lost', async () => {
    const it = start({ systems: { a: { read: { lagMs: 2_000, batch: 1 } }, b: {} } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(10_000)
    it.system('a').edit('x', { name: 'Bea' })
    it.system('a').failNext('read', {
      kind: 'response',
      result: { kind: 'live', nativeId: 'x', native: { code: '1', name: 'Ann' }, version: '1' },
    })
    await it.mark('a', 'x')
    await it.advance(1_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann' })
    const reads = it.system('a').count('read')
    await it.advance(20_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('a').count('read')).toBe(reads + 1)
  })
})
