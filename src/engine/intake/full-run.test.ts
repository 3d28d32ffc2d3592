import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { EntitySystem } from '../../model/integration.ts'

function world(crm = new MemorySystem('crm'), erp = new MemorySystem('erp')): MemoryWorld {
  return new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [crm, erp])
}

function fill(system: MemorySystem, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    system.put({ name: `Name ${index}`, email: `${index}@example.org` }),
  )
}

/** The system stores the name, but its responses and lists leave it out. */
function withHiddenName(part: EntitySystem): EntitySystem {
  const name = part.fields.get('name')
  if (name === undefined) throw new TypeError('the systems have a name')
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
  test('takes in every listed record, page by page, and finds nothing to do the second time', async () => {
    const memory = world()
    fill(memory.system('crm'), 10)
    memory.start()
    const first = await memory.full('crm')
    expect(first).toMatchObject({ complete: true, seen: 10, discovered: 10, missing: 0 })
    await memory.full('erp')
    await memory.pass(60_000)
    expect(memory.system('erp').records.size).toBe(10)
    const second = await memory.full('crm')
    expect(second).toMatchObject({ complete: true, unchanged: 10, changed: 0, discovered: 0, missing: 0 })
  })

  test('finds no change in write-only fields', async () => {
    const integration = memoryIntegration({
      systems: ['crm', 'erp'],
      part: (part) => (part.system === 'erp' ? withHiddenName(part) : part),
    })
    const memory = new MemoryWorld(integration, [new MemorySystem('crm'), new MemorySystem('erp')])
    const [nativeId] = fill(memory.system('crm'), 1)
    memory.start()
    await memory.load()
    expect(await memory.full('erp')).toMatchObject({ seen: 1, changed: 0 })
    memory.system('crm').put({ name: 'Ada' }, nativeId)
    await memory.mark('crm', nativeId ?? '')
    await memory.pass(60_000)
    expect(memory.system('erp').all()[0]).toMatchObject({ name: 'Ada' })
    expect(await memory.full('erp')).toMatchObject({ seen: 1, changed: 0 })
  })

  test('ignores records that are out of scope', async () => {
    const memory = world()
    fill(memory.system('crm'), 2)
    memory.system('crm').put({ name: 'Secret', email: 's@example.org', hidden: true })
    expect(await memory.full('crm')).toMatchObject({ seen: 3, discovered: 2, complete: true })
  })

  test.each([
    ['H25: a list that is cut off at a cap', 'capped', 'list-incomplete'],
    ['H26: a list with fewer records than the system reports', 'truncated', 'records-left-out'],
    ['H26: an empty list with status 200 during an outage', 'empty', 'nothing-listed'],
    ['H26: a list that breaks off', 'breaks', 'list-failed'],
    ['H24: a list that repeats a page endlessly', 'repeats', 'page-repeated'],
  ] as const)('%s is not complete and marks nothing as missing', async (_, lie, code) => {
    const memory = world()
    const crm = memory.system('crm')
    fill(crm, 8)
    memory.start()
    await memory.load()
    crm.listFault = lie
    const reads = crm.counts.reads
    const run = await memory.full('crm')
    expect(run.complete).toBe(false)
    expect(run.reason?.code).toBe(code)
    await memory.pass(300_000)
    expect(crm.counts.reads).toBe(reads)
    expect(memory.heard('DeletionSuspected')).toEqual([])
    expect(memory.system('erp').records.size).toBe(8)
  })

  test('H24: offset paging is never evidence of absence, yet two lists without new records let creates begin', async () => {
    const paging = { paging: 'offset', pageSize: 3 } as const
    const memory = world(new MemorySystem('crm', { list: paging }), new MemorySystem('erp', { list: paging }))
    fill(memory.system('crm'), 5)
    memory.start()
    expect(await memory.full('crm')).toMatchObject({
      complete: false,
      ended: true,
      seen: 5,
      reason: { code: 'offset-paging' },
    })
    await memory.pass(60_000)
    await memory.full('erp')
    await memory.full('crm')
    await memory.pass(120_000)
    expect(memory.system('erp').records.size).toBe(5)
  })

  test('H26: a list of another account is no evidence, and deletes nothing', async () => {
    const memory = world()
    const crm = memory.system('crm')
    fill(crm, 6)
    memory.start()
    await memory.load()
    crm.account = 'tenant-2'
    crm.records.clear()
    crm.put({ name: 'Somebody else', email: 'else@example.org' })
    const run = await memory.full('crm')
    expect(run).toMatchObject({ complete: false, ended: false })
    expect(run.reason).toEqual({ code: 'other-account' })
    await memory.pass(600_000)
    expect(memory.system('erp').counts.removes).toBe(0)
  })
  test('drops what was listed when it can not be stored', async () => {
    const memory = world()
    fill(memory.system('crm'), 3)
    memory.start()
    memory.store.stage = async () => {
      throw new IsthmusError('STORE_QUERY_FAILED', 'no room')
    }
    await expect(memory.full('crm')).rejects.toMatchObject({ code: 'STORE_QUERY_FAILED' })
    const { rows } = await memory.store.admin.runs({ limit: 5 })
    expect(rows).toMatchObject([{ complete: false, reason: { code: 'stopped' } }])
    expect(rows[0]?.finishedAt).toBeDefined()
  })

  test('waits for a store that is unavailable when everything is listed, instead of listing again', async () => {
    const memory = world()
    const crm = memory.system('crm')
    fill(crm, 3)
    memory.start()
    const finishRun = memory.store.finishRun.bind(memory.store)
    let failures = 5
    memory.store.finishRun = async (run) => {
      failures -= 1
      if (failures >= 0) throw new IsthmusError('STORE_UNAVAILABLE', 'restarting', { retry: 'backoff' })
      return finishRun(run)
    }
    const lists = crm.counts.lists
    expect(await memory.full('crm')).toMatchObject({ complete: true, discovered: 3 })
    expect(crm.counts.lists - lists).toBe(1)
  })
})
