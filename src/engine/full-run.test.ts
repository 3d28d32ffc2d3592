import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { EntitySystem } from '../model/integration.ts'

function world(crm = new TwinSystem('crm'), erp = new TwinSystem('erp')): TwinWorld {
  return new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), [crm, erp])
}

function fill(system: TwinSystem, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    system.put({ name: `Name ${index}`, email: `${index}@example.org` }),
  )
}

/** The system stores the name, but its answers and lists leave it out. */
function withHiddenName(part: EntitySystem): EntitySystem {
  const name = part.fields.get('name')
  if (name === undefined) throw new TypeError('twins have a name')
  return {
    ...part,
    fields: new Map([...part.fields, ['name', { ...name, readable: false }]]),
    lens: {
      ...part.lens,
      read: async (native) => {
        const { values, problems } = await part.lens.read(native)
        const { name: _hidden, ...shown } = values
        return { values: shown, problems }
      },
    },
  }
}

describe('runFull', () => {
  it('takes every listed record in, page by page, and finds nothing to do the second time', async () => {
    const twins = world()
    fill(twins.system('crm'), 10)
    twins.start()
    const first = await twins.full('crm')
    expect(first).toMatchObject({ complete: true, seen: 10, discovered: 10, missing: 0 })
    await twins.full('erp')
    await twins.pass(60_000)
    expect(twins.system('erp').records.size).toBe(10)
    const second = await twins.full('crm')
    expect(second).toMatchObject({ complete: true, unchanged: 10, changed: 0, discovered: 0, missing: 0 })
  })

  it('finds nothing changed in fields that a system takes but never shows', async () => {
    const integration = twinIntegration({
      systems: ['crm', 'erp'],
      part: (part) => (part.system === 'erp' ? withHiddenName(part) : part),
    })
    const twins = new TwinWorld(integration, [new TwinSystem('crm'), new TwinSystem('erp')])
    const [rid] = fill(twins.system('crm'), 1)
    twins.start()
    await twins.load()
    expect(await twins.full('erp')).toMatchObject({ seen: 1, changed: 0 })
    twins.system('crm').put({ name: 'Ada' }, rid)
    await twins.mark('crm', rid ?? '')
    await twins.pass(60_000)
    expect(twins.system('erp').all()[0]).toMatchObject({ name: 'Ada' })
    expect(await twins.full('erp')).toMatchObject({ seen: 1, changed: 0 })
  })

  it('leaves records out of scope aside', async () => {
    const twins = world()
    fill(twins.system('crm'), 2)
    twins.system('crm').put({ name: 'Secret', email: 's@example.org', hidden: true })
    expect(await twins.full('crm')).toMatchObject({ seen: 3, discovered: 2, complete: true })
  })

  it.each([
    ['H25: a list that is cut off at a cap', 'capped'],
    ['H26: a list with fewer records than the system says', 'truncated'],
    ['H26: an empty list with status 200 during an outage', 'empty'],
    ['H26: a list that breaks off', 'breaks'],
    ['H24: a list that repeats a page for ever', 'repeats'],
  ] as const)('%s is not complete and marks nothing as missing', async (_, lie) => {
    const twins = world()
    const crm = twins.system('crm')
    fill(crm, 8)
    twins.start()
    await twins.load()
    crm.listLie = lie
    const reads = crm.counts.reads
    const run = await twins.full('crm')
    expect(run.complete).toBe(false)
    expect(run.reason).toBeTypeOf('string')
    await twins.pass(300_000)
    expect(crm.counts.reads).toBe(reads)
    expect(twins.heard('DeletionSuspected')).toEqual([])
    expect(twins.system('erp').records.size).toBe(8)
  })

  it('H24: offset paging is never evidence of absence, yet two quiet lists let creates begin', async () => {
    const paging = { paging: 'offset', pageSize: 3 } as const
    const twins = world(new TwinSystem('crm', { list: paging }), new TwinSystem('erp', { list: paging }))
    fill(twins.system('crm'), 5)
    twins.start()
    expect(await twins.full('crm')).toMatchObject({ complete: false, ended: true, seen: 5 })
    await twins.pass(60_000)
    await twins.full('erp')
    await twins.full('crm')
    await twins.pass(120_000)
    expect(twins.system('erp').records.size).toBe(5)
  })

  it('H26: a list by another account is no evidence, and deletes nothing', async () => {
    const twins = world()
    const crm = twins.system('crm')
    fill(crm, 6)
    twins.start()
    await twins.load()
    crm.account = 'tenant-2'
    crm.records.clear()
    crm.put({ name: 'Somebody else', email: 'else@example.org' })
    const run = await twins.full('crm')
    expect(run).toMatchObject({ complete: false, ended: false })
    expect(run.reason).toContain('another account')
    await twins.pass(600_000)
    expect(twins.system('erp').counts.removes).toBe(0)
  })
})
