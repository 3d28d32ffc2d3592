import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { Integration } from '../../model/integration.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

/** Deletes in `a` a record that was in agreement; returns its native id in `b`. */
async function deleted(
  options: WorldOptions = {},
): Promise<{ it: World; nativeId: string; recordId: string }> {
  const it = new World(options).start()
  world = it
  // Other records, as sentinels for the systems.
  for (const n of [1, 2, 3, 4]) await it.linked('a', `w${n}`, { code: `w${n}` })
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
  const recordId = (await it.record('a', 'x')).record.id
  it.system('a').table('customer').delete('x')
  await it.mark('a', 'x', 'customer', { force: true })
  await it.advance(60_000)
  return { it, nativeId, recordId }
}

describe('a record that exists again after its deletion', () => {
  test('H28: is reported for review, and becomes a new record on retry', async () => {
    const { it, nativeId, recordId } = await deleted()
    expect(it.system('b').body(nativeId)).toBeUndefined()
    expect((await it.record('a', 'x')).record.state).toBe('tombstoned')

    await it.edit('a', 'x', { code: '1', name: 'Ann', phone: '7' })
    await it.advance(60_000)
    expect(it.system('b').bodies()).toHaveLength(4)
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_RECORD_RESTORED', system: 'a', recordId }])

    await it.store.admin.retryFailures({ recordId }, 'ada')
    it.engine.wake()
    await it.advance(60_000)
    expect(await failures(it)).toEqual([])
    expect((await it.record('a', 'x')).record.id).not.toBe(recordId)
    expect(it.system('b').bodies()).toContainEqual(expect.objectContaining({ code: '1', phone: '7' }))
  })

  test('is resolved by a read that shows it gone again', async () => {
    const { it } = await deleted()
    await it.edit('a', 'x', { code: '1' })
    await it.advance(5_000)
    expect(await failures(it)).toHaveLength(1)
    it.system('a').table('customer').delete('x')
    await it.mark('a', 'x', 'customer', { force: true })
    await it.advance(5_000)
    expect(await failures(it)).toEqual([])
  })

  test('a late event about the deletion itself changes nothing', async () => {
    const { it, nativeId } = await deleted()
    await it.mark('b', nativeId, 'customer', { force: true })
    await it.mark('a', 'x')
    await it.advance(60_000)
    expect(await failures(it)).toEqual([])
    expect((await it.record('a', 'x')).record).toMatchObject({ state: 'tombstoned' })
  })

  test('rejoins its record where deletions only unlink', async () => {
    const unlink = (integration: Integration): Integration => ({
      ...integration,
      entities: new Map(
        [...integration.entities].map(([name, entity]) => [
          name,
          { ...entity, delete: { ...entity.delete, action: 'unlink' as const } },
        ]),
      ),
    })
    const { it, nativeId, recordId } = await deleted({ adjust: unlink })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann' })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_RECORD_RESTORED' }])
    await it.store.admin.retryFailures({ recordId }, 'ada')
    it.engine.wake()
    await it.advance(5_000)
    await it.edit('b', nativeId, { phone: '9' })
    await it.advance(5_000)
    expect(it.system('a').body('x')).toMatchObject({ phone: '9' })
    expect(it.system('a').bodies()).toHaveLength(5)
  })
})

describe('a record that was out of scope when its record was deleted', () => {
  test('becomes a new record once it is in scope', async () => {
    const it = new World({ adjust: onlyCompaniesInB }).start()
    world = it
    for (const n of [1, 2, 3, 4]) await it.linked('a', `w${n}`, { code: `w${n}` })
    const nativeId = await it.linked('b', 'x', { code: '1', name: 'Ann' }, 'a')
    await it.edit('b', 'x', { kind: 'person' })
    await it.advance(5_000)
    it.system('a').table('customer').delete(nativeId)
    await it.mark('a', nativeId, 'customer', { force: true })
    await it.advance(60_000)
    expect((await it.record('a', nativeId)).record.state).toBe('tombstoned')
    expect(it.system('b').body('x')).toMatchObject({ kind: 'person' })

    await it.edit('b', 'x', { kind: undefined })
    await it.advance(60_000)
    expect((await it.record('b', 'x')).record.state).toBe('active')
    expect(it.system('a').bodies()).toContainEqual(expect.objectContaining({ code: '1', name: 'Ann' }))
  })
})

function onlyCompaniesInB(integration: Integration): Integration {
  return {
    ...integration,
    entities: new Map(
      [...integration.entities].map(([name, entity]) => [
        name,
        {
          ...entity,
          systems: new Map(
            [...entity.systems].map(([system, part]) => [
              system,
              system === 'b' ? { ...part, inScope: (native) => native.kind !== 'person' } : part,
            ]),
          ),
        },
      ]),
    ),
  }
}

describe('a create that takes effect after its record was deleted', () => {
  test('H28: is reported for review and not treated as a new record', async () => {
    const { it, recordId } = await deleted()
    await it.edit('b', 'zombie', { code: '1', name: 'Ann', ext: recordId })
    await it.advance(60_000)
    expect(it.system('a').body('x')).toBeUndefined()
    expect(it.system('a').bodies()).toHaveLength(4)
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_CREATED_AFTER_DELETION', system: 'b' }])

    it.system('b').table('customer').delete('zombie')
    await it.mark('b', 'zombie', 'customer', { force: true })
    await it.advance(5_000)
    expect(await failures(it)).toEqual([])
  })

  test('becomes a new record once a person has removed our record id', async () => {
    const { it, recordId } = await deleted()
    await it.edit('b', 'zombie', { code: '1', name: 'Ann', ext: recordId })
    await it.advance(5_000)
    await it.edit('b', 'zombie', { ext: undefined })
    await it.advance(20_000)
    expect(await failures(it)).toEqual([])
    expect(it.system('a').bodies()).toContainEqual(expect.objectContaining({ code: '1', name: 'Ann' }))
  })
})
