import { afterEach, describe, expect, test } from 'vitest'
import { type FakeSystem, World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { WriteResult } from '../../connectors/kit/contract.ts'
import type { WriteAsk } from '../ports.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World({ systems: { a: {}, b: { writeBatch: 10 } }, ...options }).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** Announces this many new records in `a` at the same moment. */
async function announce(it: World, count: number): Promise<void> {
  const marks = Array.from({ length: count }, (_, i) => {
    it.system('a').edit(`x${i}`, { code: String(i), name: `n${i}` })
    return { system: 'a', entity: 'customer', nativeId: `x${i}` }
  })
  await it.store.intake([{ marks }])
  it.engine.wake()
}

/** Changes all of them in `a` at the same moment. */
async function changeAll(it: World, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) it.system('a').edit(`x${i}`, { name: `m${i}` })
  const marks = Array.from({ length: count }, (_, i) => ({
    system: 'a',
    entity: 'customer',
    nativeId: `x${i}`,
  }))
  await it.store.intake([{ marks }])
  it.engine.wake()
}

const names = (system: FakeSystem): readonly unknown[] => system.bodies().map(({ name }) => name)
const calls = (system: FakeSystem, operation: string): readonly (number | undefined)[] =>
  system.calls.filter((call) => call.operation === operation).map((call) => call.count)

/**
 * Passes the next `count` writes on at the same moment, after the test has changed them, so that they share a
 * call.
 */
function gather(
  it: World,
  count: number,
  change: (ask: WriteAsk, index: number) => WriteAsk = (ask) => ask,
): void {
  const { writer } = it.engine.context
  const { write } = writer
  const held: (() => void)[] = []
  writer.write = async (ask) => {
    const index = held.length
    await new Promise<void>((release) => {
      held.push(release)
      if (held.length < count) return
      writer.write = write
      for (const go of held) go()
    })
    return write(change(ask, index))
  }
}

const refused: WriteResult = {
  kind: 'rejected',
  failure: { code: 'HTTP_STATUS_FINAL', message: 'the code is not valid', scope: 'record' },
}

