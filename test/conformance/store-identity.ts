/** Which record a native record belongs to: matching, attaching, remote merges, reviews, references. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClaimedRecord, WorkerSession } from '../../src/store/contract.ts'
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

const keys = [{ rule: 0, kind: 'exact' as const, text: 'ann@x' }]

export function describeIdentity(open: OpenHarness): void {
  describe('identity', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    async function candidate(nativeId: string, system = 'erp'): Promise<ClaimedRecord> {
      await harness.store.intake([{ marks: [mark(nativeId, system)] }])
      return claimOne(harness.store, worker)
    }

    function attach(from: ClaimedRecord, targetRecordId: string, system = 'erp') {
      return harness.store.attach([
        { lease: from.lease, system, targetRecordId, rule: 'exact', journal: [entry(targetRecordId)] },
      ])
    }

    test('finds the records that share a key, with their known state', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const known = await claimOne(store, worker)
      await store.decide([
        { lease: known.lease, matchKeys: keys, intents: [intent(harness, id, { operation: 'create' })] },
      ])
      const one = await candidate('E1')
      const [hits] = await store.match([{ lease: one.lease, entity: 'customer', system: 'erp', keys }])
      expect(hits).toEqual([
        {
          recordId: id,
          state: 'active',
          rule: 0,
          kind: 'exact',
          linked: ['crm'],
          creating: ['erp'],
          fields: { name: { value: 'Ann', rev: 1, src: 'crm', at: 1 } },
          keptApart: false,
          busy: true,
        },
      ])
      const unlike = [
        { rule: 1, kind: 'exact' as const, text: 'ann@x' },
        { rule: 0, kind: 'block' as const, text: 'ann@x' },
      ]
      expect(
        await store.match([{ lease: one.lease, entity: 'customer', system: 'erp', keys: unlike }]),
      ).toEqual([[]])
    })

    test("a hit that can't be read fails the match that found it, and no other of the batch", async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: ['X', 'Y', 'Z'].map((nativeId) => mark(nativeId, 'erp')) }])
      const claimed = await claim(store, worker)
      const keyOf = (text: string) => [{ rule: 0, kind: 'exact' as const, text }]
      const request = (index: number, text: string) => {
        const { lease } = claimed[index]!
        return { lease, entity: 'customer', system: 'erp', keys: keyOf(text) }
      }
      await store.markRecords([{ recordId: id, systems: [] }])
      const known = await claimOne(store, worker)
      await store.match([{ lease: known.lease, entity: 'customer', system: 'crm', keys: keyOf('shared') }])
      await store.settle([clean(known)])
      const undo = await harness.spoil(id)
      const batch = [request(0, 'shared'), request(1, 'own'), request(2, 'own')]
      const [spoiled, second, third] = await store.match(batch)
      expect(spoiled).toMatchObject({ kind: 'unstorable', error: { code: 'STORE_DOCUMENT_UNREADABLE' } })
      // At least one of the two sees the other.
      expect(second).toBeInstanceOf(Array)
      expect(third).toMatchObject([{ recordId: claimed[1]?.lease.recordId }])
      await undo()
      expect(await store.match([request(0, 'shared')])).toMatchObject([[{ recordId: id }]])
    })

    test('lets at least one of two concurrent matches see the other', async () => {
      const { store, other } = harness
      for (let round = 0; round < 6; round += 1) {
        await store.intake([{ marks: [mark(`C${round}`), mark(`E${round}`, 'erp')] }])
        const [one, two] = await claim(store, worker)
        const own = [{ rule: 0, kind: 'exact' as const, text: `round ${round}` }]
        const [first, second] = await Promise.all([
          store.match([{ lease: one!.lease, entity: 'customer', system: 'crm', keys: own }]),
          other.match([{ lease: two!.lease, entity: 'customer', system: 'erp', keys: own }]),
        ])
        const hits = [...first, ...second].flatMap((result) => (Array.isArray(result) ? result : []))
        expect(hits.length).toBeGreaterThan(0)
        await store.settle([clean(one!), clean(two!)])
      }
    })

    test('moves the native record of an attached candidate, without a base, and marks all systems', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const one = await candidate('E1')
      expect(await attach(one, id)).toEqual([{ kind: 'ok' }])
      expect(await store.admin.record({ recordId: one.record.id })).toBeUndefined()
      const target = await claimOne(store, worker)
      expect(target.record).toMatchObject({ id, toRead: ['*'] })
      expect(memberOf(target, 'erp')).toMatchObject({ nativeId: 'E1', state: 'linked', fields: {} })
      expect(await store.intake([{ marks: [mark('E1', 'erp')] }])).toMatchObject([
        { marked: 1, discovered: 0 },
      ])
    })

    test('closes the holds of a counterpart that was attached, and no others', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const known = await claimOne(store, worker)
      const [guard, elsewhere] = ['erp', 'shop'].map((system) => ({
        ...{ id: harness.uuid(), recordId: id, entity: 'customer', system },
        ...{ kind: 'guard' as const, reason: 'too many' },
      }))
      await store.settle([clean(known, { holds: [guard!, elsewhere!] })])
      expect(await attach(await candidate('E1'), id)).toEqual([{ kind: 'ok' }])
      expect((await store.admin.holds({ limit: 5 })).rows).toMatchObject([{ id: elsewhere?.id }])
    })

    test('reports candidates that were not read', async () => {
      const { store } = harness
      const isUnread = async (system: string, before: number) =>
        store.unreadCandidateBefore(system, 'customer', before)
      const one = await candidate('E1')
      const { discoveredAt } = one.record
      expect(await isUnread('erp', discoveredAt)).toBe(false)
      expect(await isUnread('erp', discoveredAt + 1)).toBe(true)
      expect(await isUnread('crm', discoveredAt + 1)).toBe(false)
      await store.settle([clean(one)])
      expect(await isUnread('erp', discoveredAt + 1)).toBe(false)
    })

    test('refuses to attach where a counterpart exists, is being created, is held by a worker, or without a target', async () => {
      const { store } = harness
      const linked = await activeRecord(harness, worker, 'E0', 'erp')
      const id = await activeRecord(harness, worker, 'C1')
      const one = await candidate('E1')
      expect(await attach(one, linked)).toEqual([{ kind: 'refused', reason: 'linked' }])
      expect(await attach(one, harness.uuid())).toEqual([{ kind: 'refused', reason: 'gone' }])
      await store.markRecords([{ recordId: id, systems: [] }])
      const held = await claimOne(store, worker)
      expect(await attach(one, id)).toEqual([{ kind: 'refused', reason: 'busy' }])
      await store.decide([{ lease: held.lease, intents: [intent(harness, id, { operation: 'create' })] }])
      await store.settle([{ lease: held.lease, finish: { kind: 'again', at: 9e12 } }])
      expect(await attach(one, id)).toEqual([{ kind: 'refused', reason: 'creating' }])
      expect(memberOf((await store.admin.record({ recordId: one.record.id }))!, 'erp').nativeId).toBe('E1')
    })

    test('attaches only one of two candidates of the same system to a record', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('E1', 'erp'), mark('E2', 'erp')] }])
      const both = await claim(store, worker)
      const results = await store.attach(
        both.map(({ lease }) => ({ lease, system: 'erp', targetRecordId: id, rule: 'exact', journal: [] })),
      )
      expect(results.map(({ kind }) => kind)).toEqual(['ok', 'refused'])
    })

    test('a counterpart that a merge moves keeps the base of the values written there', async () => {
      const { store } = harness
      const survivor = await activeRecord(harness, worker, 'C1')
      const loser = await activeRecord(harness, worker, 'C2')
      const agree = async (recordId: string, value: string, erp?: string) => {
        await store.markRecords([{ recordId, systems: [] }])
        const claimed = await claimOne(store, worker)
        const fields = {
          name: { value, rev: 4, src: 'crm', at: 1 },
          phone: { value, rev: 5, src: 'erp', at: 1 },
        }
        const state = { name: { shadow: value, acked: 4 }, phone: { shadow: value, acked: 5 } }
        const member = { system: 'erp', nativeId: erp ?? null, state: 'linked' as const, fields: state }
        await store.settle([
          clean(claimed, {
            record: { rev: 5, fields },
            members: erp === undefined ? [] : [{ ...member, asof: 7, floor: '3', settleAt: 9 }],
          }),
        ])
      }
      await agree(survivor, 'Eve')
      await agree(loser, 'Ada', 'E2')
      await store.markRecords([{ recordId: loser, systems: [] }])
      const claimed = await claimOne(store, worker)
      const request = { lease: claimed.lease, system: 'crm', survivorNativeId: 'C1', journal: [entry(loser)] }
      expect(await store.aliasMember(request)).toBe('ok')
      await store.settle([clean(claimed)])
      const kept = await claimOne(store, worker)
      expect(kept.record.id).toBe(survivor)
      expect(memberOf(kept, 'erp')).toMatchObject({
        nativeId: 'E2',
        state: 'linked',
        asof: 7,
        floor: '3',
        settleAt: 9,
      })
      expect(memberOf(kept, 'erp').fields).toEqual({
        name: { shadow: 'Ada', acked: 0, inherited: true },
        phone: { acked: 0 },
      })
    })

    test('follows a merge at the remote: the survivor gets the counterparts it lacks (H38)', async () => {
      const { store } = harness
      const survivor = await activeRecord(harness, worker, 'C1')
      const loser = await activeRecord(harness, worker, 'C2')
      await store.markRecords([{ recordId: loser, systems: [] }])
      const first = await claimOne(store, worker)
      await store.settle([clean(first, { members: [{ system: 'erp', nativeId: 'E2', state: 'linked' }] })])
      await store.markRecords([{ recordId: loser, systems: [] }])
      const claimed = await claimOne(store, worker)
      const merge = (survivorNativeId: string) =>
        store.aliasMember({ lease: claimed.lease, system: 'crm', survivorNativeId, journal: [entry(loser)] })
      expect(await merge('C9')).toBe('unknown-survivor')
      expect(await merge('C1')).toBe('ok')
      expect(await store.settle([clean(claimed)])).toEqual([{ kind: 'ok' }])
      const kept = await claimOne(store, worker)
      expect(kept.record).toMatchObject({ id: survivor, toRead: ['*'] })
      expect(memberOf(kept, 'erp')).toMatchObject({ nativeId: 'E2', state: 'linked', fields: {} })
      expect((await store.admin.record({ recordId: loser }))?.record.state).toBe('tombstoned')
      expect(
        await store.resolveReferences([
          { system: 'crm', entity: 'customer', nativeId: 'C2' },
          { system: 'erp', entity: 'customer', recordId: loser },
        ]),
      ).toEqual([
        { recordId: survivor, nativeId: 'C1' },
        { recordId: survivor, nativeId: 'E2' },
      ])
      expect(await store.intake([{ marks: [mark('C2')] }])).toMatchObject([{ discovered: 0 }])
    })

    test('resolves references in both directions, candidates excepted', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const one = await candidate('E1')
      const query = (rest: object) => ({ system: 'crm', entity: 'customer', ...rest })
      expect(
        await store.resolveReferences([
          query({ nativeId: 'C1' }),
          query({ recordId: id }),
          query({ nativeId: 'C7' }),
          query({ recordId: id, system: 'erp' }),
          query({ nativeId: 'E1', system: 'erp' }),
          query({ recordId: one.record.id, system: 'erp' }),
          query({ nativeId: 'C1', entity: 'order' }),
        ]),
      ).toEqual([
        { recordId: id, nativeId: 'C1' },
        { recordId: id, nativeId: 'C1' },
        ...Array(5).fill(undefined),
      ])
    })

    test('asks for review, and attaches when the two are the same', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const one = await candidate('E1')
      const candidates = [{ recordId: id, score: 812, why: 'name, city\u0000' }]
      expect(await store.requestReview({ lease: one.lease, candidates, journal: [] })).toBe('ok')
      await store.settle([clean(one)])
      expect((await store.admin.reviews({ limit: 10 })).rows).toMatchObject([
        { recordId: one.record.id, entity: 'customer', system: 'erp', nativeId: 'E1', candidates },
      ])
      expect(await store.admin.decideReview(harness.uuid(), { apart: true }, 'p')).toBe('unknown')
      expect(await store.admin.decideReview(one.record.id, { same: harness.uuid() }, 'p')).toBe('refused')
      expect(await store.admin.decideReview(one.record.id, { same: id }, 'p')).toBe('ok')
      expect(memberOf(await claimOne(store, worker), 'erp').nativeId).toBe('E1')
      expect((await store.admin.reviews({ limit: 10 })).rows).toEqual([])
    })

    test('remembers that two are distinct', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const known = await claimOne(store, worker)
      await store.decide([{ lease: known.lease, matchKeys: keys }])
      await store.settle([clean(known)])
      const one = await candidate('E1')
      await store.requestReview({
        lease: one.lease,
        candidates: [{ recordId: id, score: 500, why: 'name' }],
        journal: [],
      })
      await store.settle([clean(one)])
      expect(await store.admin.decideReview(one.record.id, { apart: true }, 'p')).toBe('ok')
      const again = await claimOne(store, worker)
      expect(again.record).toMatchObject({ id: one.record.id, state: 'candidate' })
      const [hits] = await store.match([{ lease: again.lease, entity: 'customer', system: 'erp', keys }])
      expect(hits).toMatchObject([{ recordId: id, keptApart: true }])
      const createChecks = [{ system: 'crm', readUpTo: 0 }]
      expect(await store.decide([{ lease: again.lease, createChecks }])).toEqual([{ kind: 'ok' }])
    })

    test('reports creates begun before a candidate was discovered', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const claimed = await claimOne(store, worker)
      const create = intent(harness, id, { operation: 'create', createdAt: 5000 })
      await store.decide([{ lease: claimed.lease, intents: [create] }])
      expect(await store.openCreatesBefore('erp', 'customer', 5000)).toBe(false)
      expect(await store.openCreatesBefore('erp', 'customer', 5001)).toBe(true)
      expect(await store.openCreatesBefore('crm', 'customer', 5001)).toBe(false)
      await store.settle([clean(claimed, { resolved: [{ id: create.id, state: 'done' }] })])
      expect(await store.openCreatesBefore('erp', 'customer', 5001)).toBe(false)
    })
  })
}
