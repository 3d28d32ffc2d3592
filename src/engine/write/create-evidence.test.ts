/**
 * Evidence before a create, on virtual time: `b` is never announced to the engine, so the engine knows only
 * what it reads from `b` itself.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { WriteResult } from '../../connectors/kit/write-contract.ts'
import type { Entity, EntitySystem } from '../../model/integration.ts'

let world: World | undefined
afterEach(async () => {
  await world?.stop()
  world = undefined
})

const feed = { changes: { cursor: 'seq', commitLagMs: 0 } } as const
/** Slower than a search, so that the search is used first. */
const slowFeed = { changes: { cursor: 'seq', commitLagMs: 20_000 } } as const
const keyset = { list: { paging: 'keyset', pageSize: 100 } } as const
const offset = { list: { paging: 'offset', pageSize: 100 } } as const

const unavailable: WriteResult = {
  kind: 'not-sent',
  failure: { code: 'HTTP_TIMEOUT', message: 'not now', scope: 'record' },
}

/** Without a search: a key with an undefined value differs from a missing key. */
function unsearchable(rest: Partial<RemoteCapabilities> = {}): Partial<RemoteCapabilities> {
  return { ...rest, search: undefined } as unknown as Partial<RemoteCapabilities>
}

function adjusting(
  change: (part: EntitySystem) => Partial<EntitySystem>,
  entityChange: Partial<Entity> = {},
): NonNullable<WorldOptions['adjust']> {
  return (integration) => {
    const entities = [...integration.entities].map(([name, entity]) => {
      const systems = new Map(
        [...entity.systems].map(([system, part]) => [system, { ...part, ...change(part) }]),
      )
      return [name, { ...entity, systems, ...entityChange }] as const
    })
    return { ...integration, entities: new Map(entities) }
  }
}

function start(b: Partial<RemoteCapabilities>, more: Omit<WorldOptions, 'systems'> = {}): World {
  world = new World({ systems: { a: {}, b }, ...more }).start()
  return world
}

/** Entered in `b`, and 40 s later in `a`, which announces it. */
async function enterTwice(
  it: World,
  inB: Record<string, unknown> = { code: '1', name: 'Ann' },
): Promise<void> {
  it.system('b').edit('there', inB)
  await it.advance(40_000)
  await it.edit('a', 'x', { code: '1', name: 'Ann' })
  await it.advance(20_000)
}

async function expectLinked(it: World, nativeId = 'there'): Promise<void> {
  expect(it.system('b').count('create')).toBe(0)
  expect(it.system('b').bodies()).toHaveLength(1)
  expect(it.system('a').bodies()).toHaveLength(1)
  expect(await it.member('a', 'x', 'b')).toMatchObject({ nativeId, state: 'linked' })
}

