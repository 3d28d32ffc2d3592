import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'

let world: World | undefined

/**
 * A system that returns records as they were written, has no versions, and responds with a body, like most
 * small APIs.
 */
const plain: Partial<RemoteCapabilities> = {
  version: 'none',
  conditionalWrites: false,
  writeReturns: 'body',
  create: 'marker',
}

function start(b: Partial<RemoteCapabilities> = plain, options: WorldOptions = {}): World {
  world = new World({
    systems: { a: {}, b },
    policy: { kind: 'prefer', rank: ['a', 'b'] },
    ...options,
  }).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const conflicts = async (it: World) => (await it.store.admin.conflicts({ limit: 10 })).rows
const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

describe.each([
  ['a body without a version', plain],
  ['nothing', { ...plain, writeReturns: 'nothing' }],
  ['nothing, and versions in reads', { writeReturns: 'nothing' }],
] as const)('a system that responds to writes with %s', (_, capabilities) => {
  test('keeps an edit that is made there after our create (a later edit is no conflict)', async () => {
    const it = start(capabilities)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('b', nativeId, { name: 'Renamed' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Renamed' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Renamed' })
    expect(await conflicts(it)).toEqual([])
  })

  test('keeps an edit that is made there right after our write, before any read', async () => {
    const it = start(capabilities)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { name: 'Bea' })
    while (it.system('b').body(nativeId)?.name !== 'Bea') await it.advance(1)
    // The response is in flight, or has just arrived.
    await it.advance(10)
    await it.edit('b', nativeId, { name: 'Cid' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Cid' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Cid' })
    expect(await conflicts(it)).toEqual([])
  })

  test('has every write verified by a read, without a mark on the record', async () => {
    const it = start(capabilities)
    await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    const member = await it.member('a', 'x', 'b')
    expect(member.settleAt).toBeUndefined()
    expect(member.fields.name).toMatchObject({ shadow: 'Bea' })
    expect(member.fields.name).not.toHaveProperty('replaced')
  })

  test('is written to once more when it has not stored the value, and the value is never reverted', async () => {
    const it = start(capabilities)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    ignoreNextUpdates(it, nativeId, 1)
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(10_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea' })
    expect(it.emitted('WriteNotStored')).toMatchObject([{ system: 'b', field: 'name', again: true }])
    expect(await failures(it)).toEqual([])
    expect(await conflicts(it)).toEqual([])
  })

  test('that never stores a value is reported, and gets the value again on retry', async () => {
    const it = start(capabilities)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    ignoreNextUpdates(it, nativeId, 2)
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(60_000)
    await it.mark('b', nativeId)
    await it.advance(60_000)
    expect(it.system('b').count('update')).toBe(2)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea' })
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_NOT_STORED', system: 'b', replay: 'safe' }])

    expect(await it.store.admin.retryFailures({ system: 'b' }, 'ops')).toBe(1)
    it.engine.wake()
    await it.advance(10_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(await failures(it)).toEqual([])
  })

  test('is verified after an outage that begins with the write', async () => {
    const it = start(capabilities)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { name: 'Bea' })
    while (it.system('b').body(nativeId)?.name !== 'Bea') await it.advance(1)
    it.system('b').down = true
    await it.advance(300_000)
    it.system('b').down = false
    await it.advance(120_000)
    const member = await it.member('a', 'x', 'b')
    expect(member.settleAt).toBeUndefined()
    expect(Object.values(member.fields).some((field) => field.replaced !== undefined)).toBe(false)
  })
})

/** The next updates are confirmed without being stored. */
function ignoreNextUpdates(it: World, nativeId: string, times: number): void {
  const { capabilities } = it.system('b')
  for (let i = 0; i < times; i += 1) {
    it.system('b').failNext('update', {
      kind: 'response',
      result: {
        kind: 'ok',
        nativeId,
        ...(capabilities.writeReturns === 'body' ? { native: { name: 'Bea' } } : {}),
      },
    })
  }
}

test('a user who restores the old value before our read has edited it, where body and version show that ours was stored', async () => {
  const it = start({ writeReturns: 'body', read: { lagMs: 2_000, batch: 1 } })
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
  await it.edit('b', nativeId, { name: 'Own' })
  await it.advance(10_000)
  await it.edit('a', 'x', { name: 'Bea' })
  while (it.system('b').body(nativeId)?.name !== 'Bea') await it.advance(1)
  await it.advance(100)
  await it.edit('b', nativeId, { name: 'Own' })
  await it.advance(20_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Own' })
  expect(it.system('a').body('x')).toMatchObject({ name: 'Own' })
  expect(it.emitted('WriteNotStored')).toEqual([])
})

describe('a write that a system accepts for later processing', () => {
  const accepted = (nativeId: string) =>
    ({ kind: 'response', result: { kind: 'ok', nativeId, accepted: true } }) as const

  test('is not considered missing while it may still be applied', async () => {
    const it = start({ ...plain, inflightMs: 20_000 })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('update', accepted(nativeId))
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(12_000)
    expect(it.system('b').count('update')).toBe(1)
    it.system('b').edit(nativeId, { name: 'Bea' })
    await it.advance(60_000)
    expect(it.system('b').count('update')).toBe(1)
    const { name } = (await it.member('a', 'x', 'b')).fields
    expect(name).toMatchObject({ shadow: 'Bea' })
    expect(name?.provisional).toBeUndefined()
  })

  test.each([2, 3])('is no edit of the old value when %i in a row have no effect', async (writes) => {
    const it = start({ ...plain, inflightMs: 20_000 }, { policy: { kind: 'prefer', rank: ['b', 'a'] } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    // A value that was never written by us.
    await it.edit('b', nativeId, { name: 'Own' })
    await it.advance(10_000)
    const names = ['Bea', 'Cid', 'Dee'].slice(0, writes)
    for (const name of names) {
      it.system('b').failNext('update', accepted(nativeId))
      await it.edit('a', 'x', { name })
      await it.advance(3_000)
      // Something reads the record while nothing has been applied.
      await it.mark('b', nativeId)
      await it.advance(3_000)
    }
    await it.advance(90_000)
    expect(it.system('a').body('x')).toMatchObject({ name: names.at(-1) })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: names.at(-1) })
    expect(await conflicts(it)).toEqual([])
  })

  test('is sent again when its time has passed without effect', async () => {
    const it = start({ ...plain, inflightMs: 20_000 })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('update', accepted(nativeId))
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(60_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea' })
  })
})

test('an edit made after a person has resolved a conflict is kept', async () => {
  const it = start(plain, { policy: { kind: 'manual' } })
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
  it.system('a').edit('x', { name: 'Left' })
  it.system('b').edit(nativeId, { name: 'Right' })
  await it.mark('a', 'x')
  await it.mark('b', nativeId)
  await it.advance(5_000)
  const [open] = await conflicts(it)
  if (open === undefined) throw new RangeError('no conflict was opened')
  await it.store.admin.resolveConflict(open.id, { value: 'Middle' }, 'ops')
  it.engine.wake()
  await it.advance(5_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Middle' })
  await it.edit('b', nativeId, { name: 'Later' })
  await it.advance(5_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Later' })
  expect(it.system('a').body('x')).toMatchObject({ name: 'Later' })
})
