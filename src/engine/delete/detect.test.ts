import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { DeletePolicy } from '../../model/integration.ts'

interface Setup {
  readonly delete?: Partial<DeletePolicy>
  readonly capabilities?: Partial<RemoteCapabilities>
  readonly records?: number
}

/** Two systems in agreement on some records, with running engines. */
async function agreed(setup: Setup = {}): Promise<MemoryWorld> {
  const integration = memoryIntegration({
    systems: ['crm', 'erp'],
    change: (entity) => ({ ...entity, delete: { ...entity.delete, ...setup.delete } }),
  })
  const memory = new MemoryWorld(integration, [
    new MemorySystem('crm', setup.capabilities),
    new MemorySystem('erp', setup.capabilities),
  ])
  for (let index = 0; index < (setup.records ?? 8); index += 1) {
    memory.system('crm').put({ name: `Name ${index}`, email: `${index}@example.org` })
  }
  memory.start()
  await memory.load()
  expect(memory.system('erp').records.size).toBe(setup.records ?? 8)
  return memory
}

async function counterpart(memory: MemoryWorld, nativeId: string): Promise<string> {
  const detail = await memory.detail('crm', nativeId)
  return detail?.members.find((member) => member.system === 'erp')?.nativeId ?? ''
}

describe('deletions', () => {
  test('propagates a deletion after a second read, and tombstones the record', async () => {
    const memory = await agreed()
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(50_000)
    expect(memory.system('erp').native(there)).toBeDefined()
    await memory.pass(60_000)
    expect(memory.system('erp').removed).toEqual([there])
    const detail = await memory.detail('crm', 'crm-1')
    expect(detail?.record.state).toBe('tombstoned')
    expect(detail?.intents.at(-1)?.request.preImage).toMatchObject({ email: '0@example.org' })
  })

  test('finds a deletion through a complete full run alone', async () => {
    const memory = await agreed()
    memory.system('crm').drop('crm-3')
    expect(await memory.full('crm')).toMatchObject({ complete: true, missing: 1 })
    await memory.pass(200_000)
    expect(memory.system('erp').records.size).toBe(7)
    expect((await memory.detail('crm', 'crm-3'))?.record.state).toBe('tombstoned')
  })

  test('H26: a record that was gone only for a moment is not deleted anywhere', async () => {
    const memory = await agreed()
    const crm = memory.system('crm')
    const { native } = crm.records.get('crm-2') ?? { native: {} }
    crm.drop('crm-2')
    await memory.mark('crm', 'crm-2')
    await memory.pass(30_000)
    expect(memory.heard('DeletionSuspected')).toHaveLength(1)
    crm.put(native, 'crm-2')
    await memory.pass(300_000)
    expect(memory.system('erp').counts.removes).toBe(0)
    const members = (await memory.detail('crm', 'crm-2'))?.members
    expect(members?.map(({ state }) => state)).toEqual(['linked', 'linked'])
  })

  test('H26: a response of another account is no evidence until a person accepts the account', async () => {
    const memory = await agreed()
    memory.system('crm').account = 'tenant-2'
    expect(await memory.full('crm')).toMatchObject({ complete: false, reason: { code: 'other-account' } })
    expect(await memory.store.admin.acceptAccount('crm', 'ada')).toMatchObject({ account: 'tenant-2' })
    expect(await memory.full('crm')).toMatchObject({ complete: true })
  })

  test.each([
    ['every record answers "does not exist"', { blind: true }],
    ['another account responds', { account: 'tenant-2' }],
    ['the account is not identified', { account: 'silent' }],
  ])('H26: nothing is deleted while %s', async (_, lie) => {
    const memory = await agreed()
    const crm = memory.system('crm')
    crm.drop('crm-1')
    Object.assign(crm, lie)
    await memory.mark('crm', 'crm-1')
    await memory.pass(1_800_000)
    expect(memory.system('erp').counts.removes).toBe(0)
    const holds = await memory.holds()
    expect(new Set(holds.map(({ kind }) => kind))).toEqual(new Set(['delete-guard']))
    crm.blind = false
    crm.account = 'tenant-1'
    await memory.full('crm')
    await memory.pass(120_000)
    expect(await memory.holds()).toMatchObject([{ kind: 'delete-guard', system: 'crm' }])
    await memory.store.admin.releaseHolds({ kind: 'delete-guard' }, 'release', 'ada')
    memory.context.wake()
    await memory.pass(60_000)
    expect(memory.system('erp').counts.removes).toBe(1)
  })

  test('H26: a system that lost all its records, unnoticed one by one, is held for review', async () => {
    const memory = await agreed()
    const crm = memory.system('crm')
    for (const nativeId of [...crm.records.keys()]) crm.drop(nativeId)
    await memory.mark('crm', 'crm-1')
    await memory.pass(1_800_000)
    expect(memory.system('erp').counts.removes).toBe(0)
    expect(await memory.holds()).toHaveLength(8)
  })

  test('H27: deleting 30 % of one system deletes nothing in the other and holds the batch for review', async () => {
    const memory = await agreed({ records: 100 })
    for (let index = 1; index <= 30; index += 1) memory.system('crm').drop(`crm-${index}`)
    await memory.full('crm')
    await memory.pass(600_000)
    expect(memory.system('erp').counts.removes).toBe(0)
    expect(memory.system('erp').records.size).toBe(100)
    const holds = await memory.holds()
    expect(new Set(holds.map(({ kind, system }) => `${kind} ${system}`))).toEqual(
      new Set(['delete-guard crm']),
    )
    expect(holds).toHaveLength(30)

    expect(await memory.store.admin.releaseHolds({ kind: 'delete-guard' }, 'release', 'ada')).toBe(30)
    memory.context.wake()
    await memory.pass(120_000)
    expect(memory.system('erp').records.size).toBe(70)
    expect(await memory.holds()).toEqual([])
  })

  test('H27: a rejected batch leaves the other system unchanged permanently', async () => {
    const memory = await agreed({ records: 40 })
    for (let index = 1; index <= 20; index += 1) memory.system('crm').drop(`crm-${index}`)
    await memory.full('crm')
    await memory.pass(300_000)
    await memory.store.admin.releaseHolds({ kind: 'delete-guard' }, 'reject', 'ada')
    await memory.full('crm')
    await memory.pass(600_000)
    expect(memory.system('erp').records.size).toBe(40)
    expect(await memory.holds()).toEqual([])
  })

  test('H28: an edit that the deleting side never had holds the deletion for review', async () => {
    const memory = await agreed()
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    memory.system('erp').put({ name: 'Edited meanwhile' }, there)
    await memory.mark('crm', 'crm-1')
    await memory.pass(600_000)
    expect(memory.system('erp').native(there)).toMatchObject({ name: 'Edited meanwhile' })
    expect(await memory.holds()).toMatchObject([{ kind: 'update-delete', system: 'crm' }])
    await memory.store.admin.releaseHolds({ kind: 'update-delete' }, 'release', 'ada')
    memory.context.wake()
    await memory.pass(60_000)
    expect(memory.system('erp').removed).toEqual([there])
  })

  test('H28: a held deletion ends when the other system deletes the record as well', async () => {
    const memory = await agreed()
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    memory.system('erp').put({ name: 'Edited meanwhile' }, there)
    await memory.mark('crm', 'crm-1')
    await memory.pass(600_000)
    expect(await memory.holds()).toMatchObject([{ kind: 'update-delete', system: 'crm' }])
    memory.system('erp').drop(there)
    await memory.mark('erp', there)
    await memory.pass(300_000)
    expect((await memory.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
    expect(await memory.holds()).toEqual([])
  })

  test('a loss under review is resolved when a system whose deletions are propagated deletes the record', async () => {
    const memory = await agreed({ delete: { from: ['erp'] } })
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(300_000)
    expect((await memory.store.admin.failures({ limit: 10 })).rows).toHaveLength(1)
    memory.system('erp').drop(there)
    await memory.mark('erp', there)
    await memory.pass(300_000)
    expect((await memory.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
    expect((await memory.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })

  test('H28: a record that was restored in one system after its deletion was held is removed with the others', async () => {
    const memory = await agreed()
    const there = await counterpart(memory, 'crm-1')
    const { native } = memory.system('crm').records.get('crm-1') ?? { native: {} }
    memory.system('crm').drop('crm-1')
    memory.system('erp').put({ name: 'Edited meanwhile' }, there)
    await memory.mark('crm', 'crm-1')
    await memory.pass(600_000)
    memory.system('crm').put(native, 'crm-1')
    memory.system('erp').drop(there)
    await memory.mark('erp', there)
    await memory.pass(300_000)
    expect(memory.system('crm').removed).toEqual(['crm-1'])
    expect((await memory.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
    expect(await memory.holds()).toEqual([])
  })

  test('H28: late events restore a deleted record in no system', async () => {
    const memory = await agreed()
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(200_000)
    for (let replay = 0; replay < 5; replay += 1) {
      await memory.mark('crm', 'crm-1')
      await memory.mark('erp', there)
      await memory.pass(100_000)
    }
    expect(memory.system('crm').records.size).toBe(7)
    expect(memory.system('erp').records.size).toBe(7)
  })

  test('H28: a create that takes effect after its record was deleted is not treated as a new record', async () => {
    const memory = await agreed({ capabilities: { create: 'marker' } })
    const recordId = (await memory.detail('crm', 'crm-1'))?.record.id
    memory.system('crm').drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(200_000)
    const zombie = memory.system('erp').put({ name: 'Name 0', email: '0@example.org', ext: recordId ?? '' })
    await memory.mark('erp', zombie)
    await memory.pass(200_000)
    expect(memory.system('crm').records.size).toBe(7)
    expect((await memory.detail('erp', zombie))?.record.state).toBe('ignored')
  })

  test('unlinks the record instead of deleting it where the system can not archive', async () => {
    const memory = await agreed({ delete: { action: 'archive' }, capabilities: { remove: 'delete' } })
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(200_000)
    expect(memory.system('erp').native(there)).toBeDefined()
    expect((await memory.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
  })

  test('delays a removal until the other system is available again', async () => {
    const memory = await agreed()
    const erp = memory.system('erp')
    const there = await counterpart(memory, 'crm-1')
    memory.system('crm').drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(30_000)
    erp.down = true
    await memory.pass(600_000)
    erp.down = false
    await memory.pass(300_000)
    expect(erp.removed).toEqual([there])
    expect((await memory.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
  })

  test('reports a loss in a system that may not delete, and recreates the record on retry', async () => {
    const memory = await agreed({ delete: { from: ['erp'] } })
    const crm = memory.system('crm')
    crm.drop('crm-1')
    await memory.mark('crm', 'crm-1')
    await memory.pass(300_000)
    expect(memory.system('erp').counts.removes).toBe(0)
    const { rows } = await memory.store.admin.failures({ limit: 10 })
    expect(rows).toMatchObject([{ code: 'ENGINE_RECORD_LOST', system: 'crm' }])
    expect(crm.records.size).toBe(7)
    await memory.store.admin.retryFailures({ system: 'crm' }, 'ada')
    memory.context.wake()
    await memory.pass(300_000)
    expect(crm.records.size).toBe(8)
    expect((await memory.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })

  test('H38: a merge in one system relinks the record and deletes nothing', async () => {
    const memory = await agreed()
    const crm = memory.system('crm')
    const loser = (await memory.detail('crm', 'crm-1'))?.record.id
    crm.drop('crm-1')
    crm.mergedInto.set('crm-1', 'crm-2')
    await memory.mark('crm', 'crm-1')
    await memory.pass(600_000)
    expect(memory.heard('MembersMerged')).toMatchObject([{ recordId: loser, system: 'crm' }])
    expect(memory.heard('DeletionConfirmed')).toEqual([])
    expect(memory.system('erp').records.size).toBe(8)
    expect(crm.records.size).toBe(7)
  })

  test('H38: a survivor that is not known yet is discovered first', async () => {
    const memory = await agreed()
    const crm = memory.system('crm')
    crm.drop('crm-1')
    const survivor = crm.put({ name: 'Survivor', email: 'survivor@example.org' })
    crm.mergedInto.set('crm-1', survivor)
    await memory.mark('crm', 'crm-1')
    await memory.pass(600_000)
    expect(memory.heard('MembersMerged')).toHaveLength(1)
    expect(memory.system('erp').counts.removes).toBe(0)
  })
})