describe('a record entered in one system and then in another', () => {
  test('is found by a search, and is one record', async () => {
    const it = start({})
    await enterTwice(it)
    await expectLinked(it)
  })

  test('is found by a batch of searches', async () => {
    const it = start({ search: { lagMs: 0, batch: 20 } })
    for (let n = 0; n < 30; n += 1) it.system('b').edit(`there${n}`, { code: `${n}` })
    await it.advance(40_000)
    for (let n = 0; n < 30; n += 1) await it.edit('a', `x${n}`, { code: `${n}` })
    await it.advance(20_000)
    expect(it.system('b').count('create')).toBe(0)
    expect(it.system('b').bodies()).toHaveLength(30)
    expect(it.system('b').count('find') + it.system('b').count('findMany')).toBeLessThan(10)
  })

  test('is found through the change feed where the search lags behind', async () => {
    const it = start({ search: { lagMs: 900_000 }, ...feed })
    it.system('b').unindexed.add('there')
    await enterTwice(it)
    await expectLinked(it)
  })

  test('is found through both where both lag behind', async () => {
    const it = start({ search: { lagMs: 60_000 }, changes: { cursor: 'seq', commitLagMs: 30_000 } })
    it.system('b').unindexed.add('there')
    await enterTwice(it)
    await expectLinked(it)
    expect(it.system('b').count('find')).toBeGreaterThan(0)
    expect(it.system('b').count('changes')).toBeGreaterThan(0)
  })

  test('is found through the change feed where no search is supported', async () => {
    const it = start(unsearchable(feed))
    await enterTwice(it)
    await expectLinked(it)
  })

  test('is found by a complete list where there is nothing else', async () => {
    const it = start(unsearchable(keyset))
    await listB(it)
    await enterTwice(it)
    await it.advance(90_000)
    await expectLinked(it)
  })

  test('is found by the other means where the search is narrower than the rule', async () => {
    const lower = adjusting((part) => ({
      fields: new Map(
        [...part.fields].map(([name, field]) => [name, { ...field, equality: 'ignoringCase' }]),
      ),
      lens: {
        ...part.lens,
        read: (native) => ({
          values: { ...native, ext: null, code: String(native.code).toLowerCase() },
          problems: [],
        }),
      },
    }))
    const it = start({ search: { lagMs: 0 }, ...feed }, { adjust: lower })
    await enterTwice(it, { code: '1', name: 'Ann' })
    await expectLinked(it)
    expect(it.system('b').count('find')).toBe(0)
  })

  test('is found by the feed where a search is case-sensitive and the rule is not', async () => {
    const lower = adjusting((part) => ({
      fields: new Map(
        [...part.fields].map(([name, field]) => [name, { ...field, equality: 'ignoringCase' }]),
      ),
    }))
    const it = start({ search: { lagMs: 0, equality: 'ignoringCase' }, ...slowFeed }, { adjust: lower })
    const narrow = { kind: 'found', nativeIds: [], capped: false, narrow: true } as const
    for (let n = 0; n < 20; n += 1) it.system('b').failNext('find', { kind: 'response', result: narrow })
    await enterTwice(it)
    await expectLinked(it)
    expect(it.system('b').count('find')).toBeGreaterThan(0)
  })

  test('is left for review when there are several matches', async () => {
    const it = start({})
    it.system('b').edit('one', { code: '1', name: 'Ann' })
    await enterTwice(it)
    expect(it.system('b').count('create')).toBe(0)
    expect((await it.store.admin.reviews({ limit: 5 })).rows.length).toBeGreaterThan(0)
  })
})

/** Lists all of `b`, as a first load does. */
async function listB(it: World): Promise<void> {
  const { signal } = new AbortController()
  const run = it.engine.runs.full({
    system: 'b',
    entity: 'customer',
    kind: 'full',
    priority: 'batch',
    signal,
  })
  await it.advance(1_000)
  await run
}

