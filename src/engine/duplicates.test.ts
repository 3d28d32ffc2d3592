/** Duplicates: what waits while two records may be one, and what people's decisions make of them. On virtual time. */
import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'

/** Nothing there can show that a record has no counterpart yet, so that a double entry becomes two records: what a search or a feed prevents. */
const unsearchable = {
  search: undefined,
  changes: { cursor: 'none', commitLagMs: 0 },
  list: { paging: 'offset', pageSize: 3 },
} as const

/** Systems with some records in agreement, so that there are witnesses for deletions. */
async function world(systems: readonly string[] = ['crm', 'erp']): Promise<TwinWorld> {
  const twins = new TwinWorld(
    twinIntegration({ systems }),
    systems.map((name) => new TwinSystem(name, unsearchable)),
  )
  for (let n = 1; n <= 4; n += 1) twins.system('crm').put({ name: `W${n}`, email: `w${n}@example.org` })
  twins.start()
  await twins.load()
  return twins
}

const email = 'ada@example.org'
const named = (twins: TwinWorld, system: string, address = email) =>
  [...twins.system(system).records.values()].filter(({ native }) => native.email === address)

/** Entered by hand in both systems, and noticed in the ERP only after we had created it there: the double entry. */
async function doubleEntry(twins: TwinWorld) {
  const byHand = twins.system('erp').put({ name: 'Ada', email, phone: 'desk' })
  const rid = twins.system('crm').put({ name: 'Ada', email })
  await twins.mark('crm', rid)
  await twins.pass(10_000)
  const made = (await twins.detail('crm', rid))?.members.find(({ system }) => system === 'erp')?.rid ?? ''
  await twins.mark('erp', byHand)
  await twins.pass(10_000)
  const kept = (await twins.detail('crm', rid))?.record.id ?? ''
  const candidate = (await twins.detail('erp', byHand))?.record.id ?? ''
  return { rid, made, byHand, kept, candidate }
}

const open = async (twins: TwinWorld) => (await twins.store.admin.duplicates({ limit: 10 })).rows
const holds = async (twins: TwinWorld) => (await twins.store.admin.holds({ limit: 10 })).rows

