/** Duplicates: when a pair is one, what it blocks, and the effects of decisions. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClaimedRecord, HoldDraft, MatchKey, WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  entry,
  intent,
  mark,
  memberOf,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

const keyOf = (text: string): MatchKey => ({ rule: 0, kind: 'exact', text })

export function describeDuplicates(open: OpenHarness): void {
  describe('duplicates', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    async function again(recordId: string): Promise<ClaimedRecord> {
      const { store } = harness
      await store.markRecords([{ recordId, systems: [] }])
      const claimed = (await claim(store, worker)).find(({ record }) => record.id === recordId)
      expect(claimed).toBeDefined()
      return claimed!
    }

    /** Finishes everything that is due. */
    async function idle(): Promise<void> {
      for (const claimed of await claim(harness.store, worker)) await harness.store.settle([clean(claimed)])
    }

    async function rekey(recordId: string, ...texts: readonly string[]): Promise<void> {
      const claimed = await again(recordId)
      expect(await harness.store.decide([{ lease: claimed.lease, matchKeys: texts.map(keyOf) }])).toEqual([
        { kind: 'ok' },
      ])
      await harness.store.settle([clean(claimed)])
      await idle()
    }

    /** In the CRM, and in the ERP if an id is given. */
    async function known(nativeId: string, erp?: string, key = 'same'): Promise<string> {
      const id = await activeRecord(harness, worker, nativeId)
      await idle()
      if (erp !== undefined) {
        const claimed = await again(id)
        await harness.store.settle([
          clean(claimed, { members: [{ system: 'erp', nativeId: erp, state: 'linked' }] }),
        ])
        await idle()
      }
      await rekey(id, key)
      return id
    }

    const pairs = async () => (await harness.store.admin.duplicates({ limit: 10 })).rows
    const detail = async (id: string) => (await harness.store.admin.record({ recordId: id }))!

    test('are two that share an exact key and a system, until the keys differ', async () => {
      const [one, two] = [await known('C1'), await known('C2', undefined, 'other')]
      expect(await pairs()).toEqual([])
      await rekey(two, 'same')
      const [row] = await pairs()
      expect(row).toMatchObject({
        cause: 'key',
        state: 'open',
        entity: 'customer',
        sides: [
          { recordId: one },
          { recordId: two, natives: [{ system: 'crm', nativeId: 'C2', madeHere: false }] },
        ],
        overlaps: [{ system: 'crm', suggested: 'C1' }],
        held: [],
      })
      expect((await harness.store.admin.status()).open.matches).toBe(1)
      const claimed = await again(two)
      await harness.store.decide([{ lease: claimed.lease, matchKeys: [keyOf('other')] }])
      await harness.store.settle([clean(claimed)])
      expect(await pairs()).toEqual([])
      const due = await claim(harness.store, worker)
      expect(due.map(({ record }) => record.id).sort()).toEqual([one, two].sort())
      for (const one of due) await harness.store.settle([clean(one)])
      expect(await harness.store.admin.duplicate(row!.id)).toBeUndefined()
      await idle()
      await rekey(two, 'same')
      expect((await pairs()).map(({ id }) => id)).toEqual([row!.id])
    })

    test('are none without a common system, of different rules, or with a weaker than an exact key', async () => {
      const { store } = harness
      await known('C1')
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const candidate = await claimOne(store, worker)
      const keys = [keyOf('same'), { rule: 1, kind: 'exact' as const, text: 'x' }]
      await store.match([{ lease: candidate.lease, entity: 'customer', system: 'erp', keys }])
      await store.settle([clean(candidate)])
      await store.intake([{ marks: [mark('C9')] }])
      const block = await claimOne(store, worker)
      await store.match([
        {
          lease: block.lease,
          entity: 'customer',
          system: 'crm',
          keys: [{ rule: 0, kind: 'block', text: 'same' }],
        },
      ])
      expect(await pairs()).toEqual([])
    })

    test('of a candidate and a record are found when it is matched, and named before a deletion', async () => {
      const { store } = harness
      const one = await known('C1', 'E1')
      await store.intake([{ marks: [mark('E2', 'erp'), mark('E3', 'erp')] }])
      const [first, second] = await claim(store, worker)
      await store.match([{ lease: first!.lease, entity: 'customer', system: 'erp', keys: [keyOf('same')] }])
      const query = { recordId: one, system: 'erp', entity: 'customer', before: await store.now() }
      const candidateId = first!.record.id
      expect(await pairs()).toMatchObject([{ sides: [{ recordId: one }, { recordId: candidateId }] }])
      expect(await store.openMatters({ ...query, before: query.before + 1_000 })).toEqual({
        duplicates: [{ recordId: candidateId, cause: 'key' }],
        matches: [candidateId],
        unread: true,
      })
      expect(await store.openMatters({ ...query, before: 0 })).toMatchObject({ unread: false })
      expect(
        await store.openMatters({ ...query, before: query.before + 1_000, system: 'crm' }),
      ).toMatchObject({
        unread: false,
      })
      await store.settle([
        clean(first!),
        clean(second!, {
          members: [{ system: 'erp', lane: { state: 'backoff', reason: 'moving', until: 9e12 } }],
        }),
      ])
      await store.markRecords([{ recordId: second!.record.id, systems: [] }])
      // One that could not be read does not count; neither does one that need not be read.
      expect(await store.openMatters({ ...query, before: query.before + 1_000 })).toMatchObject({
        unread: false,
      })
    })

    test('stop creates of both, and nothing else', async () => {
      const { store } = harness
      const [one, two] = [await known('C1', 'E1'), await known('C2', 'E2')]
      const held = await again(two)
      const create = intent(harness, two, { system: 'shop', operation: 'create' })
      expect(
        await store.decide([
          { lease: held.lease, intents: [create], createChecks: [{ system: 'shop', readUpTo: 0 }] },
        ]),
      ).toEqual([{ kind: 'duplicate', system: 'shop', recordId: one }])
      expect(await store.decide([{ lease: held.lease, intents: [intent(harness, two)] }])).toEqual([
        { kind: 'ok' },
      ])
      expect(
        (await store.admin.mergeRecords({ keep: one, drop: two, survivors: {}, others: 'keep' }, 'eve')).kind,
      ).toBe('refused')
    })

    test('above five holders of a key there are none, and the key is reported', async () => {
      const ids: string[] = []
      for (let n = 1; n <= 6; n += 1) ids.push(await known(`C${n}`))
      expect(await pairs()).toEqual([])
      const crowded = await harness.store.admin.crowdedKeys(5)
      expect(crowded).toMatchObject([{ entity: 'customer', rule: 0, holders: 6 }])
      expect(ids).toEqual(expect.arrayContaining([...crowded[0]!.examples]))
      await rekey(ids[5]!, 'another')
      expect(await pairs()).toHaveLength(10)
      expect(await harness.store.admin.crowdedKeys(5)).toEqual([])
    })

    test('declared the same become one: natives by choice, gone ones are replaced, the rest is removed', async () => {
      const { store } = harness
      const [one, two] = [await known('C1', 'E1'), await known('C2', 'E2')]
      const gone = await again(one)
      await store.settle([clean(gone, { members: [{ system: 'erp', state: 'suspect', goneSince: 1 }] })])
      const request = { keep: one, drop: two, others: 'delete' as const }
      expect(await store.admin.mergeRecords({ ...request, survivors: { crm: 'C7' } }, 'eve')).toEqual({
        kind: 'refused',
        reason: 'crm:C7 belongs to neither of the two: name crm:C1 or crm:C2',
      })
      const answer = await store.admin.mergeRecords({ ...request, survivors: { crm: 'C2' } }, 'eve')
      expect(answer).toMatchObject({ kind: 'ok' })
      const kept = await detail(one)
      expect(kept.record).toMatchObject({ state: 'active', merging: [two], toRead: ['*'] })
      expect(memberOf(kept, 'crm')).toMatchObject({ nativeId: 'C2', state: 'linked', fields: {} })
      expect(memberOf(kept, 'erp')).toMatchObject({ nativeId: 'E2', state: 'linked', fields: {} })
      const dropped = await detail(two)
      expect(dropped.record).toMatchObject({
        state: 'deleting',
        aliasOf: one,
        removal: 'delete',
        toRead: ['*'],
      })
      expect(memberOf(dropped, 'crm')).toMatchObject({ nativeId: 'C1', state: 'linked', asof: 0 })
      expect(memberOf(dropped, 'crm').fields).toMatchObject({ name: { shadow: 'Ann' } })
      expect(memberOf(dropped, 'erp')).toMatchObject({ nativeId: 'E1', state: 'gone' })
      expect(await pairs()).toEqual([])
      const { rows } = await store.admin.duplicates({ limit: 5, state: 'decided' })
      expect(rows).toMatchObject([
        { state: 'same', decidedBy: 'eve', sides: [{ recordId: one }, { recordId: two }] },
      ])
      expect(await store.resolveReferences([{ system: 'erp', entity: 'customer', recordId: two }])).toEqual([
        { recordId: one, nativeId: 'E2' },
      ])
      for (const id of [one, two]) {
        expect((await store.admin.journal({ recordId: id, limit: 1 }))[0]).toMatchObject({
          kind: 'person',
          actor: 'eve',
          body: { same: { kept: one, merged: two, others: 'delete' } },
        })
      }
    })

    test('can be kept apart and declared the same again: undo restores the members of each', async () => {
      const { store } = harness
      const [one, two] = [await known('C1', 'E1'), await known('C2', 'E2')]
      const apart = await store.admin.keepApart(one, two, 'eve')
      expect(await pairs()).toEqual([])
      await idle()
      const checked = await again(two)
      const createChecks = [{ system: 'shop', readUpTo: 0 }]
      expect(await store.decide([{ lease: checked.lease, createChecks }])).toEqual([{ kind: 'ok' }])
      await store.settle([clean(checked)])
      const id = apart.kind === 'ok' ? apart.id : ''
      expect(await store.admin.undoDuplicate(id, 'eve')).toEqual({ kind: 'ok', id })
      expect(await pairs()).toHaveLength(1)
      expect(await store.admin.undoDuplicate(id, 'eve')).toMatchObject({ kind: 'refused' })
      expect(await store.admin.undoDuplicate(harness.uuid(), 'eve')).toEqual({ kind: 'unknown' })
      await store.admin.mergeRecords(
        { keep: one, drop: two, survivors: { erp: 'E2' }, others: 'keep' },
        'eve',
      )
      expect(await store.admin.keepApart(one, two, 'eve')).toMatchObject({ kind: 'refused' })
      expect(await store.admin.undoDuplicate(id, 'eve')).toEqual({ kind: 'ok', id })
      const [kept, dropped] = [await detail(one), await detail(two)]
      expect(kept.record.merging).toBeUndefined()
      expect(memberOf(kept, 'erp')).toMatchObject({ nativeId: 'E1', state: 'linked' })
      expect(memberOf(kept, 'crm')).toMatchObject({ nativeId: 'C1', state: 'linked' })
      expect(dropped.record.state).toBe('active')
      expect(dropped.record).not.toHaveProperty('aliasOf')
      expect(memberOf(dropped, 'erp')).toMatchObject({ nativeId: 'E2', state: 'linked' })
      expect(memberOf(dropped, 'crm')).toMatchObject({ nativeId: 'C2', state: 'linked' })
      expect(await pairs()).toHaveLength(1)
      expect(await store.admin.undoDuplicate(id, 'eve')).toMatchObject({ kind: 'refused' })
    })

    test('that were kept apart stay apart from the record that one of them becomes part of', async () => {
      const { store } = harness
      const [one, two, three] = [await known('C1', 'E1'), await known('C2', 'E2'), await known('C3', 'E3')]
      await store.admin.keepApart(two, three, 'eve')
      expect(await pairs()).toHaveLength(2)
      await store.admin.mergeRecords({ keep: one, drop: two, survivors: {}, others: 'keep' }, 'eve')
      expect(await pairs()).toEqual([])
    })

    test('result from a merge in one system where both have a counterpart elsewhere', async () => {
      const { store } = harness
      const [one, two] = [await known('C1', 'E1', 'a'), await known('C2', 'E2', 'b')]
      const loser = await again(two)
      const alias = (lease: ClaimedRecord['lease'], system: string, survivorNativeId: string) =>
        store.aliasMember({ lease, system, survivorNativeId, journal: [entry(two)] })
      expect(await alias(loser.lease, 'crm', 'C1')).toBe('duplicate')
      await store.settle([clean(loser)])
      expect(await pairs()).toMatchObject([
        { cause: 'merge', system: 'crm', sides: [{ recordId: one }, { recordId: two }] },
      ])
      const alive = await detail(two)
      expect(alive.record.state).toBe('active')
      expect(memberOf(alive, 'crm')).toMatchObject({ nativeId: 'C2', state: 'gone' })
      expect(memberOf(alive, 'erp')).toMatchObject({ nativeId: 'E2', state: 'linked' })
      const same = (await claim(store, worker)).find(({ record }) => record.id === two)!
      // The other system makes the same merge, which settles it.
      expect(await alias(same.lease, 'erp', 'E1')).toBe('ok')
      expect(await pairs()).toEqual([])
      expect((await detail(two)).record).toMatchObject({ state: 'tombstoned', aliasOf: one })
    })

    test('from a merge outlast the key, and an earlier decision', async () => {
      const { store } = harness
      const [one, two] = [await known('C1', 'E1'), await known('C2', 'E2')]
      const three = await known('C3', 'E3', 'c')
      expect(await pairs()).toMatchObject([{ cause: 'key' }])
      await store.admin.keepApart(one, three, 'eve')
      const claimed = await again(one)
      const request = { lease: claimed.lease, system: 'crm', journal: [entry(one)] }
      expect(await store.aliasMember({ ...request, survivorNativeId: 'C2' })).toBe('duplicate')
      expect(await store.aliasMember({ ...request, survivorNativeId: 'C3' })).toBe('duplicate')
      await store.settle([clean(claimed)])
      await idle()
      await rekey(one, 'parted')
      const merged = (await pairs()).map(({ cause, sides }) => [cause, sides[0].recordId, sides[1].recordId])
      expect(merged.sort()).toEqual(
        [
          ['merge', three, one],
          ['merge', two, one],
        ].sort(),
      )
    })

    test('of a record pass on to the one that it becomes part of', async () => {
      const { store } = harness
      const [one, two, three] = [
        await known('C1', 'E1', 'a'),
        await known('C2', 'E2', 'b'),
        await known('C3', 'E3', 'c'),
      ]
      const alias = async (recordId: string, system: string, survivorNativeId: string) => {
        const { lease, ...claimed } = await again(recordId)
        const result = await store.aliasMember({
          lease,
          system,
          survivorNativeId,
          journal: [entry(recordId)],
        })
        await store.settle([clean({ lease, ...claimed })])
        await idle()
        return result
      }
      expect(await alias(two, 'crm', 'C1')).toBe('duplicate')
      expect(await alias(two, 'erp', 'E3')).toBe('ok')
      expect(await pairs()).toMatchObject([
        { cause: 'merge', system: 'crm', sides: [{ recordId: one }, { recordId: three }] },
      ])
      // A record merged by its own system into the first one is a reference to that one there.
      const [here, there] = await store.resolveReferences([
        { system: 'crm', entity: 'customer', nativeId: 'C2' },
        { system: 'erp', entity: 'customer', nativeId: 'E2' },
      ])
      expect([here, there]).toEqual([
        { recordId: one, nativeId: 'C1' },
        { recordId: three, nativeId: 'E3' },
      ])
    })

    test('a merge into a native record that an alias of this record still holds links this record to it', async () => {
      const { store } = harness
      const [one, two] = [await known('C1', 'E1'), await known('C2', 'E2')]
      await store.admin.mergeRecords({ keep: one, drop: two, survivors: {}, others: 'keep' }, 'eve')
      const claimed = await again(one)
      const request = { lease: claimed.lease, system: 'erp', survivorNativeId: 'E2', journal: [entry(one)] }
      expect(await store.aliasMember(request)).toBe('relinked')
      expect(memberOf(await detail(one), 'erp')).toMatchObject({
        nativeId: 'E2',
        state: 'linked',
        fields: {},
      })
      expect(memberOf(await detail(two), 'erp')).toMatchObject({ nativeId: 'E1', state: 'gone' })
    })

    test('a waiting hold names what it waits for now; others keep their first reason', async () => {
      const { store } = harness
      const one = await known('C1')
      const hold = (kind: HoldDraft['kind'], reason: string): HoldDraft => ({
        ...{ id: harness.uuid(), recordId: one, entity: 'customer', system: 'crm' },
        ...{ kind, reason },
      })
      for (const reason of ['first', 'second']) {
        const claimed = await again(one)
        await store.settle([clean(claimed, { holds: [hold('delete-waits', reason), hold('guard', reason)] })])
      }
      const reasons = (await store.admin.holds({ limit: 5 })).rows.map(
        ({ kind, reason }) => `${kind} ${reason}`,
      )
      expect(reasons.sort()).toEqual(['delete-waits second', 'guard first'])
      expect(await store.admin.releaseHolds({ kind: 'delete-waits' }, 'release', 'eve')).toBe(1)
      expect(memberOf(await detail(one), 'crm').lane.reason).toBe('released')
    })

    test('a candidate under review that becomes something else is no longer under review', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const one = await claimOne(store, worker)
      const candidates = [{ recordId: harness.uuid(), score: 1000, why: 'same key' }]
      await store.requestReview({ lease: one.lease, candidates, journal: [] })
      await store.settle([clean(one)])
      const later = await again(one.record.id)
      expect((await store.admin.reviews({ limit: 5 })).rows).toHaveLength(1)
      await store.settle([clean(later, { record: { state: 'ignored' } })])
      expect((await store.admin.reviews({ limit: 5 })).rows).toEqual([])
    })
  })
}
