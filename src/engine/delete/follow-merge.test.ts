/** Effects of a merge in one system on the records that it joins, on virtual time. */
import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'

/** Systems that agree on some records, so that there are sentinels for deletions. */
async function world(): Promise<MemoryWorld> {
  const memory = new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [
    new MemorySystem('crm'),
    new MemorySystem('erp'),
  ])
  for (let n = 1; n <= 4; n += 1) memory.system('crm').put({ name: `W${n}`, email: `w${n}@example.org` })
  memory.start()
  await memory.load()
  return memory
}

/** Creates a record in both systems and returns its native ids. */
async function entered(memory: MemoryWorld, name: string): Promise<{ here: string; there: string }> {
  const here = memory.system('crm').put({ name, email: `${name}@example.org` })
  await memory.mark('crm', here)
  await memory.pass(20_000)
  const detail = await memory.detail('crm', here)
  return { here, there: detail?.members.find(({ system }) => system === 'erp')?.nativeId ?? '' }
}

/** Merges the first record into the second, as users of the system would. */
async function merge(memory: MemoryWorld, system: string, loser: string, survivor: string): Promise<void> {
  memory.system(system).drop(loser)
  memory.system(system).mergedInto.set(loser, survivor)
  await memory.mark(system, loser)
}

const open = async (memory: MemoryWorld) => (await memory.store.admin.duplicates({ limit: 10 })).rows
const holds = async (memory: MemoryWorld) => (await memory.store.admin.holds({ limit: 10 })).rows
const conflicts = async (memory: MemoryWorld) => (await memory.store.admin.conflicts({ limit: 20 })).rows

/** A survivor that has lost its ERP counterpart to a merge of its own, so that it takes over the loser's. */
async function movedCounterpart(memory: MemoryWorld) {
  const [loser, survivor, third] = [
    await entered(memory, 'loser'),
    await entered(memory, 'survivor'),
    await entered(memory, 'third'),
  ]
  await merge(memory, 'erp', survivor.there, third.there)
  await memory.pass(20_000)
  return { loser, survivor }
}