describe('a double entry', () => {
  it('is a duplicate that names both records, and what people made is suggested to stay', async () => {
    const twins = await world()
    const { made, byHand, kept, candidate } = await doubleEntry(twins)
    expect(await open(twins)).toMatchObject([
      {
        entity: 'thing',
        cause: 'key',
        sides: [{ recordId: kept }, { recordId: candidate, natives: [{ system: 'erp', rid: byHand }] }],
        overlaps: [{ system: 'erp', suggested: byHand }],
      },
    ])
    expect(made).not.toBe(byHand)
    expect((await twins.store.admin.status()).open.matches).toBe(1)
  })

  it('when its copy is deleted deletes nothing elsewhere, and says in one hold what is open', async () => {
    const twins = await world()
    const { rid, made, candidate } = await doubleEntry(twins)
    twins.system('erp').drop(made)
    await twins.mark('erp', made)
    await twins.pass(600_000)
    expect(twins.system('crm').native(rid)).toMatchObject({ email })
    const held = await holds(twins)
    expect(held).toMatchObject([{ kind: 'delete-waits', system: 'erp' }])
    expect(held[0]?.reason).toContain(candidate)
    expect(twins.heard('ChangeHeld')).toHaveLength(1)
    expect((await open(twins))[0]?.held).toMatchObject([{ system: 'erp', what: 'deletion' }])
  })

  it('that is the same fills what is gone, and the deletion is off', async () => {
    const twins = await world()
    const { rid, made, byHand, kept, candidate } = await doubleEntry(twins)
    twins.system('erp').drop(made)
    await twins.mark('erp', made)
    await twins.pass(120_000)
    expect(await twins.store.admin.decideReview(candidate, { same: kept }, 'ada')).toBe('ok')
    twins.context.wake()
    await twins.pass(120_000)
    expect(await holds(twins)).toEqual([])
    expect(named(twins, 'erp').map((one) => one.rid)).toEqual([byHand])
    twins.system('erp').put({ name: 'Ada King' }, byHand)
    await twins.mark('erp', byHand)
    await twins.pass(10_000)
    expect(twins.system('crm').native(rid)).toMatchObject({ name: 'Ada King' })
    expect((await twins.store.admin.status()).open).toMatchObject({ matches: 0, holds: 0, failures: 0 })
  })

  it('whose hold is released is deleted after all; what shares its key is new then', async () => {
    const twins = await world()
    const { rid, made, byHand } = await doubleEntry(twins)
    twins.system('erp').drop(made)
    await twins.mark('erp', made)
    await twins.pass(120_000)
    expect(await twins.store.admin.releaseHolds({ kind: 'delete-waits' }, 'release', 'ada')).toBe(1)
    twins.context.wake()
    await twins.pass(300_000)
    expect(twins.system('crm').native(rid)).toBeUndefined()
    await twins.mark('erp', byHand)
    await twins.pass(60_000)
    expect(named(twins, 'crm')).toHaveLength(1)
    expect(await open(twins)).toEqual([])
  })

  it.each(['delete', 'archive', 'keep'] as const)(
    'that is the same leaves one in agreement; the other: %s',
    async (others) => {
      const twins = await world()
      const { rid, made, byHand, kept, candidate } = await doubleEntry(twins)
      const answer = await twins.store.admin.mergeRecords(
        { keep: kept, drop: candidate, survivors: {}, others },
        'ada',
      )
      expect(answer.kind).toBe('ok')
      twins.context.wake()
      await twins.pass(60_000)
      expect(twins.system('erp').native(byHand)).toMatchObject({ email })
      expect(twins.system('erp').removed).toEqual(others === 'keep' ? [] : [made])
      expect((await twins.detail('erp', byHand))?.record.id).toBe(kept)
      twins.system('erp').put({ name: 'Ada King' }, byHand)
      await twins.mark('erp', byHand)
      await twins.pass(10_000)
      expect(twins.system('crm').native(rid)).toMatchObject({ name: 'Ada King' })
      // What is kept beside is nobody's: neither its edits nor its end matter.
      if (others !== 'keep') return
      twins.system('erp').put({ name: 'Someone else' }, made)
      await twins.mark('erp', made)
      await twins.pass(10_000)
      twins.system('erp').drop(made)
      await twins.mark('erp', made)
      await twins.pass(300_000)
      expect(twins.system('crm').native(rid)).toMatchObject({ name: 'Ada King' })
    },
  )

  it('merges the edits of both by the policies, and keeps what loses as a conflict', async () => {
    const twins = await world()
    const { rid, made, byHand, kept, candidate } = await doubleEntry(twins)
    twins.system('erp').put({ name: 'Ada Lovelace' }, byHand)
    const survivors = { erp: made }
    await twins.store.admin.mergeRecords({ keep: kept, drop: candidate, survivors, others: 'delete' }, 'ada')
    twins.context.wake()
    await twins.pass(60_000)
    expect(twins.system('erp').removed).toEqual([byHand])
    const { rows } = await twins.store.admin.conflicts({ limit: 5 })
    expect(rows).toMatchObject([{ recordId: kept, field: 'name', state: 'decided' }])
    expect(rows[0]?.candidates.map(({ value }) => value)).toContain('Ada Lovelace')
    expect(twins.system('crm').native(rid)?.name).toBe(twins.system('erp').native(made)?.name)
  })

  it('that is kept apart becomes a record of its own, and stays apart', async () => {
    const twins = await world()
    const { kept, candidate, byHand } = await doubleEntry(twins)
    expect(await twins.store.admin.keepApart(candidate, kept, 'ada')).toMatchObject({ kind: 'ok' })
    twins.context.wake()
    await twins.pass(30_000)
    expect(await open(twins)).toEqual([])
    expect((await twins.detail('erp', byHand))?.record.state).toBe('active')
    await twins.mark('erp', byHand)
    await twins.pass(30_000)
    expect(await open(twins)).toEqual([])
    expect(named(twins, 'crm')).toHaveLength(2)
  })

  it('ends by itself when the key parts', async () => {
    const twins = await world()
    const { byHand } = await doubleEntry(twins)
    twins.system('erp').put({ email: 'other@example.org' }, byHand)
    await twins.mark('erp', byHand)
    await twins.pass(30_000)
    expect(await open(twins)).toEqual([])
    expect((await twins.store.admin.status()).open.matches).toBe(0)
    expect(named(twins, 'crm', 'other@example.org')).toHaveLength(1)
  })
})

