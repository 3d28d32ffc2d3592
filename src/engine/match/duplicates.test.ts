/**
 * Duplicates: what waits while two records may be the same, and the effects of people's decisions. On virtual
 * time.
 */
import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'

/**
 * No search or feed can show that a record has no counterpart yet, so a record entered in both systems
 * becomes two records.
 */
const unsearchable = {
  search: undefined,
  changes: { cursor: 'none', commitLagMs: 0 },
  list: { paging: 'offset', pageSize: 3 },
} as const

/** Systems that agree on some records, so that there are sentinels for deletions. */
async function world(systems: readonly string[] = ['crm', 'erp']): Promise<MemoryWorld> {
  const memory = new MemoryWorld(
    memoryIntegration({ systems }),
    systems.map((name) => new MemorySystem(name, unsearchable)),
  )
  for (let n = 1; n <= 4; n += 1) memory.system('crm').put({ name: `W${n}`, email: `w${n}@example.org` })
  memory.start()
  await memory.load()
  return memory
}

const email = 'ada@example.org'
const named = (memory: MemoryWorld, system: string, address = email) =>
  [...memory.system(system).records.values()].filter(({ native }) => native.email === address)

/**
 * Entered manually in both systems, and noticed in the ERP only after we had created it there: a double
 * entry.
 */
async function doubleEntry(memory: MemoryWorld) {
  const byHand = memory.system('erp').put({ name: 'Ada', email, phone: 'desk' })
  const nativeId = memory.system('crm').put({ name: 'Ada', email })
  await memory.mark('crm', nativeId)
  await memory.pass(10_000)
  const made =
    (await memory.detail('crm', nativeId))?.members.find(({ system }) => system === 'erp')?.nativeId ?? ''
  await memory.mark('erp', byHand)
  await memory.pass(10_000)
  const kept = (await memory.detail('crm', nativeId))?.record.id ?? ''
  const candidate = (await memory.detail('erp', byHand))?.record.id ?? ''
  return { nativeId, made, byHand, kept, candidate }
}

const open = async (memory: MemoryWorld) => (await memory.store.admin.duplicates({ limit: 10 })).rows
const holds = async (memory: MemoryWorld) => (await memory.store.admin.holds({ limit: 10 })).rows

