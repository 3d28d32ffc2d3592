import { afterEach, describe, expect, test } from 'vitest'
import { makeField, makePart, World } from '../../../test/support/engine-fixture.ts'
import type { Entity, Integration } from '../../model/integration.ts'
import type { Lens } from '../../model/lens/contract.ts'
import type { CanonicalValue } from '../../model/values.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** Native ids in the system, `ref:<native id>` in canonical values. */
const referring: Lens = {
  read: (native) => ({
    values: Object.fromEntries(
      Object.entries(native)
        .filter(([name]) => name !== 'ext')
        .map(([name, value]): [string, CanonicalValue] => [
          name,
          name === 'other' && value !== null ? `ref:${String(value)}` : (value as CanonicalValue),
        ]),
    ),
    problems: [],
  }),
  write: (values) => ({
    patch: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        name === 'other' && typeof value === 'string' ? value.replace(/^ref:/, '') : value,
      ]),
    ),
    problems: [],
  }),
}

/** Adds an entity whose field `other` refers to a customer, or to its own kind. */
function withOrders(target: string, nullable = true) {
  return (integration: Integration): Integration => {
    const customer = integration.entities.get('customer')
    if (customer === undefined) return integration
    const policy = { kind: 'prefer', rank: [...customer.systems.keys()] } as const
    const fields = new Map([
      ['code', makeField('code', { kind: 'string' }, policy)],
      ['other', makeField('other', { kind: 'ref', entity: target }, policy)],
    ])
    const systems = new Map(
      [...customer.systems.keys()].map((name) => {
        const part = makePart(name, 'order', fields.keys(), referring)
        const parts = [...part.fields].map(([field, settings]) => [field, { ...settings, nullable }] as const)
        return [name, { ...part, fields: new Map(parts) }]
      }),
    )
    const order: Entity = {
      ...customer,
      name: 'order',
      fields,
      systems,
      match: [{ kind: 'exact', fields: ['code'] }],
    }
    return { ...integration, entities: new Map([...integration.entities, ['order', order]]) }
  }
}

/** Customers are never created in `b`. */
function withoutCreates(integration: Integration): Integration {
  const customer = integration.entities.get('customer')
  const part = customer?.systems.get('b')
  if (customer === undefined || part === undefined) return integration
  const closed = { ...part, operations: { ...part.operations, create: false } }
  const systems = new Map([...customer.systems, ['b', closed]])
  return {
    ...integration,
    entities: new Map([...integration.entities, ['customer', { ...customer, systems }]]),
  }
}