describe('records whose keys come to be the same', () => {
  it('are a duplicate: what they hold flows on, nothing new is created for either', async () => {
    const twins = await world(['crm', 'erp', 'shop'])
    const [one, two] = [1, 2].map((n) =>
      twins.system('crm').put({ name: `N${n}`, email: `n${n}@example.org` }),
    )
    twins.system('shop').down = true
    await twins.mark('crm', one ?? '')
    await twins.mark('crm', two ?? '')
    await twins.pass(20_000)
    twins.system('crm').put({ email: 'n1@example.org' }, two)
    await twins.mark('crm', two ?? '')
    await twins.pass(20_000)
    twins.system('shop').down = false
    await twins.pass(120_000)
    expect(await open(twins)).toHaveLength(1)
    expect(named(twins, 'shop', 'n1@example.org').length).toBe(0)
    expect((await open(twins))[0]?.held.map(({ what }) => what)).toEqual(['create', 'create'])
    twins.system('crm').put({ name: 'Newer' }, one)
    await twins.mark('crm', one ?? '')
    await twins.pass(20_000)
    expect(named(twins, 'erp', 'n1@example.org').map(({ native }) => native.name)).toContain('Newer')
    twins.system('crm').put({ email: 'n2@example.org' }, two)
    await twins.mark('crm', two ?? '')
    await twins.pass(60_000)
    expect(await open(twins)).toEqual([])
    expect(named(twins, 'shop', 'n1@example.org')).toHaveLength(1)
    expect(named(twins, 'shop', 'n2@example.org')).toHaveLength(1)
  })

  it('above five the key is told as not unique and makes no duplicates', async () => {
    const twins = await world()
    const rids = [1, 2, 3, 4, 5, 6].map((n) =>
      twins.system('crm').put({ name: 'N', email: `m${n}@example.org` }),
    )
    for (const rid of rids) await twins.mark('crm', rid)
    await twins.pass(20_000)
    for (const rid of rids) {
      twins.system('crm').put({ email: 'info@example.org' }, rid)
      await twins.mark('crm', rid)
      await twins.pass(5_000)
    }
    expect(await open(twins)).toEqual([])
    expect(await twins.store.admin.crowdedKeys(5)).toMatchObject([{ entity: 'thing', rule: 0, holders: 6 }])
  })
})

describe('taking a decision back', () => {
  it('makes two records of one again', async () => {
    const twins = await world()
    const { made, byHand, kept, candidate } = await doubleEntry(twins)
    const answer = await twins.store.admin.mergeRecords(
      { keep: kept, drop: candidate, survivors: {}, others: 'keep' },
      'ada',
    )
    twins.context.wake()
    await twins.pass(60_000)
    const id = answer.kind === 'ok' ? answer.id : ''
    expect(await twins.store.admin.undoDuplicate(id, 'ada')).toMatchObject({ kind: 'ok' })
    twins.context.wake()
    await twins.pass(60_000)
    expect((await twins.detail('erp', byHand))?.record.id).toBe(candidate)
    expect((await twins.detail('erp', made))?.record.id).toBe(kept)
    expect(await open(twins)).toHaveLength(1)
    expect(await twins.store.admin.undoDuplicate(id, 'ada')).toMatchObject({ kind: 'refused' })
  })

  it('asks again about two that were kept apart', async () => {
    const twins = await world()
    const { kept, candidate } = await doubleEntry(twins)
    const answer = await twins.store.admin.keepApart(candidate, kept, 'ada')
    twins.context.wake()
    await twins.pass(30_000)
    expect(await twins.store.admin.undoDuplicate(answer.kind === 'ok' ? answer.id : '', 'ada')).toMatchObject(
      {
        kind: 'ok',
      },
    )
    expect(await open(twins)).toHaveLength(1)
  })
})

