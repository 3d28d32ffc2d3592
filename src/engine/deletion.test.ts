import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { RemoteCapabilities } from '../connectors/kit/contract.ts'
import type { DeletePolicy } from '../model/integration.ts'
import { otherAccount } from '../model/run-reasons.ts'

interface Setup {
  readonly delete?: Partial<DeletePolicy>
  readonly capabilities?: Partial<RemoteCapabilities>
  readonly records?: number
}

/** Two systems in agreement over some records, with engines at work. */
async function agreed(setup: Setup = {}): Promise<TwinWorld> {
  const integration = twinIntegration({
    systems: ['crm', 'erp'],
    change: (entity) => ({ ...entity, delete: { ...entity.delete, ...setup.delete } }),
  })
  const twins = new TwinWorld(integration, [
    new TwinSystem('crm', setup.capabilities),
    new TwinSystem('erp', setup.capabilities),
  ])
  for (let index = 0; index < (setup.records ?? 8); index += 1) {
    twins.system('crm').put({ name: `Name ${index}`, email: `${index}@example.org` })
  }
  twins.start()
  await twins.load()
  expect(twins.system('erp').records.size).toBe(setup.records ?? 8)
  return twins
}

async function counterpart(twins: TwinWorld, rid: string): Promise<string> {
  const detail = await twins.detail('crm', rid)
  return detail?.members.find((member) => member.system === 'erp')?.rid ?? ''
}