describe('a double entry', () => {
  test('is a duplicate that names both records and suggests keeping the one that a person created', async () => {
    const memory = await world()
    const { made, byHand, kept, candidate } = await doubleEntry(memory)
    expect(await open(memory)).toMatchObject([
      {
        entity: 'thing',
        cause: 'key',
        sides: [{ recordId: kept }, { recordId: candidate, natives: [{ system: 'erp', nativeId: byHand }] }],
        overlaps: [{ system: 'erp', suggested: byHand }],
      },
    ])
    expect(made).not.toBe(byHand)
    expect((await memory.store.admin.status()).open.matches).toBe(1)
  })

  test('deletes nothing elsewhere when its copy is deleted, and reports the open matters in one hold', async () => {
    const memory = await world()
    const { nativeId, made, candidate } = await doubleEntry(memory)
    memory.system('erp').drop(made)
    await memory.mark('erp', made)
    await memory.pass(600_000)
    expect(memory.system('crm').native(nativeId)).toMatchObject({ email })
    const held = await holds(memory)
    expect(held).toMatchObject([{ kind: 'delete-waits', system: 'erp' }])
    expect(held[0]?.reason).toContain(candidate)
    expect(memory.heard('ChangeHeld')).toHaveLength(1)
    expect((await open(memory))[0]?.held).toMatchObject([{ system: 'erp', what: 'deletion' }])
  })

  test('declared the same after a deletion replaces the deleted record, and the deletion is cancelled', async () => {
    const memory = await world()
    const { nativeId, made, byHand, kept, candidate } = await doubleEntry(memory)
    memory.system('erp').drop(made)
    await memory.mark('erp', made)
    await memory.pass(120_000)
    expect(await memory.store.admin.decideReview(candidate, { same: kept }, 'ada')).toBe('ok')
    memory.context.wake()
    await memory.pass(120_000)
    expect(await holds(memory)).toEqual([])
    expect(named(memory, 'erp').map((one) => one.nativeId)).toEqual([byHand])
    memory.system('erp').put({ name: 'Ada King' }, byHand)
    await memory.mark('erp', byHand)
    await memory.pass(10_000)
    expect(memory.system('crm').native(nativeId)).toMatchObject({ name: 'Ada King' })
    expect((await memory.store.admin.status()).open).toMatchObject({ matches: 0, holds: 0, failures: 0 })
  })

  test('whose hold is released is deleted after all; a record with the same key is new then', async () => {
    const memory = await world()
    const { nativeId, made, byHand } = await doubleEntry(memory)
    memory.system('erp').drop(made)
    await memory.mark('erp', made)
    await memory.pass(120_000)
    expect(await memory.store.admin.releaseHolds({ kind: 'delete-waits' }, 'release', 'ada')).toBe(1)
    memory.context.wake()
    await memory.pass(300_000)
    expect(memory.system('crm').native(nativeId)).toBeUndefined()
    await memory.mark('erp', byHand)
    await memory.pass(60_000)
    expect(named(memory, 'crm')).toHaveLength(1)
    expect(await open(memory)).toEqual([])
  })

  test.each(['delete', 'archive', 'keep'] as const)(
    'declared the same leaves one record in agreement; the other: %s',
    async (others) => {
      const memory = await world()
      const { nativeId, made, byHand, kept, candidate } = await doubleEntry(memory)
      const response = await memory.store.admin.mergeRecords(
        { keep: kept, drop: candidate, survivors: {}, others },
        'ada',
      )
      expect(response.kind).toBe('ok')
      memory.context.wake()
      await memory.pass(60_000)
      expect(memory.system('erp').native(byHand)).toMatchObject({ email })
      expect(memory.system('erp').removed).toEqual(others === 'keep' ? [] : [made])
      expect((await memory.detail('erp', byHand))?.record.id).toBe(kept)
      memory.system('erp').put({ name: 'Ada King' }, byHand)
      await memory.mark('erp', byHand)
      await memory.pass(10_000)
      expect(memory.system('crm').native(nativeId)).toMatchObject({ name: 'Ada King' })
      // A record that is kept beside is not synced: neither its edits nor its deletion matter.
      if (others !== 'keep') return
      memory.system('erp').put({ name: 'Someone else' }, made)
      await memory.mark('erp', made)
      await memory.pass(10_000)
      memory.system('erp').drop(made)
      await memory.mark('erp', made)
      await memory.pass(300_000)
      expect(memory.system('crm').native(nativeId)).toMatchObject({ name: 'Ada King' })
    },
  )

  test('merges the edits of both by the policies, and keeps losing values as a conflict', async () => {
    const memory = await world()
    const { nativeId, made, byHand, kept, candidate } = await doubleEntry(memory)
    memory.system('erp').put({ name: 'Ada Lovelace' }, byHand)
    const survivors = { erp: made }
    await memory.store.admin.mergeRecords({ keep: kept, drop: candidate, survivors, others: 'delete' }, 'ada')
    memory.context.wake()
    await memory.pass(60_000)
    expect(memory.system('erp').removed).toEqual([byHand])
    const { rows } = await memory.store.admin.conflicts({ limit: 5 })
    expect(rows).toMatchObject([{ recordId: kept, field: 'name', state: 'decided' }])
    expect(rows[0]?.candidates.map(({ value }) => value)).toContain('Ada Lovelace')
    expect(memory.system('crm').native(nativeId)?.name).toBe(memory.system('erp').native(made)?.name)
  })

  test('kept apart becomes a record of its own, and stays apart', async () => {
    const memory = await world()
    const { kept, candidate, byHand } = await doubleEntry(memory)
    expect(await memory.store.admin.keepApart(candidate, kept, 'ada')).toMatchObject({ kind: 'ok' })
    memory.context.wake()
    await memory.pass(30_000)
    expect(await open(memory)).toEqual([])
    expect((await memory.detail('erp', byHand))?.record.state).toBe('active')
    await memory.mark('erp', byHand)
    await memory.pass(30_000)
    expect(await open(memory)).toEqual([])
    expect(named(memory, 'crm')).toHaveLength(2)
  })

  test('is resolved when the keys differ again', async () => {
    const memory = await world()
    const { byHand } = await doubleEntry(memory)
    memory.system('erp').put({ email: 'other@example.org' }, byHand)
    await memory.mark('erp', byHand)
    await memory.pass(30_000)
    expect(await open(memory)).toEqual([])
    expect((await memory.store.admin.status()).open.matches).toBe(0)
    expect(named(memory, 'crm', 'other@example.org')).toHaveLength(1)
  })
})