describe('a merge', () => {
  test('writes the survivor’s values to the counterpart that it takes over: values written by us are no edit', async () => {
    const memory = await world()
    const { loser, survivor } = await movedCounterpart(memory)
    await merge(memory, 'crm', loser.here, survivor.here)
    await memory.pass(60_000)
    expect(memory.system('erp').native(loser.there)).toMatchObject({ name: 'survivor' })
    expect(memory.system('crm').native(survivor.here)).toMatchObject({ name: 'survivor' })
    expect(await conflicts(memory)).toEqual([])
  })

  test('does not hide an edit that was made to that counterpart meanwhile', async () => {
    const memory = await world()
    const { loser, survivor } = await movedCounterpart(memory)
    memory.system('erp').put({ name: 'Edited' }, loser.there)
    await merge(memory, 'crm', loser.here, survivor.here)
    await memory.pass(60_000)
    const kept = (await conflicts(memory)).filter(({ field }) => field === 'name')
    expect(kept.map(({ candidates }) => candidates.map(({ value }) => value))).toEqual([
      ['Edited', 'survivor'],
    ])
  })

  test('into a record that was itself merged, and never observed, follows to the final survivor', async () => {
    const memory = await world()
    const [loser, last] = [await entered(memory, 'loser'), await entered(memory, 'last')]
    const crm = memory.system('crm')
    crm.mergedInto.set('between', last.here)
    await merge(memory, 'crm', loser.here, 'between')
    await memory.pass(60_000)
    const kept = (await memory.detail('crm', last.here))?.record.id
    expect(await open(memory)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, {}] },
    ])
    expect(await holds(memory)).toEqual([])
  })

  test('into a record that was deleted later is treated as a deletion', async () => {
    const memory = await world()
    const loser = await entered(memory, 'loser')
    await merge(memory, 'crm', loser.here, 'deleted-since')
    await memory.pass(50_000)
    expect(memory.system('erp').native(loser.there)).toBeDefined()
    await memory.pass(100_000)
    expect(memory.system('erp').native(loser.there)).toBeUndefined()
    expect(await holds(memory)).toEqual([])
  })

  test('into one of our records that was deleted later waits for the deletion of that record, and then becomes a deletion', async () => {
    const memory = await world()
    const [loser, survivor] = [await entered(memory, 'loser'), await entered(memory, 'survivor')]
    memory.system('crm').drop(survivor.here)
    await merge(memory, 'crm', loser.here, survivor.here)
    await memory.pass(300_000)
    expect(memory.system('erp').native(survivor.there)).toBeUndefined()
    expect(memory.system('erp').native(loser.there)).toBeUndefined()
    expect(await holds(memory)).toEqual([])
  })

  test('into a record whose id has changed deletes nothing, and follows to the new id once it is known', async () => {
    const memory = await world()
    const [loser, survivor] = [await entered(memory, 'loser'), await entered(memory, 'survivor')]
    const crm = memory.system('crm')
    crm.drop(survivor.here)
    const renewed = crm.put({ name: 'survivor', email: 'survivor@example.org' })
    await memory.mark('crm', renewed)
    await memory.pass(1_000)
    await merge(memory, 'crm', loser.here, survivor.here)
    await memory.pass(300_000)
    expect(memory.system('erp').native(loser.there)).toBeDefined()
    expect((await holds(memory)).map(({ kind, reason }) => [kind, reason])).toContainEqual([
      'delete-waits',
      expect.stringContaining(`crm merged it into ${survivor.here}, which is gone as well`),
    ])
    const kept = (await memory.detail('erp', survivor.there))?.record.id ?? ''
    const candidate = (await memory.detail('crm', renewed))?.record.id ?? ''
    await memory.store.admin.decideReview(candidate, { same: kept }, 'ada')
    memory.context.wake()
    await memory.pass(700_000)
    expect(memory.system('erp').native(loser.there)).toBeDefined()
    expect(await open(memory)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, {}] },
    ])
    expect(await holds(memory)).toEqual([])
  })

  test("into a record that is never synced is reported after a while, and a person may release the loser's deletion", async () => {
    const memory = await world()
    const loser = await entered(memory, 'loser')
    const survivor = memory.system('crm').put({ name: 'other', hidden: true })
    await merge(memory, 'crm', loser.here, survivor)
    await memory.pass(300_000)
    const [hold, ...others] = await holds(memory)
    expect([hold?.kind, others]).toEqual(['delete-waits', []])
    expect(hold?.reason).toContain(`crm merged it into ${survivor}, which is not synced so far`)
    expect(memory.system('erp').native(loser.there)).toBeDefined()
    await memory.store.admin.releaseHolds({ kind: 'delete-waits' }, 'release', 'ada')
    memory.context.wake()
    await memory.pass(300_000)
    expect(memory.system('erp').native(loser.there)).toBeUndefined()
  })

  test('made by both systems in opposite directions, and on to a third record, loses no record', async () => {
    const memory = await world()
    const [a, b, c] = [await entered(memory, 'a'), await entered(memory, 'b'), await entered(memory, 'c')]
    await merge(memory, 'crm', a.here, b.here)
    await memory.pass(20_000)
    await merge(memory, 'erp', a.there, c.there)
    await memory.pass(300_000)
    // The first record is part of the third by now, so the third may be a duplicate of the second.
    const [kept, other] = [
      (await memory.detail('crm', b.here))?.record.id,
      (await memory.detail('crm', c.here))?.record.id,
    ]
    expect(await open(memory)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, { recordId: other }] },
    ])
    await merge(memory, 'crm', b.here, c.here)
    await merge(memory, 'erp', b.there, c.there)
    await memory.pass(300_000)
    expect([await open(memory), await holds(memory)]).toEqual([[], []])
    memory.system('erp').put({ name: 'After' }, c.there)
    await memory.mark('erp', c.there)
    await memory.pass(20_000)
    expect(memory.system('crm').native(c.here)?.name).toBe('After')
  })
})
