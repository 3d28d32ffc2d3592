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

const refusal = (fields?: readonly string[]) =>
  ({
    kind: 'response',
    result: {
      kind: 'rejected',
      failure: { code: 'HTTP_STATUS_FINAL', message: 'the e-mail is not valid', scope: 'record' },
      ...(fields === undefined ? {} : { fields }),
    },
  }) as const

describe('the outcome of a write', () => {
  test('H13: a record whose version changed is read and merged again, and both edits survive', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: '5' })
    it.system('b').edit(nativeId, { phone: '9' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea', phone: '9' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea', phone: '9' })
    expect(it.emitted('WriteSettled').filter((e) => 'outcome' in e && e.outcome === 'stale')).toHaveLength(1)
  })

  test('H13: a record that keeps changing backs off after three rounds', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    for (let i = 0; i < 3; i += 1)
      it.system('b').failNext('update', { kind: 'response', result: { kind: 'stale' } })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(200)
    expect(it.system('b').count('update')).toBe(3)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'backoff', reason: 'moving' } })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
  })

  test('H6: an unverified write is verified by a read and never taken for an edit', async () => {
    const it = start({
      systems: { a: {}, b: { writeReturns: 'nothing', version: 'none', conditionalWrites: false } },
    })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    const { name } = (await it.member('a', 'x', 'b')).fields
    expect(name?.provisional).toBeUndefined()
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(it.system('a').count('update')).toBe(0)
    expect((await it.record('a', 'x')).record.dirtySeq).toBe((await it.record('a', 'x')).record.cleanSeq)
  })

  test('H7: a value that the system stores in a poorer form is accepted and not written again', async () => {
    const it = start()
    it.system('b').store = (field, value) => (field === 'name' ? String(value).slice(0, 3) : value)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Annabel' })
    await it.advance(10_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann' })
    expect(it.system('a').body('x')).toMatchObject({ name: 'Annabel' })
    expect(it.system('b').count('update')).toBe(0)
    expect((await it.member('a', 'x', 'b')).fields.name?.coerced).toBe(true)
  })

  test('a value that the system replaces by a different one is reported, and sent again on retry', async () => {
    const it = start()
    it.system('b').store = (field, value) => (field === 'name' ? 'Zoe' : value)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Annabel' })
    await it.advance(10_000)
    expect((await it.store.admin.failures({ limit: 10 })).rows).toMatchObject([
      { code: 'ENGINE_STORED_DIFFERENTLY', system: 'b', replay: 'safe' },
    ])
    expect(it.system('a').body('x')).toMatchObject({ name: 'Annabel' })
    expect(it.system('b').count('update')).toBe(0)
    // Another field is still synced.
    await it.edit('a', 'x', { phone: '7' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ phone: '7' })

    it.system('b').store = (_field, value) => value
    expect(await it.store.admin.retryFailures({ system: 'b' }, 'ops')).toBe(1)
    it.engine.wake()
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Annabel' })
    expect((await it.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })

  test('H11: a difference in the response that the write did not make stays a change', async () => {
    const it = start({ systems: { a: {}, b: { conditionalWrites: false } } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: '5' })
    // A user edits the phone number between our read and our write.
    it.system('b').beforeUpdate = () => {
      it.system('b').edit(nativeId, { phone: '9' })
      it.system('b').beforeUpdate = () => undefined
    }
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('a').body('x')).toMatchObject({ name: 'Bea', phone: '9' })
  })

  test('H12: a system that replaces whole objects keeps unmapped properties', async () => {
    const it = start({ systems: { a: {}, b: { write: 'put' } } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').edit(nativeId, { ext: 'kept' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea', code: '1', ext: 'kept' })
  })

  test('H39: refused data is kept as a failure and not sent again until something changes', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('update', refusal())
    await it.edit('a', 'x', { name: 'Bad' })
    await it.advance(5_000)
    await it.mark('a', 'x')
    await it.advance(5_000)
    expect(it.system('b').count('update')).toBe(1)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'rejected' } })
    expect((await it.store.admin.failures({ limit: 10 })).rows).toMatchObject([
      { code: 'HTTP_STATUS_FINAL', system: 'b' },
    ])
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'open' } })
    expect((await it.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })

  test('H39: a refused create is sent again with the corrected value', async () => {
    const it = start()
    it.system('b').failNext('create', refusal())
    await it.edit('a', 'x', { code: '1', name: 'Bad' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toEqual([])
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Bea' }])
  })

  test('a retry sends refused data again', async () => {
    const it = start()
    it.system('b').failNext('create', refusal())
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    expect(await it.store.admin.retryFailures({ system: 'b' }, 'ops')).toBe(1)
    it.engine.wake()
    await it.advance(5_000)
    expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Ann' }])
  })

  test('H34: a throttled record waits as long as the system requested', async () => {
    const it = start()
    await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const failure = {
      code: 'HTTP_RATE_LIMITED',
      message: 'slow down',
      scope: 'record',
      retryAfterMs: 20_000,
    } as const
    it.system('b').failNext('update', { kind: 'response', result: { kind: 'not-sent', failure } })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(19_000)
    expect(it.system('b').count('update')).toBe(1)
    await it.advance(10_000)
    expect(it.system('b').count('update')).toBe(2)
  })

  test('H34: an unavailable system delays no other system of the record, and is caught up when it is back', async () => {
    const it = start({ systems: { a: {}, b: {}, c: {} } })
    const b = await it.linked('a', 'x', { code: '1', name: 'Ann' }, 'b')
    const c = (await it.member('a', 'x', 'c')).nativeId ?? ''
    it.system('c').down = true
    for (let i = 0; i < 8; i += 1) {
      await it.edit('a', 'x', { name: `Bea${i}` })
      await it.advance(1_000)
      expect(it.system('b').body(b)).toMatchObject({ name: `Bea${i}` })
    }
    expect(it.emitted('SystemPaused')).not.toEqual([])
    it.system('c').down = false
    await it.advance(180_000)
    expect(it.system('c').body(c)).toMatchObject({ name: 'Bea7' })
    expect(it.emitted('SystemResumed')).not.toEqual([])
  })

  test('every effect has its cause chain in the journal', async () => {
    const it = start()
    await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(2_000)
    const { record } = await it.record('a', 'x')
    const lines = await it.store.admin.journal({ recordId: record.id, limit: 50 })
    const decision = lines.findLast((line) => line.kind === 'decision')?.body
    expect(decision).toMatchObject({
      definition: 'v1',
      changes: [{ field: 'name', from: 'Ann', to: 'Bea', src: 'a', by: 'single' }],
    })
    const intent = lines.findLast((line) => line.kind === 'intent')?.body
    const outcome = lines.findLast((line) => line.kind === 'outcome')?.body
    expect(intent).toMatchObject({ system: 'b', operation: 'update' })
    expect(outcome).toMatchObject({ outcome: 'ok', intent: (intent as { intent: string }).intent })
  })
})
