import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../test/support/engine-fixture.ts'
import { IsthmusError } from '../model/errors.ts'
import type { Decision } from '../store/contract.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

describe('a worker', () => {
  test('H32: a mark that arrives while the pass runs is not lost', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    for (let ms = 0; ms < 30; ms += 1) {
      await it.edit('a', 'x', { name: `n${ms}` })
      await it.advance(ms)
      await it.edit('a', 'x', { name: `m${ms}` })
      await it.advance(3_000)
      expect(it.system('b').body(nativeId)).toMatchObject({ name: `m${ms}` })
    }
    expect((await it.store.admin.conflicts({ limit: 5 })).rows).toEqual([])
  })

  test('writes to a system whose writes may take as long as the default claim', async () => {
    const it = start({
      adjust: (integration) => ({
        ...integration,
        systems: new Map(
          [...integration.systems].map(([name, system]) => [
            name,
            { ...system, timing: { ...system.timing, readTimeoutMs: 60_000, writeTimeoutMs: 120_000 } },
          ]),
        ),
      }),
    })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann' })
  })

  test('never processes more records at a time than it may', async () => {
    const it = start({ settings: { inFlight: 7 } })
    let most = 0
    for (let i = 0; i < 60; i += 1) await it.edit('a', `x${i}`, { code: String(i) })
    for (let i = 0; i < 200; i += 1) {
      await it.advance(5)
      most = Math.max(most, it.engine.inFlight)
    }
    expect(most).toBe(7)
    expect(it.system('b').bodies()).toHaveLength(60)
  })

  test('H33: a record whose pass fails is set aside, and the others continue', async () => {
    const it = start({
      adjust: (integration) => {
        const [entity] = [...integration.entities.values()]
        const a = entity?.systems.get('a')
        if (entity === undefined || a === undefined) return integration
        const lens = {
          ...a.lens,
          read: (native: { readonly [key: string]: unknown }) => {
            if (native.name === 'poison') throw new RangeError('a defect')
            return a.lens.read(native)
          },
        }
        const systems = new Map([...entity.systems, ['a', { ...a, lens }]])
        return { ...integration, entities: new Map([['customer', { ...entity, systems }]]) }
      },
    })
    await it.edit('a', 'bad', { code: '0', name: 'poison' })
    for (let i = 1; i < 5; i += 1) await it.edit('a', `x${i}`, { code: String(i) })
    await it.advance(2_000)
    expect(it.system('b').bodies()).toHaveLength(4)
    await it.advance(600_000)
    expect(await it.member('a', 'bad', 'a')).toMatchObject({ lane: { state: 'quarantined' } })
    expect((await it.store.admin.failures({ limit: 5 })).rows).toMatchObject([{ operation: 'pass' }])
    const reads = it.system('a').count('read')
    await it.advance(300_000)
    expect(it.system('a').count('read')).toBe(reads)
  })

  test('H33: a record with a row that can not be read waits for its restoration, and the others continue', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'bad', { code: '0', name: 'Ann' })
    const { record } = await it.record('a', 'bad')
    const restore = it.store.spoilFields(record.id, 'b')
    await it.edit('a', 'bad', { name: 'Bea' })
    for (let i = 1; i < 5; i += 1) await it.edit('a', `x${i}`, { code: String(i) })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(5)
    const failure = {
      recordId: record.id,
      system: 'b',
      code: 'STORE_DOCUMENT_UNREADABLE',
      message: expect.stringContaining(`member.fields of ${record.id}/b`),
    }
    expect((await it.store.admin.failures({ limit: 5 })).rows).toMatchObject([failure])
    expect(it.emitted('FailureKept')).toMatchObject([failure])
    await it.advance(3_600_000)
    const [kept] = (await it.store.admin.failures({ limit: 5 })).rows
    expect(kept?.count).toBeGreaterThan(10)
    expect(kept?.count).toBeLessThan(60)
    restore()
    await it.advance(300_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect((await it.store.admin.failures({ limit: 5 })).rows).toEqual([])
    expect(it.emitted('FailureCleared')).toContainEqual(expect.objectContaining({ recordId: record.id }))
  })

  test('H33: a pass that meets a row of another record that can not be read waits, and tells which', async () => {
    const it = start()
    await it.linked('a', 'bad', { code: '7', name: 'Ann' })
    const { record } = await it.record('a', 'bad')
    const restore = it.store.spoilFields(record.id)
    await it.edit('b', 'y', { code: '7', name: 'Ann' })
    await it.edit('b', 'z', { code: '8', name: 'Zoe' })
    await it.advance(5_000)
    expect(it.system('a').bodies()).toHaveLength(2)
    const waiting = await it.record('b', 'y')
    expect((await it.store.admin.failures({ limit: 5 })).rows).toContainEqual(
      expect.objectContaining({
        recordId: waiting.record.id,
        code: 'STORE_DOCUMENT_UNREADABLE',
        message: expect.stringContaining(`record.fields of ${record.id}`),
      }),
    )
    await it.advance(3_600_000)
    restore()
    await it.advance(300_000)
    expect((await it.store.admin.failures({ limit: 5 })).rows).toEqual([])
  })

  test('H33: a record whose decision the database refuses is reported with the reason, and goes on once it is stored', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'bad', { code: '0', name: 'Ann' })
    const { record } = await it.record('a', 'bad')
    const decide = it.store.decide.bind(it.store)
    let refusing = true
    it.store.decide = async (batch: readonly Decision[]) => {
      const refused = (one: Decision) => refusing && one.lease.recordId === record.id
      const rest = [...(await decide(batch.filter((one) => !refused(one))))]
      const error = new IsthmusError('STORE_VALUE_REFUSED', 'deciding: the database refused a value (22P05)')
      // Every result belongs to the item at its place.
      return batch.map((one) => (refused(one) ? ({ kind: 'unstorable', error } as never) : rest.shift()!))
    }
    await it.edit('a', 'bad', { name: 'Bea' })
    for (let i = 1; i < 5; i += 1) await it.edit('a', `x${i}`, { code: String(i) })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(5)
    const failure = { recordId: record.id, operation: 'pass', code: 'STORE_VALUE_REFUSED' }
    const rows = async () => (await it.store.admin.failures({ limit: 5 })).rows
    expect(await rows()).toContainEqual(
      expect.objectContaining({ ...failure, message: 'deciding: the database refused a value (22P05)' }),
    )
    expect(it.emitted('WorkerFenced')).toEqual([])
    await it.advance(3_600_000)
    const [kept] = await rows()
    expect(kept?.count).toBeGreaterThan(10)
    refusing = false
    await it.advance(300_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(await rows()).toEqual([])
  })

  test('H33: a record that kills the process is quarantined after some attempts', async () => {
    const it = new World({ settings: { crashLimit: 3, reapMs: 100 } })
    world = it
    it.system('a').edit('x', { code: '1' })
    await it.mark('a', 'x')
    for (let i = 0; i < 3; i += 1) {
      const session = await it.store.registerWorker()
      expect((await it.store.claim({ worker: session.id, limit: 5, leaseMs: 60_000 })).records).toHaveLength(
        1,
      )
      it.store.killWorker(session.id)
      await it.store.reap()
    }
    it.start()
    await it.advance(3_000)
    expect(await it.member('a', 'x', 'a')).toMatchObject({
      lane: { state: 'quarantined', reason: 'PASS_CRASHED' },
    })
    expect(it.system('a').count('read')).toBe(0)
  })

  test('H15: commits of a lost worker are fenced, and the record runs elsewhere', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('a').failNext('read', { kind: 'silence' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(100)
    const [started] = it.emitted('WorkerStarted')
    it.store.killWorker(started?.type === 'WorkerStarted' ? started.workerId : 0)
    await it.advance(5_000)
    expect(it.emitted('WorkerStarted')).toHaveLength(2)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('b').count('update')).toBe(1)
  })

  test('H15: nothing is sent when too little of the lease is left', async () => {
    const it = start({ settings: { leaseMs: 4_000, leaseMarginMs: 500 } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const { decide } = it.store
    let stalled = false
    it.store.decide = async (batch) => {
      const results = await decide.call(it.store, batch)
      if (!stalled) await it.clock.sleep(3_000)
      stalled = true
      return results
    }
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(3_200)
    expect(it.system('b').count('update')).toBe(0)
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('b').count('update')).toBe(1)
  })

  test('survives an unavailable store, and loses nothing', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const { claim, settle, decide } = it.store
    const away = async (): Promise<never> => {
      throw new IsthmusError('STORE_UNAVAILABLE', 'the store is away')
    }
    await it.edit('a', 'x', { name: 'Bea' })
    Object.assign(it.store, { settle: away, decide: away })
    await it.advance(300)
    Object.assign(it.store, { claim: away })
    await it.advance(5_000)
    Object.assign(it.store, { claim, settle, decide })
    await it.advance(10_000)
    expect(it.emitted('StoreFailed')).not.toEqual([])
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
  })

  /** Calls of one method of the store from now on. */
  function countCalls(it: World, method: 'claim' | 'reap'): () => number {
    let calls = 0
    const original = it.store[method].bind(it.store) as (...args: readonly unknown[]) => Promise<never>
    Object.assign(it.store, {
      [method]: (...args: readonly unknown[]) => {
        calls += 1
        return original(...args)
      },
    })
    return () => calls
  }

  test('queries an empty queue every few seconds, and works at once when it is woken or something falls due', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    const [claims, reaps] = [countCalls(it, 'claim'), countCalls(it, 'reap')]
    await it.advance(60_000)
    expect(claims()).toBeLessThanOrEqual(14)
    expect(reaps()).toBeLessThanOrEqual(4)
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(200)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    await it.advance(60_000)
    // Postponed by another process: nothing but the queue tells when it is due.
    const { record } = await it.record('a', 'x')
    await it.store.markRecords([{ recordId: record.id, systems: [] }])
    const other = await it.store.registerWorker()
    const { records } = await it.store.claim({ worker: other.id, limit: 1, leaseMs: 60_000 })
    const at = it.scheduler.now + 12_345
    await it.store.settle([{ lease: records[0]!.lease, finish: { kind: 'again', at } }])
    await other.close()
    await it.advance(12_300)
    const reads = it.system('a').count('read')
    await it.advance(100)
    expect(it.system('a').count('read')).toBe(reads + 1)
  })

  test('H15: runs the records of a worker that died within two seconds, however long it was alone before', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    const other = await it.store.registerWorker()
    await it.advance(1_000)
    it.system('a').edit('x', { name: 'Bea' })
    const { record } = await it.record('a', 'x')
    await it.store.markRecords([{ recordId: record.id, systems: [] }])
    expect((await it.store.claim({ worker: other.id, limit: 1, leaseMs: 60_000 })).records).toHaveLength(1)
    await it.advance(30_000)
    it.store.killWorker(other.id)
    await it.advance(2_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    await it.advance(30_000)
    const reaps = countCalls(it, 'reap')
    await it.advance(60_000)
    expect(reaps()).toBeLessThanOrEqual(4)
  })

  test('is idle when nothing is due', async () => {
    const it = start()
    await it.edit('a', 'x', { code: '1' })
    let idle = false
    void it.engine.idle().then(() => {
      idle = true
    })
    await it.advance(5_000)
    expect(idle).toBe(true)
    expect(it.system('b').bodies()).toHaveLength(1)
  })

  test('runs once without its loops', async () => {
    const it = new World()
    world = it
    it.system('a').edit('x', { code: '1' })
    await it.mark('a', 'x')
    let ran = -1
    void it.engine.runOnce().then((count) => {
      ran = count
    })
    await it.advance(1_000)
    expect(ran).toBe(1)
    expect(it.system('b').bodies()).toHaveLength(1)
  })
})