describe('records whose keys become equal', () => {
  test('are a duplicate: existing counterparts stay in sync, nothing new is created for either', async () => {
    const memory = await world(['crm', 'erp', 'shop'])
    const [one, two] = [1, 2].map((n) =>
      memory.system('crm').put({ name: `N${n}`, email: `n${n}@example.org` }),
    )
    memory.system('shop').down = true
    await memory.mark('crm', one ?? '')
    await memory.mark('crm', two ?? '')
    await memory.pass(20_000)
    memory.system('crm').put({ email: 'n1@example.org' }, two)
    await memory.mark('crm', two ?? '')
    await memory.pass(20_000)
    memory.system('shop').down = false
    await memory.pass(120_000)
    expect(await open(memory)).toHaveLength(1)
    expect(named(memory, 'shop', 'n1@example.org').length).toBe(0)
    expect((await open(memory))[0]?.held.map(({ what }) => what)).toEqual(['create', 'create'])
    memory.system('crm').put({ name: 'Newer' }, one)
    await memory.mark('crm', one ?? '')
    await memory.pass(20_000)
    expect(named(memory, 'erp', 'n1@example.org').map(({ native }) => native.name)).toContain('Newer')
    memory.system('crm').put({ email: 'n2@example.org' }, two)
    await memory.mark('crm', two ?? '')
    await memory.pass(60_000)
    expect(await open(memory)).toEqual([])
    expect(named(memory, 'shop', 'n1@example.org')).toHaveLength(1)
    expect(named(memory, 'shop', 'n2@example.org')).toHaveLength(1)
  })

  test('above five are reported as a key that is not unique, and make no duplicates', async () => {
    const memory = await world()
    const nativeIds = [1, 2, 3, 4, 5, 6].map((n) =>
      memory.system('crm').put({ name: 'N', email: `m${n}@example.org` }),
    )
    for (const nativeId of nativeIds) await memory.mark('crm', nativeId)
    await memory.pass(20_000)
    for (const nativeId of nativeIds) {
      memory.system('crm').put({ email: 'info@example.org' }, nativeId)
      await memory.mark('crm', nativeId)
      await memory.pass(5_000)
    }
    expect(await open(memory)).toEqual([])
    expect(await memory.store.admin.crowdedKeys(5)).toMatchObject([{ entity: 'thing', rule: 0, holders: 6 }])
  })
})

describe('undoing a decision', () => {
  test('splits a merged record into two again', async () => {
    const memory = await world()
    const { made, byHand, kept, candidate } = await doubleEntry(memory)
    const response = await memory.store.admin.mergeRecords(
      { keep: kept, drop: candidate, survivors: {}, others: 'keep' },
      'ada',
    )
    memory.context.wake()
    await memory.pass(60_000)
    const id = response.kind === 'ok' ? response.id : ''
    expect(await memory.store.admin.undoDuplicate(id, 'ada')).toMatchObject({ kind: 'ok' })
    memory.context.wake()
    await memory.pass(60_000)
    expect((await memory.detail('erp', byHand))?.record.id).toBe(candidate)
    expect((await memory.detail('erp', made))?.record.id).toBe(kept)
    expect(await open(memory)).toHaveLength(1)
    expect(await memory.store.admin.undoDuplicate(id, 'ada')).toMatchObject({ kind: 'refused' })
  })

  test('asks again about two records that were kept apart', async () => {
    const memory = await world()
    const { kept, candidate } = await doubleEntry(memory)
    const response = await memory.store.admin.keepApart(candidate, kept, 'ada')
    memory.context.wake()
    await memory.pass(30_000)
    expect(
      await memory.store.admin.undoDuplicate(response.kind === 'ok' ? response.id : '', 'ada'),
    ).toMatchObject({
      kind: 'ok',
    })
    expect(await open(memory)).toHaveLength(1)
  })
})