describe('a system that offers no evidence', () => {
  const onlyOffset = unsearchable(offset)

  async function loaded(it: World): Promise<void> {
    await listB(it)
    await listB(it)
    await it.advance(1_000)
  }

  test('gets no record without review where the definition requires it: its lists may skip some', async () => {
    const it = start(onlyOffset, { adjust: adjusting(() => ({ createWithoutEvidence: 'hold' })) })
    await loaded(it)
    await enterTwice(it)
    expect(it.system('b').count('create')).toBe(0)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'held' } })
    const { rows } = await it.store.admin.holds({ limit: 5 })
    expect(rows).toMatchObject([
      { system: 'b', reason: expect.stringContaining('b already has this customer') },
    ])
    await it.store.admin.releaseHolds({ id: rows[0]!.id }, 'release', 'ops')
    it.engine.wake()
    await it.advance(5_000)
    expect(it.system('b').count('create')).toBe(1)
  })

  test('releases what was held once the counterpart is found', async () => {
    const it = start(onlyOffset, { adjust: adjusting(() => ({ createWithoutEvidence: 'hold' })) })
    await loaded(it)
    await enterTwice(it)
    expect((await it.store.admin.holds({ limit: 5 })).rows).toHaveLength(1)
    await loaded(it)
    await expectLinked(it)
    expect((await it.store.admin.holds({ limit: 5 })).rows).toEqual([])
  })

  test('has listed records read before anything is held', async () => {
    const it = start(onlyOffset, { adjust: adjusting(() => ({ createWithoutEvidence: 'hold' })) })
    it.system('b').edit('there', { code: '1', name: 'Ann' })
    const failure = { code: 'HTTP_TIMEOUT', message: 'not now', scope: 'record' } as const
    it.system('b').unreadable.set('there', failure)
    await listB(it)
    await listB(it)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(400)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'waiting', reason: 'candidate' } })
    it.system('b').unreadable.clear()
    await it.advance(30_000)
    await expectLinked(it, 'there')
    expect(it.emitted('ChangeHeld')).toEqual([])
  })

  const lower = (choice: 'create' | 'hold'): NonNullable<WorldOptions['adjust']> =>
    adjusting((part) => ({
      createWithoutEvidence: choice,
      fields: new Map(
        [...part.fields].map(([name, field]) => [name, { ...field, equality: 'ignoringCase' }]),
      ),
    }))

  test.each(['create', 'hold'] as const)(
    'is searched nevertheless where a search can find some: %s apply only to the rest',
    async (choice) => {
      const it = start({ ...offset, search: { lagMs: 0 } }, { adjust: lower(choice) })
      await loaded(it)
      await enterTwice(it)
      await expectLinked(it)
      expect((await it.store.admin.holds({ limit: 5 })).rows).toEqual([])
      await it.edit('a', 'y', { code: '2', name: 'Bob' })
      await it.advance(10_000)
      expect(it.system('b').count('create')).toBe(choice === 'create' ? 1 : 0)
      expect((await it.store.admin.holds({ limit: 5 })).rows).toHaveLength(choice === 'create' ? 0 : 1)
    },
  )

  test('gets the record although a search without evidential value fails', async () => {
    const it = start({ ...offset, search: { lagMs: 0 } }, { adjust: lower('create') })
    await loaded(it)
    const failure = { code: 'HTTP_STATUS_FINAL', message: 'no such filter', scope: 'record' } as const
    for (let n = 0; n < 9; n += 1)
      it.system('b').failNext('find', { kind: 'response', result: { kind: 'unknown', failure } })
    await it.edit('a', 'y', { code: '2', name: 'Bob' })
    await it.advance(10_000)
    expect(it.system('b').count('create')).toBe(1)
  })

  test('gets the record unless the definition specifies otherwise', async () => {
    const it = start(onlyOffset)
    await loaded(it)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    expect(it.system('b').count('create')).toBe(1)
  })
})

