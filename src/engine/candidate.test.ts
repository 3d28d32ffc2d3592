import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { RemoteCapabilities } from '../connectors/kit/contract.ts'
import type { Entity } from '../model/integration.ts'

const names = ['crm', 'erp'] as const

function world(
  capabilities: Partial<RemoteCapabilities> = {},
  engines = 1,
  systems: readonly string[] = names,
  change: (entity: Entity) => Entity = (entity) => entity,
) {
  return new TwinWorld(
    twinIntegration({ systems, change }),
    systems.map((name) => new TwinSystem(name, capabilities)),
    engines,
  )
}

/** Which native records belong together, whatever their record ids are. */
async function links(twins: TwinWorld): Promise<string[]> {
  const found = new Set<string>()
  for (const system of twins.systems.values()) {
    for (const rid of system.records.keys()) {
      const detail = await twins.detail(system.name, rid)
      const members =
        detail?.members.flatMap((member) => (member.rid === undefined ? [] : [member.rid])) ?? []
      found.add(`${detail?.record.state}: ${members.sort().join(' + ')}`)
    }
  }
  return [...found].sort()
}

describe('candidates', () => {
  it('makes a record of what nobody knows, and creates it in the other systems', async () => {
    const twins = world()
    twins.start()
    await twins.load()
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await twins.mark('crm', rid)
    await twins.pass(10_000)
    expect(twins.system('erp').all()).toEqual([{ name: 'Ada', email: 'ada@example.org' }])
    expect(twins.heard('RecordPromoted')).toHaveLength(1)
    const record = (await twins.detail('crm', rid))?.record
    expect(record?.state).toBe('active')
    expect(record?.fields.name).toMatchObject({ value: 'Ada', src: 'crm' })
  })

  it('matches by what is agreed now, not by what a record held when it was new', async () => {
    const twins = world()
    twins.start()
    await twins.load()
    const ada = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await twins.mark('crm', ada)
    await twins.pass(10_000)
    twins.system('crm').put({ email: 'ada@elsewhere.org' }, ada)
    await twins.mark('crm', ada)
    await twins.pass(10_000)
    const bea = twins.system('erp').put({ name: 'Bea', email: 'ada@example.org' })
    const twin = twins.system('erp').put({ name: 'Ada', email: 'ada@elsewhere.org' })
    await twins.mark('erp', bea)
    await twins.mark('erp', twin)
    await twins.pass(10_000)
    expect((await twins.detail('erp', bea))?.record.state).toBe('active')
    expect((await twins.detail('erp', twin))?.record.state).toBe('review')
  })

  it('ignores what is out of scope, and takes it in once it is in scope', async () => {
    const twins = world()
    twins.start()
    await twins.load()
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org', hidden: true })
    await twins.mark('crm', rid)
    await twins.pass(10_000)
    expect((await twins.detail('crm', rid))?.record.state).toBe('ignored')
    twins.system('crm').put({ hidden: false }, rid)
    await twins.mark('crm', rid)
    await twins.pass(10_000)
    expect(twins.system('erp').records.size).toBe(1)
  })

  it('drops what was gone before anybody saw it, without telling other systems', async () => {
    const twins = world()
    twins.start()
    await twins.load()
    await twins.mark('crm', 'never-there')
    await twins.pass(600_000)
    expect((await twins.detail('crm', 'never-there'))?.record.state).toBe('ignored')
    expect(twins.heard('DeletionSuspected')).toEqual([])
  })

  it.each(['marker', 'upsertKey', 'naturalKey', 'none'] as const)(
    'H19: our own create is never taken for new when its webhook is faster than its answer (%s)',
    async (create) => {
      // Without match rules nothing but the marker, or waiting, tells whose the new record is.
      const twins = world({ create }, 1, names, (entity) => ({ ...entity, match: [] }))
      const erp = twins.system('erp')
      erp.onCreated = async (rid) => {
        await twins.mark('erp', rid)
        await twins.clock.sleep(300)
      }
      twins.start()
      await twins.load()
      const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
      await twins.mark('crm', rid)
      await twins.pass(120_000)
      expect(twins.system('crm').records.size).toBe(1)
      expect(erp.records.size).toBe(1)
      expect(await links(twins)).toEqual(['active: crm-1 + erp-1'])
    },
  )

  it.each(['marker', 'upsertKey', 'naturalKey'] as const)(
    'H19: a create whose answer was lost is adopted when it turns up, not doubled (%s)',
    async (create) => {
      const twins = world({ create })
      const erp = twins.system('erp')
      erp.loseCreateAnswers = 1
      erp.onCreated = (rid) => twins.mark('erp', rid)
      twins.start()
      await twins.load()
      const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
      await twins.mark('crm', rid)
      await twins.pass(300_000)
      expect(twins.system('crm').records.size).toBe(1)
      expect(erp.records.size).toBe(1)
      expect(await links(twins)).toEqual(['active: crm-1 + erp-1'])
    },
  )

  it('H20: two workers that meet the same key at the same moment make one record', async () => {
    const twins = world({}, 2)
    const people = Array.from({ length: 40 }, (_, index) => `p${index}@example.org`)
    for (const email of people) {
      twins.system('crm').put({ name: 'From crm', email })
      twins.system('erp').put({ name: 'From crm', email })
    }
    twins.start()
    await twins.load()
    await twins.pass(60_000)
    const found = await links(twins)
    expect(found).toHaveLength(people.length)
    for (const link of found) expect(link).toMatch(/^active: crm-\d+ \+ erp-\d+$/)
    expect(twins.system('crm').counts.creates + twins.system('erp').counts.creates).toBe(0)
  })

  it('H20: the order of arrival does not change the links, with three systems and gaps', async () => {
    const orders = [
      ['crm', 'erp', 'shop'],
      ['shop', 'crm', 'erp'],
      ['erp', 'shop', 'crm'],
    ]
    const seen = new Set<string>()
    for (const order of orders) {
      const twins = world({}, 2, ['crm', 'erp', 'shop'])
      for (const [index, name] of ['crm', 'erp', 'shop'].entries()) {
        for (let person = index; person < 6; person += 1) {
          twins
            .system(name)
            .put({ name: `P${person}`, email: `p${person}@example.org` }, `${name}-p${person}`)
        }
      }
      twins.start()
      for (const name of order) await twins.full(name)
      await twins.pass(120_000)
      for (const name of order) expect(twins.system(name).records.size).toBe(6)
      const pairs = (await links(twins)).map((link) => link.replaceAll(/(crm|erp|shop)-(\d+)\b/g, '$1-new'))
      seen.add(JSON.stringify(pairs))
    }
    expect(seen.size).toBe(1)
  })

  it('asks a person when a key is shared by several records, and remembers that they are kept apart', async () => {
    const twins = world()
    twins.start()
    await twins.load()
    const first = twins.system('crm').put({ name: 'Ada', email: 'same@example.org' })
    await twins.mark('crm', first)
    await twins.pass(10_000)
    const second = twins.system('crm').put({ name: 'Ada again', email: 'same@example.org' })
    await twins.mark('crm', second)
    await twins.pass(10_000)
    const [review] = (await twins.store.admin.reviews({ limit: 10 })).rows
    expect(review).toMatchObject({ system: 'crm', rid: second })
    expect(twins.system('erp').records.size).toBe(1)
    expect(await twins.store.admin.decideReview(review?.recordId ?? '', { apart: true }, 'ada')).toBe('ok')
    await twins.pass(30_000)
    expect(twins.system('erp').records.size).toBe(2)
    await twins.mark('crm', second)
    await twins.pass(30_000)
    expect((await twins.store.admin.reviews({ limit: 10 })).rows).toEqual([])
  })

  it('matches for ever: a record whose key comes to equal that of another is joined, not doubled', async () => {
    const twins = world()
    twins.start()
    await twins.load()
    twins.system('erp').down = true
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await twins.mark('crm', rid)
    await twins.pass(5_000)
    const there = twins.system('erp').put({ name: 'Ada', email: 'ada@example.org' })
    twins.system('erp').down = false
    await twins.mark('erp', there)
    await twins.pass(180_000)
    expect(twins.system('erp').records.size).toBe(1)
    expect(await links(twins)).toEqual([`active: ${rid} + ${there}`])
  })
})