describe('a merge in one system (rule: no orphan)', () => {
  /** Two records, each in both systems; returns their native ids. */
  async function merged(memory: MemoryWorld) {
    const crm = memory.system('crm')
    const [loser, survivor] = ['loser', 'survivor'].map((name) =>
      crm.put({ name, email: `${name}@example.org` }),
    )
    for (const nativeId of [loser, survivor]) await memory.mark('crm', nativeId ?? '')
    await memory.pass(20_000)
    const [there, stays] = await Promise.all(
      [loser, survivor].map(async (nativeId) => {
        const detail = await memory.detail('crm', nativeId ?? '')
        return detail?.members.find(({ system }) => system === 'erp')?.nativeId ?? ''
      }),
    )
    crm.drop(loser ?? '')
    crm.mergedInto.set(loser ?? '', survivor ?? '')
    await memory.mark('crm', loser ?? '')
    return { loser: loser ?? '', survivor: survivor ?? '', there: there ?? '', stays: stays ?? '' }
  }

  test('with counterparts on both sides is a duplicate; the counterpart of the loser stays', async () => {
    const memory = await world()
    const { survivor, there } = await merged(memory)
    await memory.pass(120_000)
    const kept = (await memory.detail('crm', survivor))?.record.id
    const orphan = (await memory.detail('erp', there))?.record
    expect(orphan?.state).toBe('active')
    expect(await open(memory)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, { recordId: orphan?.id }] },
    ])
    memory.system('erp').put({ name: 'Edited' }, there)
    await memory.mark('erp', there)
    await memory.pass(20_000)
    expect((await memory.detail('erp', there))?.record.fields.name?.value).toBe('Edited')
    await memory.store.admin.mergeRecords(
      { keep: kept ?? '', drop: orphan?.id ?? '', survivors: {}, others: 'delete' },
      'ada',
    )
    memory.context.wake()
    await memory.pass(60_000)
    expect(memory.system('erp').removed).toEqual([there])
    expect(await open(memory)).toEqual([])
    const { rows } = await memory.store.admin.conflicts({ limit: 20 })
    expect(rows.flatMap(({ candidates }) => candidates.map(({ value }) => value))).toContain('Edited')
  })

  test.each([
    ['names the survivor', true],
    ['just deletes the loser', false],
  ])('is settled by the other system when it makes the same merge and %s', async (_how, names) => {
    const memory = await world()
    const { survivor, there, stays } = await merged(memory)
    await memory.pass(20_000)
    const erp = memory.system('erp')
    erp.drop(there)
    if (names) erp.mergedInto.set(there, stays)
    await memory.mark('erp', there)
    await memory.pass(300_000)
    expect(await open(memory)).toEqual([])
    expect(await holds(memory)).toEqual([])
    erp.put({ name: 'After' }, stays)
    await memory.mark('erp', stays)
    await memory.pass(20_000)
    expect(memory.system('crm').native(survivor)?.name).toBe('After')
    expect(erp.removed).toEqual([])
  })

  test.each([
    ['names the survivor', true],
    ['just deletes the other', false],
  ])(
    'is settled in favour of the record that survives there, even if it is the other one, and %s',
    async (_how, names) => {
      const memory = await world()
      const { survivor, there, stays } = await merged(memory)
      await memory.pass(20_000)
      const erp = memory.system('erp')
      erp.drop(stays)
      if (names) erp.mergedInto.set(stays, there)
      await memory.mark('erp', stays)
      await memory.pass(300_000)
      expect(await open(memory)).toEqual([])
      expect(await holds(memory)).toEqual([])
      erp.put({ name: 'After' }, there)
      await memory.mark('erp', there)
      await memory.pass(20_000)
      expect(memory.system('crm').native(survivor)?.name).toBe('After')
      expect(memory.system('crm').records.size).toBe(5)
    },
  )

  test('of records kept apart creates the loser again', async () => {
    const memory = await world()
    const { survivor, there } = await merged(memory)
    await memory.pass(60_000)
    const kept = (await memory.detail('crm', survivor))?.record.id ?? ''
    const other = (await memory.detail('erp', there))?.record.id ?? ''
    await memory.store.admin.keepApart(kept, other, 'ada')
    memory.context.wake()
    await memory.pass(60_000)
    expect(named(memory, 'crm', 'loser@example.org')).toHaveLength(1)
    expect(await open(memory)).toEqual([])
  })
})