describe('a merge in one system (rule: no orphan)', () => {
  /** Two records, each in both systems; answers their native ids. */
  async function merged(twins: TwinWorld) {
    const crm = twins.system('crm')
    const [loser, survivor] = ['loser', 'survivor'].map((name) =>
      crm.put({ name, email: `${name}@example.org` }),
    )
    for (const rid of [loser, survivor]) await twins.mark('crm', rid ?? '')
    await twins.pass(20_000)
    const [there, stays] = await Promise.all(
      [loser, survivor].map(async (rid) => {
        const detail = await twins.detail('crm', rid ?? '')
        return detail?.members.find(({ system }) => system === 'erp')?.rid ?? ''
      }),
    )
    crm.drop(loser ?? '')
    crm.mergedInto.set(loser ?? '', survivor ?? '')
    await twins.mark('crm', loser ?? '')
    return { loser: loser ?? '', survivor: survivor ?? '', there: there ?? '', stays: stays ?? '' }
  }

  it('with counterparts on both sides is a duplicate; the counterpart of the loser lives on', async () => {
    const twins = await world()
    const { survivor, there } = await merged(twins)
    await twins.pass(120_000)
    const kept = (await twins.detail('crm', survivor))?.record.id
    const orphan = (await twins.detail('erp', there))?.record
    expect(orphan?.state).toBe('active')
    expect(await open(twins)).toMatchObject([
      { cause: 'merge', system: 'crm', sides: [{ recordId: kept }, { recordId: orphan?.id }] },
    ])
    twins.system('erp').put({ name: 'Edited' }, there)
    await twins.mark('erp', there)
    await twins.pass(20_000)
    expect((await twins.detail('erp', there))?.record.fields.name?.value).toBe('Edited')
    await twins.store.admin.mergeRecords(
      { keep: kept ?? '', drop: orphan?.id ?? '', survivors: {}, others: 'delete' },
      'ada',
    )
    twins.context.wake()
    await twins.pass(60_000)
    expect(twins.system('erp').removed).toEqual([there])
    expect(await open(twins)).toEqual([])
    const { rows } = await twins.store.admin.conflicts({ limit: 20 })
    expect(rows.flatMap(({ candidates }) => candidates.map(({ value }) => value))).toContain('Edited')
  })

  it.each([
    ['names the survivor', true],
    ['just deletes the loser', false],
  ])('is settled by the other system when it makes the same merge and %s', async (_how, names) => {
    const twins = await world()
    const { survivor, there, stays } = await merged(twins)
    await twins.pass(20_000)
    const erp = twins.system('erp')
    erp.drop(there)
    if (names) erp.mergedInto.set(there, stays)
    await twins.mark('erp', there)
    await twins.pass(300_000)
    expect(await open(twins)).toEqual([])
    expect(await holds(twins)).toEqual([])
    erp.put({ name: 'After' }, stays)
    await twins.mark('erp', stays)
    await twins.pass(20_000)
    expect(twins.system('crm').native(survivor)?.name).toBe('After')
    expect(erp.removed).toEqual([])
  })

  it.each([
    ['names the survivor', true],
    ['just deletes the other', false],
  ])('is settled by what survives there, when it is the other one and %s', async (_how, names) => {
    const twins = await world()
    const { survivor, there, stays } = await merged(twins)
    await twins.pass(20_000)
    const erp = twins.system('erp')
    erp.drop(stays)
    if (names) erp.mergedInto.set(stays, there)
    await twins.mark('erp', stays)
    await twins.pass(300_000)
    expect(await open(twins)).toEqual([])
    expect(await holds(twins)).toEqual([])
    erp.put({ name: 'After' }, there)
    await twins.mark('erp', there)
    await twins.pass(20_000)
    expect(twins.system('crm').native(survivor)?.name).toBe('After')
    expect(twins.system('crm').records.size).toBe(5)
  })

  it('apart makes the loser anew', async () => {
    const twins = await world()
    const { survivor, there } = await merged(twins)
    await twins.pass(60_000)
    const kept = (await twins.detail('crm', survivor))?.record.id ?? ''
    const other = (await twins.detail('erp', there))?.record.id ?? ''
    await twins.store.admin.keepApart(kept, other, 'ada')
    twins.context.wake()
    await twins.pass(60_000)
    expect(named(twins, 'crm', 'loser@example.org')).toHaveLength(1)
    expect(await open(twins)).toEqual([])
  })
})