describe('writes of one kind', () => {
  test('share calls of at most writeBatch records', async () => {
    const it = start()
    await announce(it, 25)
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(25)
    expect(it.system('b').count('create')).toBeLessThan(3)
    expect(Math.max(...calls(it.system('b'), 'createMany').map(Number))).toBe(10)

    await changeAll(it, 25)
    await it.advance(5_000)
    expect([...names(it.system('b'))].sort()).toEqual(Array.from({ length: 25 }, (_, i) => `m${i}`).sort())
    expect(calls(it.system('b'), 'updateMany').length).toBeLessThan(6)
    expect(it.emitted('WriteSent')).toHaveLength(50)
  })

  test('are sent one by one where the system takes one at a time', async () => {
    const it = start({ systems: { a: {}, b: {} } })
    await announce(it, 5)
    await it.advance(5_000)
    expect(it.system('b').count('create')).toBe(5)
    expect(calls(it.system('b'), 'createMany')).toEqual([])
  })

  test('H33: a refused one does not fail the others', async () => {
    const it = start()
    gather(it, 6)
    it.system('b').failNext('createMany', { kind: 'responses', results: [undefined, refused] })
    await announce(it, 6)
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(5)
    const failures = await it.store.admin.failures({ limit: 10 })
    expect(failures.rows).toHaveLength(1)
    expect(failures.rows[0]).toMatchObject({ code: 'HTTP_STATUS_FINAL', system: 'b' })
  })

  test('H13: each has its own precondition, and only records whose version changed are read again', async () => {
    const it = start()
    await announce(it, 4)
    await it.advance(5_000)
    const [nativeId] = [...it.system('b').table('customer').keys()]
    if (nativeId === undefined) return expect.unreachable('nothing was created')
    it.system('b').edit(nativeId, { phone: '9' })
    gather(it, 4)
    await changeAll(it, 4)
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ phone: '9', name: expect.stringMatching(/^m/) })
    expect(it.emitted('WriteSettled').filter((e) => 'outcome' in e && e.outcome === 'stale')).toHaveLength(1)
  })

  test.each([
    ['throws', { kind: 'throw' } as const],
    ['has a response for some of its records only', { kind: 'short', responses: 3 } as const],
  ])('H16: a call that %s leaves each of its creates in doubt, and none is made twice', async (_, fault) => {
    const it = start({ systems: { a: {}, b: { writeBatch: 10, create: 'marker' } } })
    gather(it, 6)
    it.system('b').failNext('createMany', fault)
    await announce(it, 6)
    await it.advance(60_000)
    expect(it.emitted('IntentInDoubt')).toHaveLength(6)
    expect([...names(it.system('b'))].sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5'])
  })

  test('H33: records of a call that failed as a whole are sent alone the next time', async () => {
    const it = start()
    await announce(it, 6)
    await it.advance(5_000)
    const before = calls(it.system('b'), 'updateMany').length
    gather(it, 6)
    // The whole call fails whenever it contains the poisonous record.
    for (let i = 0; i < 3; i += 1) it.system('b').failNext('updateMany', { kind: 'throw' })
    await changeAll(it, 6)
    await it.advance(120_000)
    expect(calls(it.system('b'), 'updateMany').slice(before)).toEqual([6])
    expect(it.system('b').count('update')).toBe(6)
    expect([...names(it.system('b'))].sort()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5'])
  })

  test('H15: the call may start until the earliest latest start of its records', async () => {
    const it = start()
    const asked: number[] = []
    gather(it, 6, (ask, index) => {
      const startBefore = ask.startBefore - index * 10
      asked.push(startBefore)
      return { ...ask, startBefore }
    })
    await announce(it, 6)
    await it.advance(5_000)
    const [call] = it.system('b').calls.filter(({ operation }) => operation === 'createMany')
    expect(call).toMatchObject({ count: 6, startBefore: Math.min(...asked) })
  })

  test('H15: one that became late is not sent, and the others are', async () => {
    const it = start()
    let late = ''
    gather(it, 6, (ask, index) => {
      if (index !== 2) return ask
      late = ask.write.intent.id
      return { ...ask, startBefore: it.clock.monotonic() }
    })
    await announce(it, 6)
    await it.advance(100)
    expect(calls(it.system('b'), 'createMany')).toEqual([5])
    await it.advance(10_000)
    expect(it.system('b').bodies()).toHaveLength(6)
    // It had a window of its own after that, under the same intent.
    expect(it.emitted('WriteSent').filter((e) => 'intentId' in e && e.intentId === late)).toHaveLength(1)
  })

  test('a write whose time passed before its call could start is sent under the same intent', async () => {
    const it = start({ systems: { a: {}, b: {} }, settings: { startWindowMs: 100 } })
    const { writer } = it.engine.context
    const { write } = writer
    let waits = 3
    writer.write = async (ask) => {
      waits -= 1
      if (waits >= 0) await it.clock.sleep(200)
      return write(ask)
    }
    await announce(it, 1)
    await it.advance(2_000)
    expect(it.system('b').bodies()).toHaveLength(1)
    const { intents, members } = await it.record('a', 'x0')
    expect(intents.map(({ operation, state }) => `${operation} ${state}`)).toEqual(['create done'])
    const [call] = it.system('b').calls.filter(({ operation }) => operation === 'create')
    const [intent] = intents
    // The time limit of the call fits before the end of the window that is stored.
    const startBefore = (call?.startBefore ?? 0) + it.clock.now() - it.clock.monotonic()
    expect(startBefore + 1_000).toBeLessThanOrEqual(intent?.notAfter ?? 0)
    expect(members.every(({ laneAttempts }) => laneAttempts === 0)).toBe(true)
  })

  test('a write that stays late concerns its record and not the system', async () => {
    const it = start({ systems: { a: {}, b: {} }, settings: { leaseMs: 6_000, leaseMarginMs: 500 } })
    const { writer } = it.engine.context
    const { write } = writer
    writer.write = async () => ({ kind: 'unsent', reason: 'late' })
    await announce(it, 1)
    await it.advance(500)
    writer.write = write
    await it.advance(2_000)
    expect(it.system('b').bodies()).toHaveLength(1)
    expect(it.emitted('SystemPaused')).toEqual([])
    const { members } = await it.record('a', 'x0')
    expect(members.every(({ laneAttempts }) => laneAttempts === 0)).toBe(true)
  })

  test('a stopped pass removes only its own write before the call starts', async () => {
    const it = start()
    let stopped = ''
    gather(it, 6, (ask, index) => {
      if (index !== 0) return ask
      stopped = ask.write.intent.id
      return { ...ask, signal: AbortSignal.abort() }
    })
    await announce(it, 6)
    await it.advance(100)
    expect(calls(it.system('b'), 'createMany')).toEqual([5])
    expect(it.emitted('WriteSent').some((e) => 'intentId' in e && e.intentId === stopped)).toBe(false)
  })

  test('a call without a response ends at its time limit, and each of its writes is in doubt', async () => {
    const it = start()
    gather(it, 6)
    it.system('b').failNext('createMany', { kind: 'silence' })
    await announce(it, 6)
    await it.advance(1_200)
    expect(it.emitted('IntentInDoubt')).toHaveLength(6)
    await it.advance(60_000)
    expect(it.system('b').bodies()).toHaveLength(6)
  })
})
