import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import { createByHand } from './by-hand.ts'

const { signal } = new AbortController()

function world(crm: Partial<RemoteCapabilities> = {}) {
  const memory = new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [
    new MemorySystem('crm', crm),
    new MemorySystem('erp'),
  ])
  return { memory, byHand: createByHand(memory.context, memory.runs) }
}

describe('manual runs', () => {
  test('syncs one record by its native id, known or not', async () => {
    const { memory, byHand } = world()
    memory.start()
    await memory.load()
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await byHand.syncRecord({ system: 'crm', entity: 'thing', nativeId })
    await memory.pass(10_000)
    expect(memory.system('erp').all()).toMatchObject([{ name: 'Ada' }])
    memory.system('crm').put({ name: 'Ada L.' }, nativeId)
    const recordId = (await memory.detail('crm', nativeId))?.record.id ?? ''
    await byHand.syncRecord({ recordId })
    await memory.pass(10_000)
    expect(memory.system('erp').all()).toMatchObject([{ name: 'Ada L.' }])
  })

  test('syncs everything: by feed where there is one, else by list', async () => {
    const { memory, byHand } = world({ changes: { cursor: 'none', commitLagMs: 0 } })
    memory.system('crm').put({ name: 'Ada' })
    await memory.finish(byHand.runFull({}, signal))
    memory.system('erp').put({ name: 'Bob' })
    const results = await memory.finish(byHand.syncEverything({}, signal))
    expect(results).toMatchObject([
      { system: 'crm', how: 'listed', changed: 1 },
      { system: 'erp', how: 'polled', changed: 1 },
    ])
  })

  describe('where lists go by offset', () => {
    const offset: Partial<RemoteCapabilities> = {
      list: { paging: 'offset', pageSize: 10 },
      changes: { cursor: 'none', commitLagMs: 0 },
    }

    function pair() {
      const memory = new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [
        new MemorySystem('crm', offset),
        new MemorySystem('erp', offset),
      ])
      return { memory, byHand: createByHand(memory.context, memory.runs) }
    }

    function enter(system: MemorySystem, count: number, from = 0): void {
      for (let at = from; at < from + count; at += 1)
        system.put({ name: `Name ${at}`, email: `${at}@example.org` })
    }

    test('a first sync lists again automatically, and everything that waits for it continues at once', async () => {
      const { memory, byHand } = pair()
      enter(memory.system('crm'), 40)
      enter(memory.system('erp'), 40, 20)
      memory.start()
      const results = await memory.finish(byHand.syncEverything({}, signal))
      expect(results).toMatchObject([
        { system: 'crm', how: 'listed', changed: 40, run: { discovered: 40, seen: 40 } },
        { system: 'erp', how: 'listed', changed: 40, run: { discovered: 40, seen: 40 } },
      ])
      await memory.pass(5_000)
      expect(memory.system('crm').records.size).toBe(60)
      expect(memory.system('erp').records.size).toBe(60)
      const runs = memory.heard('RunStarted').length
      await memory.finish(byHand.syncEverything({}, signal))
      expect(memory.heard('RunStarted').length - runs).toBe(2)
    })

    test('creates that have waited long continue as soon as the lists are accepted', async () => {
      const { memory, byHand } = pair()
      enter(memory.system('crm'), 5)
      memory.start()
      await memory.full('crm')
      await memory.pass(300_000)
      expect(memory.system('erp').records.size).toBe(0)
      await memory.finish(byHand.syncEverything({ system: 'erp' }, signal))
      await memory.pass(2_000)
      expect(memory.system('erp').records.size).toBe(5)
    })

    test('people who keep entering records delay nothing', async () => {
      const { memory, byHand } = pair()
      const crm = memory.system('crm')
      enter(crm, 20)
      crm.beforeList = () => enter(crm, 2, 1_000 * crm.counts.lists)
      memory.start()
      await memory.finish(byHand.syncEverything({}, signal))
      expect(crm.counts.lists).toBe(4)
      await memory.pass(5_000)
      expect(memory.system('erp').records.size).toBe(28)
    })

    test('lists that find more and more records are not accepted', async () => {
      const { memory, byHand } = pair()
      const crm = memory.system('crm')
      crm.beforeList = () => enter(crm, 20, 1_000 * crm.counts.lists)
      memory.system('erp').put({ name: 'Ann', email: 'ann@example.org' })
      memory.start()
      await memory.finish(byHand.syncEverything({}, signal))
      await memory.pass(60_000)
      expect(crm.counts.lists).toBe(4)
      expect(crm.all()).not.toContainEqual(expect.objectContaining({ name: 'Ann' }))
    })
  })

  test('marks each known record of a system that can neither be listed nor polled', async () => {
    const { memory } = world()
    memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    memory.start()
    await memory.load()
    const mute = createByHand(
      {
        ...memory.context,
        systems: new Map(memory.systems).set(
          'crm',
          new MemorySystem('crm', {
            list: { paging: 'none', pageSize: 1 },
            changes: { cursor: 'none', commitLagMs: 0 },
          }),
        ),
      },
      memory.runs,
    )
    expect(await mute.syncEverything({ system: 'crm' }, signal)).toMatchObject([
      { how: 'marked', changed: 1 },
    ])
  })

  test('reports why a full run did not complete', async () => {
    const { memory, byHand } = world()
    memory.system('crm').put({ name: 'Ada' })
    memory.system('crm').listFault = 'breaks'
    const [result] = await memory.finish(byHand.runFull({ system: 'crm' }, signal))
    expect(result?.failure).toContain('connection reset')
  })

  test('lists the existing names when asked for an unknown one', async () => {
    const { byHand } = world()
    await expect(byHand.syncRecord({ system: 'shop', entity: 'thing', nativeId: '1' })).rejects.toMatchObject(
      {
        code: 'ENGINE_UNKNOWN_PLACE',
        message: expect.stringContaining('crm, erp'),
      },
    )
    await expect(byHand.syncRecord({ recordId: 'nobody' })).rejects.toMatchObject({
      code: 'ENGINE_UNKNOWN_RECORD',
    })
    await expect(byHand.runFull({ system: 'shop' }, signal)).rejects.toMatchObject({
      code: 'ENGINE_UNKNOWN_PLACE',
    })
  })
})
