import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { Entity } from '../../model/integration.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** The same definition, in which a phone number is required. */
const phoneRequired: WorldOptions = {
  adjust: (integration) => ({
    ...integration,
    entities: new Map(
      [...integration.entities].map(([name, entity]): [string, Entity] => [
        name,
        {
          ...entity,
          fields: new Map(
            [...entity.fields].map(([field, one]) => [field, { ...one, required: field === 'phone' }]),
          ),
        },
      ]),
    ),
  }),
}

async function failures(it: World) {
  return (await it.store.admin.failures({ limit: 10 })).rows
}

describe('a failure is resolved once its cause is gone', () => {
  test('when the source fills the required field, although nothing is written to it', async () => {
    const it = start(phoneRequired)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ code: 'RULE_REQUIRE', system: 'a' }])
    expect(await it.member('a', 'x', 'a')).toMatchObject({ lane: { state: 'rejected', reason: 'rule' } })
    await it.edit('a', 'x', { phone: '5' })
    await it.advance(5_000)
    expect(await failures(it)).toEqual([])
    expect((await it.member('a', 'x', 'a')).lane.state).toBe('open')
    expect(it.system('b').count('create')).toBe(1)
    expect(it.system('a').count('update')).toBe(0)
    expect(
      it.emitted('FailureCleared').some((event) => 'code' in event && event.code === 'RULE_REQUIRE'),
    ).toBe(true)
  })

  test('when the lane was closed for another reason while the field was missing', async () => {
    const it = start(phoneRequired)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    // A failing read takes over the lane, whose reason is then no longer the rule.
    const failure = { code: 'ENGINE_CALL_FAILED', message: 'it broke', scope: 'record' } as const
    it.system('a').failNext('read', { kind: 'response', result: { kind: 'unknown', failure } })
    await it.edit('a', 'x', { phone: '5' })
    await it.advance(10_000)
    expect(await failures(it)).toEqual([])
    expect((await it.member('a', 'x', 'a')).lane.state).toBe('open')
  })

  test('but not while another required field is missing', async () => {
    const it = start(phoneRequired)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ code: 'RULE_REQUIRE', system: 'a' }])
  })

  test('when a person corrects a value that the system had replaced', async () => {
    const it = start()
    it.system('b').store = (field, value) => (field === 'name' ? 'Zoe' : value)
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Annabel' })
    await it.advance(10_000)
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_STORED_DIFFERENTLY', system: 'b' }])
    await it.edit('b', nativeId, { name: 'Annabel' })
    await it.advance(5_000)
    expect(await failures(it)).toEqual([])
    expect(it.system('b').count('update')).toBe(0)
  })

  test('when the record is deleted: nothing is left to decide', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const failure = { code: 'HTTP_STATUS_FINAL', message: 'the name is not valid', scope: 'record' } as const
    it.system('b').failNext('update', { kind: 'response', result: { kind: 'rejected', failure } })
    await it.edit('a', 'x', { name: 'Bad' })
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ code: 'HTTP_STATUS_FINAL', system: 'b' }])
    it.system('a').table('customer').delete('x')
    await it.mark('a', 'x', 'customer', { force: true })
    it.system('b').table('customer').delete(nativeId)
    await it.mark('b', nativeId, 'customer', { force: true })
    await it.advance(120_000)
    expect((await it.store.admin.status()).records).toMatchObject({ tombstoned: 1 })
    expect(await failures(it)).toEqual([])
  })
})