describe('deletions', () => {
  it('carries a deletion on after a second look, and buries the record', async () => {
    const twins = await agreed()
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(50_000)
    expect(twins.system('erp').native(there)).toBeDefined()
    await twins.pass(60_000)
    expect(twins.system('erp').removed).toEqual([there])
    const detail = await twins.detail('crm', 'crm-1')
    expect(detail?.record.state).toBe('tombstoned')
    expect(detail?.intents.at(-1)?.request.preImage).toMatchObject({ email: '0@example.org' })
  })

  it('finds a deletion by a complete full run alone', async () => {
    const twins = await agreed()
    twins.system('crm').drop('crm-3')
    expect(await twins.full('crm')).toMatchObject({ complete: true, missing: 1 })
    await twins.pass(200_000)
    expect(twins.system('erp').records.size).toBe(7)
    expect((await twins.detail('crm', 'crm-3'))?.record.state).toBe('tombstoned')
  })

  it('H26: a record that was gone for a moment only is not deleted anywhere', async () => {
    const twins = await agreed()
    const crm = twins.system('crm')
    const { native } = crm.records.get('crm-2') ?? { native: {} }
    crm.drop('crm-2')
    await twins.mark('crm', 'crm-2')
    await twins.pass(30_000)
    expect(twins.heard('DeletionSuspected')).toHaveLength(1)
    crm.put(native, 'crm-2')
    await twins.pass(300_000)
    expect(twins.system('erp').counts.removes).toBe(0)
    const members = (await twins.detail('crm', 'crm-2'))?.members
    expect(members?.map(({ state }) => state)).toEqual(['linked', 'linked'])
  })

  it('H26: another account proves nothing until a person accepts it', async () => {
    const twins = await agreed()
    twins.system('crm').account = 'tenant-2'
    expect(await twins.full('crm')).toMatchObject({ complete: false, reason: otherAccount })
    expect(await twins.store.admin.acceptAccount('crm', 'ada')).toMatchObject({ account: 'tenant-2' })
    expect(await twins.full('crm')).toMatchObject({ complete: true })
  })

  it.each([
    ['every record answers "does not exist"', { blind: true }],
    ['another account answers', { account: 'tenant-2' }],
    ['nobody says which account answers', { account: 'silent' }],
  ])('H26: nothing is deleted while %s', async (_, lie) => {
    const twins = await agreed()
    const crm = twins.system('crm')
    crm.drop('crm-1')
    Object.assign(crm, lie)
    await twins.mark('crm', 'crm-1')
    await twins.pass(1_800_000)
    expect(twins.system('erp').counts.removes).toBe(0)
    const holds = await twins.holds()
    expect(new Set(holds.map(({ kind }) => kind))).toEqual(new Set(['delete-guard']))
    crm.blind = false
    crm.account = 'tenant-1'
    await twins.full('crm')
    await twins.pass(120_000)
    expect(await twins.holds()).toMatchObject([{ kind: 'delete-guard', system: 'crm' }])
    await twins.store.admin.releaseHolds({ kind: 'delete-guard' }, 'release', 'ada')
    twins.context.wake()
    await twins.pass(60_000)
    expect(twins.system('erp').counts.removes).toBe(1)
  })

  it('H26: a system that lost all its records, one by one unnoticed, is held for a person', async () => {
    const twins = await agreed()
    const crm = twins.system('crm')
    for (const rid of [...crm.records.keys()]) crm.drop(rid)
    await twins.mark('crm', 'crm-1')
    await twins.pass(1_800_000)
    expect(twins.system('erp').counts.removes).toBe(0)
    expect(await twins.holds()).toHaveLength(8)
  })

  it('H27: deleting 30 % of one system deletes nothing in the other and holds the batch for a person', async () => {
    const twins = await agreed({ records: 100 })
    for (let index = 1; index <= 30; index += 1) twins.system('crm').drop(`crm-${index}`)
    await twins.full('crm')
    await twins.pass(600_000)
    expect(twins.system('erp').counts.removes).toBe(0)
    expect(twins.system('erp').records.size).toBe(100)
    const holds = await twins.holds()
    expect(new Set(holds.map(({ kind, system }) => `${kind} ${system}`))).toEqual(
      new Set(['delete-guard crm']),
    )
    expect(holds).toHaveLength(30)

    expect(await twins.store.admin.releaseHolds({ kind: 'delete-guard' }, 'release', 'ada')).toBe(30)
    twins.context.wake()
    await twins.pass(120_000)
    expect(twins.system('erp').records.size).toBe(70)
    expect(await twins.holds()).toEqual([])
  })

  it('H27: a rejected batch leaves the other system as it is, for good', async () => {
    const twins = await agreed({ records: 40 })
    for (let index = 1; index <= 20; index += 1) twins.system('crm').drop(`crm-${index}`)
    await twins.full('crm')
    await twins.pass(300_000)
    await twins.store.admin.releaseHolds({ kind: 'delete-guard' }, 'reject', 'ada')
    await twins.full('crm')
    await twins.pass(600_000)
    expect(twins.system('erp').records.size).toBe(40)
    expect(await twins.holds()).toEqual([])
  })

  it('H28: an edit that the deleting side never had holds the deletion for a person', async () => {
    const twins = await agreed()
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    twins.system('erp').put({ name: 'Edited meanwhile' }, there)
    await twins.mark('crm', 'crm-1')
    await twins.pass(600_000)
    expect(twins.system('erp').native(there)).toMatchObject({ name: 'Edited meanwhile' })
    expect(await twins.holds()).toMatchObject([{ kind: 'update-delete', system: 'crm' }])
    await twins.store.admin.releaseHolds({ kind: 'update-delete' }, 'release', 'ada')
    twins.context.wake()
    await twins.pass(60_000)
    expect(twins.system('erp').removed).toEqual([there])
  })

  it('H28: a deletion that is held ends when the other system deletes the record as well', async () => {
    const twins = await agreed()
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    twins.system('erp').put({ name: 'Edited meanwhile' }, there)
    await twins.mark('crm', 'crm-1')
    await twins.pass(600_000)
    expect(await twins.holds()).toMatchObject([{ kind: 'update-delete', system: 'crm' }])
    twins.system('erp').drop(there)
    await twins.mark('erp', there)
    await twins.pass(300_000)
    expect((await twins.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
    expect(await twins.holds()).toEqual([])
  })

  it('a loss that a person was asked about ends when a system whose deletions count deletes the record', async () => {
    const twins = await agreed({ delete: { from: ['erp'] } })
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(300_000)
    expect((await twins.store.admin.failures({ limit: 10 })).rows).toHaveLength(1)
    twins.system('erp').drop(there)
    await twins.mark('erp', there)
    await twins.pass(300_000)
    expect((await twins.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
    expect((await twins.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })

  it('H28: what came back in a system after its deletion was held is removed with the record', async () => {
    const twins = await agreed()
    const there = await counterpart(twins, 'crm-1')
    const { native } = twins.system('crm').records.get('crm-1') ?? { native: {} }
    twins.system('crm').drop('crm-1')
    twins.system('erp').put({ name: 'Edited meanwhile' }, there)
    await twins.mark('crm', 'crm-1')
    await twins.pass(600_000)
    twins.system('crm').put(native, 'crm-1')
    twins.system('erp').drop(there)
    await twins.mark('erp', there)
    await twins.pass(300_000)
    expect(twins.system('crm').removed).toEqual(['crm-1'])
    expect((await twins.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
    expect(await twins.holds()).toEqual([])
  })

  it('H28: late events bring a deleted record back in no system', async () => {
    const twins = await agreed()
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(200_000)
    for (let replay = 0; replay < 5; replay += 1) {
      await twins.mark('crm', 'crm-1')
      await twins.mark('erp', there)
      await twins.pass(100_000)
    }
    expect(twins.system('crm').records.size).toBe(7)
    expect(twins.system('erp').records.size).toBe(7)
  })

  it('H28: a create that takes effect after its record was deleted is not taken for new', async () => {
    const twins = await agreed({ capabilities: { create: 'marker' } })
    const recordId = (await twins.detail('crm', 'crm-1'))?.record.id
    twins.system('crm').drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(200_000)
    const zombie = twins.system('erp').put({ name: 'Name 0', email: '0@example.org', ext: recordId ?? '' })
    await twins.mark('erp', zombie)
    await twins.pass(200_000)
    expect(twins.system('crm').records.size).toBe(7)
    expect((await twins.detail('erp', zombie))?.record.state).toBe('ignored')
  })

  it('archives nowhere harder than asked: without an archive the record is only unlinked', async () => {
    const twins = await agreed({ delete: { action: 'archive' }, capabilities: { remove: 'delete' } })
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(200_000)
    expect(twins.system('erp').native(there)).toBeDefined()
    expect((await twins.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
  })

  it('waits with a removal until the other system is back', async () => {
    const twins = await agreed()
    const erp = twins.system('erp')
    const there = await counterpart(twins, 'crm-1')
    twins.system('crm').drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(30_000)
    erp.down = true
    await twins.pass(600_000)
    erp.down = false
    await twins.pass(300_000)
    expect(erp.removed).toEqual([there])
    expect((await twins.detail('crm', 'crm-1'))?.record.state).toBe('tombstoned')
  })

  it('asks a person when a system loses a record though it may not delete, and creates it again on retry', async () => {
    const twins = await agreed({ delete: { from: ['erp'] } })
    const crm = twins.system('crm')
    crm.drop('crm-1')
    await twins.mark('crm', 'crm-1')
    await twins.pass(300_000)
    expect(twins.system('erp').counts.removes).toBe(0)
    const { rows } = await twins.store.admin.failures({ limit: 10 })
    expect(rows).toMatchObject([{ code: 'ENGINE_RECORD_LOST', system: 'crm' }])
    expect(crm.records.size).toBe(7)
    await twins.store.admin.retryFailures({ system: 'crm' }, 'ada')
    twins.context.wake()
    await twins.pass(300_000)
    expect(crm.records.size).toBe(8)
    expect((await twins.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })

  it('H38: a merge in one system relinks the record and deletes nothing', async () => {
    const twins = await agreed()
    const crm = twins.system('crm')
    const loser = (await twins.detail('crm', 'crm-1'))?.record.id
    crm.drop('crm-1')
    crm.mergedInto.set('crm-1', 'crm-2')
    await twins.mark('crm', 'crm-1')
    await twins.pass(600_000)
    expect(twins.heard('MembersMerged')).toMatchObject([{ recordId: loser, system: 'crm' }])
    expect(twins.heard('DeletionConfirmed')).toEqual([])
    expect(twins.system('erp').records.size).toBe(8)
    expect(crm.records.size).toBe(7)
  })

  it('H38: a survivor that nobody knows yet is taken in first', async () => {
    const twins = await agreed()
    const crm = twins.system('crm')
    crm.drop('crm-1')
    const survivor = crm.put({ name: 'Survivor', email: 'survivor@example.org' })
    crm.mergedInto.set('crm-1', survivor)
    await twins.mark('crm', 'crm-1')
    await twins.pass(600_000)
    expect(twins.heard('MembersMerged')).toHaveLength(1)
    expect(twins.system('erp').counts.removes).toBe(0)
  })
})