describe('a reference', () => {
  test('H29: is translated to the linked id of each system', async () => {
    const it = new World({ adjust: withOrders('customer') }).start()
    world = it
    const customer = await it.linked('a', 'c1', { code: '1' })
    await it.edit('a', 'o1', { code: 'O1', other: 'c1' }, 'order')
    await it.advance(5_000)
    expect(it.system('b').bodies('order')).toMatchObject([{ code: 'O1', other: customer }])
  })

  test('H29: waits for its target by field, and continues automatically', async () => {
    const it = new World({ adjust: withOrders('customer') }).start()
    world = it
    it.system('b').failNext('create', { kind: 'silence' })
    it.system('a').edit('c1', { code: '1' })
    await it.edit('a', 'o1', { code: 'O1', other: 'c1' }, 'order')
    await it.advance(60_000)
    const [customer] = [...it.system('b').table('customer').keys()]
    expect(it.system('b').bodies('order')).toMatchObject([{ code: 'O1', other: customer }])
  })

  test('H29: that a create needs keeps the whole lane waiting until the target exists', async () => {
    const it = new World({ adjust: withOrders('customer', false) }).start()
    world = it
    await it.edit('a', 'c1', { code: '1' })
    it.system('b').failNext('create', {
      kind: 'response',
      result: { kind: 'rejected', failure: { code: 'HTTP_STATUS_FINAL', message: 'no', scope: 'record' } },
    })
    await it.advance(2_000)
    await it.edit('a', 'o1', { code: 'O1', other: 'c1' }, 'order')
    await it.advance(5_000)
    expect(it.system('b').bodies('order')).toEqual([])
    await it.edit('a', 'c1', { name: 'now it may' })
    await it.advance(5_000)
    const [customer] = [...it.system('b').table('customer').keys()]
    expect(it.system('b').bodies('order')).toMatchObject([{ code: 'O1', other: customer }])
  })

  test('H29: in a cycle is left out of the create and written in a second step', async () => {
    const it = new World({ adjust: withOrders('order') }).start()
    world = it
    it.system('a').edit('o1', { code: 'O1', other: 'o2' }, 'order')
    it.system('a').edit('o2', { code: 'O2', other: 'o1' }, 'order')
    await it.mark('a', 'o1', 'order')
    await it.advance(20_000)
    const table = it.system('b').table('order')
    const idOf = (code: string) => [...table].find(([, stored]) => stored.body.code === code)?.[0]
    expect(it.system('b').bodies('order')).toHaveLength(2)
    expect(table.get(idOf('O1') ?? '')?.body.other).toBe(idOf('O2'))
    expect(table.get(idOf('O2') ?? '')?.body.other).toBe(idOf('O1'))
  })

  test('H29: to an unknown record makes its field unknown, and nothing else waits', async () => {
    const it = new World({ adjust: withOrders('customer') }).start()
    world = it
    const order = await it.linked('a', 'o1', { code: 'O1' }, 'b', 'order')
    await it.edit('a', 'o1', { code: 'O1x', other: 'nowhere' }, 'order')
    await it.advance(5_000)
    expect(it.system('b').body(order, 'order')).toMatchObject({ code: 'O1x' })
    expect(it.system('b').body(order, 'order')?.other ?? null).toBeNull()
  })

  test('H29: to a record that never gets a counterpart is reported after a while, and continues automatically', async () => {
    const adjust = (integration: Integration): Integration =>
      withoutCreates(withOrders('customer')(integration))
    const it = new World({ adjust, settings: { missingReferenceMs: 60_000 } }).start()
    world = it
    const order = await it.linked('a', 'o1', { code: 'O1' }, 'b', 'order')
    await it.edit('a', 'c1', { code: '1', name: 'Ann' })
    await it.edit('a', 'o1', { code: 'O1x', other: 'c1' }, 'order')
    await it.advance(30_000)
    expect(it.system('b').body(order, 'order')).toMatchObject({ code: 'O1x' })
    expect((await it.store.admin.failures({ limit: 9 })).rows).toEqual([])

    await it.advance(60_000)
    const [failure, ...others] = (await it.store.admin.failures({ limit: 9 })).rows
    expect(others).toEqual([])
    expect(failure).toMatchObject({
      code: 'ENGINE_REFERENCE_MISSING',
      system: 'b',
      entity: 'order',
      message: expect.stringContaining('other'),
    })
    const { recordId } = failure ?? { recordId: '' }
    const quiet = await it.store.admin.record({ recordId })
    expect(quiet?.record.dirtySeq).toBe(quiet?.record.cleanSeq)

    // The other fields were synced meanwhile; now the target gets its counterpart.
    await it.edit('a', 'o1', { code: 'O1y' }, 'order')
    await it.advance(5_000)
    expect(it.system('b').body(order, 'order')).toMatchObject({ code: 'O1y' })
    it.system('b').edit('cb', { code: '1', name: 'Ann' })
    await it.mark('b', 'cb')
    await it.advance(20_000)
    expect(it.system('b').body(order, 'order')).toMatchObject({ other: 'cb' })
    expect((await it.store.admin.failures({ limit: 9 })).rows).toEqual([])
  })

  test('H29: to a record that stays a candidate is reported after a while', async () => {
    const it = new World({
      adjust: withOrders('customer'),
      settings: { missingReferenceMs: 20_000 },
    }).start()
    world = it
    const order = await it.linked('a', 'o1', { code: 'O1' }, 'b', 'order')
    // Two records of one system that the match can't tell apart: a person has to choose.
    for (const nativeId of ['c1', 'c2']) it.system('b').edit(nativeId, { code: '1', name: nativeId })
    for (const nativeId of ['c1', 'c2']) await it.mark('b', nativeId)
    await it.advance(5_000)
    await it.edit('a', 'c9', { code: '1' })
    await it.advance(5_000)
    expect((await it.record('a', 'c9')).record.state).toBe('review')
    await it.edit('a', 'o1', { other: 'c9' }, 'order')
    await it.advance(60_000)
    expect((await it.store.admin.failures({ limit: 9 })).rows).toMatchObject([
      { code: 'ENGINE_REFERENCE_MISSING', system: 'a' },
    ])
    expect(it.system('b').body(order, 'order')?.other ?? null).toBeNull()
  })
})
