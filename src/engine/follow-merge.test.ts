/** What a merge in one system does to the records that it joins. On virtual time. */
import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'

/** Systems with some records in agreement, so that there are witnesses for deletions. */
async function world(): Promise<TwinWorld> {
  const twins = new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), [
    new TwinSystem('crm'),
    new TwinSystem('erp'),
  ])
  for (let n = 1; n <= 4; n += 1) twins.system('crm').put({ name: `W${n}`, email: `w${n}@example.org` })
  twins.start()
  await twins.load()
  return twins
}

/** A record in both systems; answers its native ids. */
async function entered(twins: TwinWorld, name: string): Promise<{ here: string; there: string }> {
  const here = twins.system('crm').put({ name, email: `${name}@example.org` })
  await twins.mark('crm', here)
  await twins.pass(20_000)
  const detail = await twins.detail('crm', here)
  return { here, there: detail?.members.find(({ system }) => system === 'erp')?.rid ?? '' }
}

/** People of a system merge the first record into the second. */
async function merge(twins: TwinWorld, system: string, loser: string, survivor: string): Promise<void> {
  twins.system(system).drop(loser)
  twins.system(system).mergedInto.set(loser, survivor)
  await twins.mark(system, loser)
}

const open = async (twins: TwinWorld) => (await twins.store.admin.duplicates({ limit: 10 })).rows
const holds = async (twins: TwinWorld) => (await twins.store.admin.holds({ limit: 10 })).rows
const conflicts = async (twins: TwinWorld) => (await twins.store.admin.conflicts({ limit: 20 })).rows

/** The survivor has lost its ERP counterpart to a merge of its own, so that it takes over the loser's. */
async function movedCounterpart(twins: TwinWorld) {
  const [loser, survivor, third] = [
    await entered(twins, 'loser'),
    await entered(twins, 'survivor'),
    await entered(twins, 'third'),
  ]
  await merge(twins, 'erp', survivor.there, third.there)
  await twins.pass(20_000)
  return { loser, survivor }
}

describe('a merge', () => {
  it('brings the survivor’s values to the counterpart that it takes over: what we wrote there is no edit', async () => {
    const twins = await world()
    const { loser, survivor } = await movedCounterpart(twins)
    await merge(twins, 'crm', loser.here, survivor.here)
    await twins.pass(60_000)
    expect(twins.system('erp').native(loser.there)).toMatchObject({ name: 'survivor' })
    expect(twins.system('crm').native(survivor.here)).toMatchObject({ name: 'survivor' })
    expect(await conflicts(twins)).toEqual([])
  })

  it('does not hide an edit that was made there meanwhile', async () => {
    const twins = await world()
    const { loser, survivor } = await movedCounterpart(twins)
    twins.system('erp').put({ name: 'Edited' }, loser.there)
    await merge(twins, 'crm', loser.here, survivor.here)
    await twins.pass(60_000)
    const kept = (await conflicts(twins)).filter(({ field }) => field === 'name')
    expect(kept.map(({ candidates }) => candidates.map(({ value }) => value))).toEqual([
      ['Edited', 'survivor'],
    ])
  })

  it('into a record that was merged in its turn, and never seen, follows to the last one', async () => {
    const twins = await world()
    const [loser, last] = [await entered(twins, 'loser'), await entered(twins, 'last')]
    const crm = twins.system('crm')
    crm.mergedInto.set('between', last.here)
    await merge(twins, 'crm', loser.here, 'between')
    await twins.pass(60_000)
    const kept = (await twins.detail('crm', last.here))?.record.id
    expect(await open(twins)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, {}] },
    ])
    expect(await holds(twins)).toEqual([])
  })

  it('into a record that was deleted since is a deletion like any other', async () => {
    const twins = await world()
    const loser = await entered(twins, 'loser')
    await merge(twins, 'crm', loser.here, 'deleted-since')
    await twins.pass(50_000)
    expect(twins.system('erp').native(loser.there)).toBeDefined()
    await twins.pass(100_000)
    expect(twins.system('erp').native(loser.there)).toBeUndefined()
    expect(await holds(twins)).toEqual([])
  })

  it('into a record that never comes to be synced is told after a while, and a person may let the loser go', async () => {
    const twins = await world()
    const loser = await entered(twins, 'loser')
    const survivor = twins.system('crm').put({ name: 'other', hidden: true })
    await merge(twins, 'crm', loser.here, survivor)
    await twins.pass(300_000)
    const [hold, ...others] = await holds(twins)
    expect([hold?.kind, others]).toEqual(['delete-waits', []])
    expect(hold?.reason).toContain(`crm merged it into ${survivor}, which is not synced so far`)
    expect(twins.system('erp').native(loser.there)).toBeDefined()
    await twins.store.admin.releaseHolds({ kind: 'delete-waits' }, 'release', 'ada')
    twins.context.wake()
    await twins.pass(300_000)
    expect(twins.system('erp').native(loser.there)).toBeUndefined()
  })

  it('that both systems made, each in its own direction and on to a third record, leaves nobody behind', async () => {
    const twins = await world()
    const [a, b, c] = [await entered(twins, 'a'), await entered(twins, 'b'), await entered(twins, 'c')]
    await merge(twins, 'crm', a.here, b.here)
    await twins.pass(20_000)
    await merge(twins, 'erp', a.there, c.there)
    await twins.pass(300_000)
    // The first record is part of the third by now, and so the third may be the same as the second.
    const [kept, other] = [
      (await twins.detail('crm', b.here))?.record.id,
      (await twins.detail('crm', c.here))?.record.id,
    ]
    expect(await open(twins)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, { recordId: other }] },
    ])
    await merge(twins, 'crm', b.here, c.here)
    await merge(twins, 'erp', b.there, c.there)
    await twins.pass(300_000)
    expect([await open(twins), await holds(twins)]).toEqual([[], []])
    twins.system('erp').put({ name: 'After' }, c.there)
    await twins.mark('erp', c.there)
    await twins.pass(20_000)
    expect(twins.system('crm').native(c.here)?.name).toBe('After')
  })
})