describe('a create', () => {
  test('is sent after one search or one poll when there is no counterpart', async () => {
    for (const [b, operation] of [
      [{}, 'find'],
      [unsearchable(feed), 'changes'],
    ] as const) {
      const it = start(b)
      await it.edit('a', 'x', { code: '1', name: 'Ann' })
      await it.advance(1_000)
      expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Ann' }])
      expect(it.system('b').count(operation)).toBe(1)
      await it.stop()
    }
  })

  test('waits while the evidence is not available, reports that, and is sent once it is', async () => {
    const it = start({})
    const failure = { code: 'HTTP_STATUS_TRANSIENT', message: 'broken', scope: 'record' } as const
    for (let n = 0; n < 3; n += 1)
      it.system('b').failNext('find', { kind: 'response', result: { kind: 'unknown', failure } })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(100)
    expect(await it.member('a', 'x', 'b')).toMatchObject({
      lane: { state: 'waiting', reason: 'no-evidence' },
    })
    const journal = await it.store.admin.journal({
      recordId: (await it.record('a', 'x')).record.id,
      limit: 20,
    })
    expect(JSON.stringify(journal)).toContain('The search failed: HTTP_STATUS_TRANSIENT.')
    await it.advance(30_000)
    expect(it.system('b').count('create')).toBe(1)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'open' }, state: 'linked' })
  })

  test.each([
    ['capped', { kind: 'found', nativeIds: [], capped: true }],
    ['ignored', { kind: 'found', nativeIds: [], capped: false, unfiltered: true }],
  ] as const)('is not allowed by a search that was %s', async (_what, result) => {
    const it = start({})
    for (let n = 0; n < 20; n += 1) it.system('b').failNext('find', { kind: 'response', result })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    expect(it.system('b').count('create')).toBe(0)
    expect(await it.member('a', 'x', 'b')).toMatchObject({
      lane: { state: 'waiting', reason: 'no-evidence' },
    })
  })

  test('is searched for again when its keys change between the evidence and the intent', async () => {
    const it = start({})
    // Found under the old key and unreadable for a while: the create has its evidence and waits.
    it.system('b').edit('old', { code: '1', name: 'Old' })
    const failure = { code: 'HTTP_TIMEOUT', message: 'not now', scope: 'record' } as const
    it.system('b').unreadable.set('old', failure)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(400)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'waiting', reason: 'candidate' } })
    // Under the new key there is another record, which nothing announced.
    it.system('b').edit('new', { code: '2', name: 'Ann' })
    await it.edit('a', 'x', { code: '2' })
    await it.advance(30_000)
    expect(it.system('b').count('create')).toBe(0)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ nativeId: 'new', state: 'linked' })
  })

  test('is searched for again after it waited for a discovered record, and is one record', async () => {
    const it = start({})
    it.system('b').edit('other', { code: '9', name: 'Bob' })
    it.system('b').unreadable.set('other', { code: 'HTTP_TIMEOUT', message: 'not now', scope: 'record' })
    await it.mark('b', 'other')
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(3_000)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'waiting', reason: 'candidate' } })
    const searches = it.system('b').count('find')
    it.system('b').edit('there', { code: '1', name: 'Ann' })
    it.system('b').unreadable.delete('other')
    await it.advance(30_000)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ nativeId: 'there', state: 'linked' })
    expect(it.system('b').count('create')).toBe(0)
    // The wait itself costs none.
    expect(it.system('b').count('find') - searches).toBeLessThanOrEqual(2)
  })

  test('is sent once the record that the search found was read, though it left the scope and its record waits', async () => {
    const inScope = ({ phone }: Record<string, unknown>) => phone !== 'out'
    world = new World({ systems: { a: {}, b: {}, c: {} }, adjust: adjusting(() => ({ inScope })) }).start()
    const left = await world.linked('a', 'x', { code: '1', name: 'Ann' })
    world.system('b').edit(left, { phone: 'out' })
    await world.mark('b', left)
    await world.advance(1_000)
    expect(await world.member('a', 'x', 'b')).toMatchObject({ state: 'out-of-scope' })
    // The code is free in `a`; the record remains due, because its write to `c` can't be sent.
    world.system('c').judge = ({ code }) => (code === '2' ? unavailable : undefined)
    await world.edit('a', 'x', { code: '2' })
    await world.advance(1_000)
    await world.edit('a', 'y', { code: '1', name: 'Bob' })
    await world.advance(30_000)
    expect(await world.member('a', 'y', 'b')).toMatchObject({ state: 'linked' })
    expect(world.system('b').bodies()).toHaveLength(2)
  })

  test.each([
    ['a search', {}],
    ['a feed', unsearchable(feed)],
  ])('is not starved by an endless stream of webhooks, with %s', async (_how, b) => {
    const it = start(b)
    let n = 0
    let createdAt: number | undefined
    const flood = async (ms: number): Promise<void> => {
      for (const end = it.scheduler.now + ms; it.scheduler.now < end; ) {
        n += 1
        it.system('b').edit(`flood${n}`, { code: `f${n}` })
        await it.mark('b', `flood${n}`)
        await it.advance(50)
        const created = it
          .system('b')
          .calls.find(({ operation, body }) => operation === 'create' && body?.code === '1')
        createdAt ??= created?.at
      }
    }
    await flood(1_000)
    const wantedAt = it.scheduler.now
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await flood(10_000)
    expect(createdAt).toBeDefined()
    expect((createdAt ?? 0) - wantedAt).toBeLessThan(8_000)
  })

  test('costs a feed a few polls even with many at once', async () => {
    const it = start(unsearchable(feed))
    for (let n = 0; n < 500; n += 1) it.system('a').edit(`x${n}`, { code: `${n}` })
    const marks = Array.from({ length: 500 }, (_, n) => ({
      system: 'a',
      entity: 'customer',
      nativeId: `x${n}`,
    }))
    await it.store.intake([{ marks }])
    it.engine.wake()
    await it.advance(30_000)
    expect(it.system('b').bodies()).toHaveLength(500)
    expect(it.system('b').count('changes')).toBeLessThan(40)
  })

  test('is sent after the list that was started for it, however long a pass may wait for that', async () => {
    const it = start(unsearchable(keyset))
    await listB(it)
    it.system('b').listMs = 5_000
    await it.edit('a', 'x', { code: '1' })
    await it.advance(1_000)
    await it.edit('a', 'y', { code: '2' })
    await it.advance(9_000)
    expect(it.system('b').bodies()).toMatchObject([{ code: '1' }])
    expect(it.system('b').count('list')).toBe(2)
  })

  test('is sent after the next regular list, which comes before the one that it requested', async () => {
    const polled = adjusting(() => ({ triggers: [{ kind: 'poll', everyMs: 10_000 }] }))
    const it = start(unsearchable(keyset), { adjust: polled })
    await listB(it)
    await it.advance(70_000)
    await it.edit('a', 'x', { code: '1' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(1)
    // The list requested by this create has just been taken; the next one it could request is a minute away.
    await it.edit('a', 'y', { code: '2' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(1)
    await listB(it)
    await it.advance(12_000)
    expect(it.system('b').bodies()).toHaveLength(2)
  })

  test('of a record without a value to match by is sent, or held for review where the definition requires it', async () => {
    const it = start({})
    await it.edit('a', 'x', { name: 'Ann' })
    await it.advance(5_000)
    expect(it.system('b').count('create')).toBe(1)
    expect(it.system('b').count('find')).toBe(0)
    await it.stop()
    const held = start({}, { adjust: adjusting(() => ({ createWithoutKey: 'hold' })) })
    await held.edit('a', 'x', { name: 'Ann' })
    await held.advance(5_000)
    expect(held.system('b').count('create')).toBe(0)
    expect((await held.store.admin.holds({ limit: 5 })).rows).toHaveLength(1)
  })

  test('costs no call where nothing is ever matched', async () => {
    const it = start(unsearchable(), { adjust: adjusting(() => ({}), { match: [] }) })
    await it.edit('a', 'x', { code: '1' })
    await it.advance(5_000)
    expect(it.system('b').calls.map(({ operation }) => operation)).toEqual(['create'])
  })
})

describe('a first load', () => {
  test('costs a few polls and not a search for each record', async () => {
    const it = start({ search: { lagMs: 0 }, ...feed, ...keyset }, {})
    for (let n = 0; n < 300; n += 1) it.system('a').edit(`x${n}`, { code: `${n}` })
    for (let n = 0; n < 100; n += 1) it.system('b').edit(`y${n}`, { code: `${n}` })
    const marks = Array.from({ length: 300 }, (_, n) => ({
      system: 'a',
      entity: 'customer',
      nativeId: `x${n}`,
    }))
    await it.store.intake([{ marks }])
    await listB(it)
    await it.advance(60_000)
    expect(it.system('b').bodies()).toHaveLength(300)
    expect(it.system('b').count('create')).toBe(200)
    expect(it.system('b').count('find')).toBe(0)
    expect(it.system('b').count('changes')).toBeLessThan(5)
  })

  test('of a place without a feed relies on its list', async () => {
    const it = start({ search: { lagMs: 0 }, ...keyset }, {})
    for (let n = 0; n < 200; n += 1) it.system('a').edit(`x${n}`, { code: `${n}` })
    const marks = Array.from({ length: 200 }, (_, n) => ({
      system: 'a',
      entity: 'customer',
      nativeId: `x${n}`,
    }))
    await it.store.intake([{ marks }])
    await listB(it)
    await it.advance(60_000)
    expect(it.system('b').bodies()).toHaveLength(200)
    expect(it.system('b').count('find')).toBe(0)
  })
})
