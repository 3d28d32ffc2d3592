import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { Entity } from '../../model/integration.ts'

const names = ['crm', 'erp'] as const

function world(
  capabilities: Partial<RemoteCapabilities> = {},
  engines = 1,
  systems: readonly string[] = names,
  change: (entity: Entity) => Entity = (entity) => entity,
) {
  return new MemoryWorld(
    memoryIntegration({ systems, change }),
    systems.map((name) => new MemorySystem(name, capabilities)),
    engines,
  )
}

/** Which native records are linked to each other, independent of their record ids. */
async function links(memory: MemoryWorld): Promise<string[]> {
  const found = new Set<string>()
  for (const system of memory.systems.values()) {
    for (const nativeId of system.records.keys()) {
      const detail = await memory.detail(system.name, nativeId)
      const members =
        detail?.members.flatMap((member) => (member.nativeId === undefined ? [] : [member.nativeId])) ?? []
      found.add(`${detail?.record.state}: ${members.sort().join(' + ')}`)
    }
  }
  return [...found].sort()
}

describe('candidates', () => {
  test('makes a record of an unknown native record, and creates it in the other systems', async () => {
    const memory = world()
    memory.start()
    await memory.load()
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await memory.mark('crm', nativeId)
    await memory.pass(10_000)
    expect(memory.system('erp').all()).toEqual([{ name: 'Ada', email: 'ada@example.org' }])
    expect(memory.heard('RecordPromoted')).toHaveLength(1)
    const record = (await memory.detail('crm', nativeId))?.record
    expect(record?.state).toBe('active')
    expect(record?.fields.name).toMatchObject({ value: 'Ada', src: 'crm' })
  })

  test('matches by the values agreed now, not by those a record had when it was new', async () => {
    const memory = world()
    memory.start()
    await memory.load()
    const ada = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await memory.mark('crm', ada)
    await memory.pass(10_000)
    memory.system('crm').put({ email: 'ada@elsewhere.org' }, ada)
    await memory.mark('crm', ada)
    await memory.pass(10_000)
    const bea = memory.system('erp').put({ name: 'Bea', email: 'ada@example.org' })
    const twin = memory.system('erp').put({ name: 'Ada', email: 'ada@elsewhere.org' })
    await memory.mark('erp', bea)
    await memory.mark('erp', twin)
    await memory.pass(10_000)
    expect((await memory.detail('erp', bea))?.record.state).toBe('active')
    expect((await memory.detail('erp', twin))?.record.state).toBe('review')
  })

  test('ignores a record that is out of scope, and takes it in once it is in scope', async () => {
    const memory = world()
    memory.start()
    await memory.load()
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org', hidden: true })
    await memory.mark('crm', nativeId)
    await memory.pass(10_000)
    expect((await memory.detail('crm', nativeId))?.record.state).toBe('ignored')
    memory.system('crm').put({ hidden: false }, nativeId)
    await memory.mark('crm', nativeId)
    await memory.pass(10_000)
    expect(memory.system('erp').records.size).toBe(1)
  })

  test('drops a record that was gone before it was ever read, without writing to other systems', async () => {
    const memory = world()
    memory.start()
    await memory.load()
    await memory.mark('crm', 'never-there')
    await memory.pass(600_000)
    expect((await memory.detail('crm', 'never-there'))?.record.state).toBe('ignored')
    expect(memory.heard('DeletionSuspected')).toEqual([])
  })

  test.each(['marker', 'upsertKey', 'naturalKey', 'none'] as const)(
    'H19: our own create is never treated as new when its webhook is faster than its response (%s)',
    async (create) => {
      // Without match rules, only the marker or waiting shows whose the new record is.
      const memory = world({ create }, 1, names, (entity) => ({ ...entity, match: [] }))
      const erp = memory.system('erp')
      erp.onCreated = async (nativeId) => {
        await memory.mark('erp', nativeId)
        await memory.clock.sleep(300)
      }
      memory.start()
      await memory.load()
      const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
      await memory.mark('crm', nativeId)
      await memory.pass(120_000)
      expect(memory.system('crm').records.size).toBe(1)
      expect(erp.records.size).toBe(1)
      expect(await links(memory)).toEqual(['active: crm-1 + erp-1'])
    },
  )

  test.each(['marker', 'upsertKey', 'naturalKey'] as const)(
    'H19: a create whose response was lost is adopted when it is found, not repeated (%s)',
    async (create) => {
      const memory = world({ create })
      const erp = memory.system('erp')
      erp.loseCreateResponses = 1
      erp.onCreated = (nativeId) => memory.mark('erp', nativeId)
      memory.start()
      await memory.load()
      const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
      await memory.mark('crm', nativeId)
      await memory.pass(300_000)
      expect(memory.system('crm').records.size).toBe(1)
      expect(erp.records.size).toBe(1)
      expect(await links(memory)).toEqual(['active: crm-1 + erp-1'])
    },
  )

  test('H20: two workers that process the same key at the same moment make one record', async () => {
    const memory = world({}, 2)
    const people = Array.from({ length: 40 }, (_, index) => `p${index}@example.org`)
    for (const email of people) {
      memory.system('crm').put({ name: 'From crm', email })
      memory.system('erp').put({ name: 'From crm', email })
    }
    memory.start()
    await memory.load()
    await memory.pass(60_000)
    const found = await links(memory)
    expect(found).toHaveLength(people.length)
    for (const link of found) expect(link).toMatch(/^active: crm-\d+ \+ erp-\d+$/)
    expect(memory.system('crm').counts.creates + memory.system('erp').counts.creates).toBe(0)
  })

  test('H20: the order of arrival does not change the links, with three systems and gaps', async () => {
    const orders = [
      ['crm', 'erp', 'shop'],
      ['shop', 'crm', 'erp'],
      ['erp', 'shop', 'crm'],
    ]
    const seen = new Set<string>()
    for (const order of orders) {
      const memory = world({}, 2, ['crm', 'erp', 'shop'])
      for (const [index, name] of ['crm', 'erp', 'shop'].entries()) {
        for (let person = index; person < 6; person += 1) {
          memory
            .system(name)
            .put({ name: `P${person}`, email: `p${person}@example.org` }, `${name}-p${person}`)
        }
      }
      memory.start()
      for (const name of order) await memory.full(name)
      await memory.pass(120_000)
      for (const name of order) expect(memory.system(name).records.size).toBe(6)
      const pairs = (await links(memory)).map((link) => link.replaceAll(/(crm|erp|shop)-(\d+)\b/g, '$1-new'))
      seen.add(JSON.stringify(pairs))
    }
    expect(seen.size).toBe(1)
  })

  test('asks for review when several records share a key, and remembers that they are kept apart', async () => {
    const memory = world()
    memory.start()
    await memory.load()
    const first = memory.system('crm').put({ name: 'Ada', email: 'same@example.org' })
    await memory.mark('crm', first)
    await memory.pass(10_000)
    const second = memory.system('crm').put({ name: 'Ada again', email: 'same@example.org' })
    await memory.mark('crm', second)
    await memory.pass(10_000)
    const [review] = (await memory.store.admin.reviews({ limit: 10 })).rows
    expect(review).toMatchObject({ system: 'crm', nativeId: second })
    expect(memory.system('erp').records.size).toBe(1)
    expect(await memory.store.admin.decideReview(review?.recordId ?? '', { apart: true }, 'ada')).toBe('ok')
    await memory.pass(30_000)
    expect(memory.system('erp').records.size).toBe(2)
    await memory.mark('crm', second)
    await memory.pass(30_000)
    expect((await memory.store.admin.reviews({ limit: 10 })).rows).toEqual([])
  })

  test('keeps matching: a record whose key becomes equal to that of another is joined, not created again', async () => {
    const memory = world()
    memory.start()
    await memory.load()
    memory.system('erp').down = true
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await memory.mark('crm', nativeId)
    await memory.pass(5_000)
    const there = memory.system('erp').put({ name: 'Ada', email: 'ada@example.org' })
    memory.system('erp').down = false
    await memory.mark('erp', there)
    await memory.pass(180_000)
    expect(memory.system('erp').records.size).toBe(1)
    expect(await links(memory)).toEqual([`active: ${nativeId} + ${there}`])
  })
})
