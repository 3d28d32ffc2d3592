/**
 * What responses prove: about another record, with an error of unknown effect, or of a removal without
 * effect.
 */
import { afterEach, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { WriteResult } from '../../connectors/kit/contract.ts'

const worlds: World[] = []

afterEach(async () => {
  for (const one of worlds.splice(0)) await one.stop()
})

function world(options: WorldOptions = {}): World {
  const made = new World(options).start()
  worlds.push(made)
  return made
}

const failures = async ({ store }: World) => (await store.admin.failures({ limit: 10 })).rows
const other: WriteResult = { kind: 'ok', nativeId: 'someone', native: { name: 'Someone' }, version: '7' }

test('a read that responds with another record is not used as state of this one, and is reported until a read works', async () => {
  const w = world()
  const there = await w.linked('a', 'a1', { name: 'Ada' })
  const wrong = { kind: 'live', nativeId: 'a2', native: { name: 'Bob' }, version: '9' } as const
  w.system('a').failNext('read', { kind: 'response', result: wrong })
  await w.edit('a', 'a1', { name: 'Ada L.' })
  await w.advance(50)
  expect(w.system('b').body(there)?.name).toBe('Ada')
  expect(await failures(w)).toMatchObject([{ code: 'CONNECTOR_OTHER_RECORD', system: 'a' }])
  await w.advance(30_000)
  expect(w.system('b').body(there)?.name).toBe('Ada L.')
  expect(await failures(w)).toEqual([])
})

test('a write whose response is about another record stays open, and both records are read', async () => {
  const w = world({ systems: { a: {}, b: { conditionalWrites: false } } })
  const there = await w.linked('a', 'a1', { name: 'Ada' })
  w.system('b').edit('someone', { name: 'Someone' })
  w.system('b').failNext('update', { kind: 'response', result: other })
  await w.edit('a', 'a1', { name: 'Ada L.' })
  await w.advance(500)
  expect(w.emitted('IntentInDoubt')).toHaveLength(1)
  await w.advance(120_000)
  expect(
    w.system('b').calls.some(({ operation, nativeId }) => operation === 'read' && nativeId === 'someone'),
  ).toBe(true)
  expect(w.system('b').body(there)?.name).toBe('Ada L.')
  expect(w.system('b').body('someone')?.name).toBe('Someone')
})

test('an error response is retried a few times and then reported with its message, until the value changes', async () => {
  const w = world()
  const there = await w.linked('a', 'a1', { name: 'Ada' })
  const failure = {
    code: 'CONNECTOR_RESPONSE_ERRORS',
    message: 'duplicate key',
    scope: 'record',
    answered: true,
  } as const
  for (let count = 0; count < 9; count += 1)
    w.system('b').failNext('update', { kind: 'response', result: { kind: 'unknown', failure } })
  await w.edit('a', 'a1', { name: 'Bob' })
  await w.advance(120_000)
  expect(w.system('b').count('update')).toBe(3)
  expect(await failures(w)).toMatchObject([{ code: 'CONNECTOR_RESPONSE_ERRORS', message: 'duplicate key' }])
  w.system('b').faults.length = 0
  await w.edit('a', 'a1', { name: 'Cleo' })
  await w.advance(30_000)
  expect(w.system('b').body(there)?.name).toBe('Cleo')
  expect(await failures(w)).toEqual([])
})

test('an error response to a write that took effect all the same is resolved by the read, and not reported', async () => {
  const w = world()
  const there = await w.linked('a', 'a1', { name: 'Ada' })
  const failure = {
    code: 'CONNECTOR_RESPONSE_ERRORS',
    message: 'oops',
    scope: 'record',
    answered: true,
  } as const
  w.system('b').failNext('update', { kind: 'response', result: { kind: 'unknown', failure }, applied: true })
  await w.edit('a', 'a1', { name: 'Bob' })
  await w.advance(60_000)
  expect(w.system('b').body(there)?.name).toBe('Bob')
  expect(w.system('b').count('update')).toBe(1)
  expect(await failures(w)).toEqual([])
})

test('a removal that was confirmed without effect is reported, and not repeated', async () => {
  const w = world({
    adjust: (integration) => ({
      ...integration,
      entities: new Map(
        [...integration.entities].map(([name, entity]) => [
          name,
          {
            ...entity,
            delete: { ...entity.delete, from: ['a'], action: 'delete' as const, confirmMs: 1_000 },
          },
        ]),
      ),
    }),
  })
  const there = await w.linked('a', 'a1', { name: 'Ada' })
  w.system('b').failNext('remove', { kind: 'response', result: { kind: 'ok', nativeId: there } })
  w.system('a').table('customer').delete('a1')
  await w.mark('a', 'a1', 'customer', { force: true })
  await w.advance(60_000)
  expect(w.system('b').body(there)?.name).toBe('Ada')
  expect(w.system('b').count('remove')).toBe(1)
  expect(await failures(w)).toMatchObject([{ code: 'ENGINE_NOT_REMOVED', system: 'b' }])
})

test('a search hit that is not the requested record is not taken for the create that was searched for', async () => {
  const w = world({ systems: { a: {}, b: { create: 'marker' } } })
  w.system('b').edit('stranger', { name: 'Stranger', ext: '00000000-0000-4000-8000-000000000000' })
  const failure = { code: 'ENGINE_CALL_LATE', message: 'silence', scope: 'record' } as const
  w.system('b').failNext('create', { kind: 'response', result: { kind: 'unknown', failure } })
  w.system('b').failNext('find', {
    kind: 'response',
    result: { kind: 'found', nativeIds: ['stranger'], capped: false } as never,
  })
  await w.edit('a', 'a1', { name: 'Ada' })
  await w.advance(120_000)
  const member = await w.member('a', 'a1', 'b')
  expect(member.nativeId).not.toBe('stranger')
  expect(w.system('b').body('stranger')?.name).toBe('Stranger')
  expect(
    w
      .system('b')
      .bodies()
      .filter(({ name }) => name === 'Ada'),
  ).toHaveLength(1)
})
