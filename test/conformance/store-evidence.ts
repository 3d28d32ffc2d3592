/** Evidence for a create: it is kept while the create waits, and checked by the commit of the create's intent. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CreateEvidence } from '../../src/model/state.ts'
import type { CreateCheck, Decision, MatchKey, WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claimOne,
  clean,
  intent,
  mark,
  memberOf,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

const ann: readonly MatchKey[] = [
  { rule: 0, kind: 'exact', text: 'ann@x' },
  { rule: 1, kind: 'block', text: 'ann' },
]
const bob: readonly MatchKey[] = [{ rule: 0, kind: 'exact', text: 'bob@x' }]

export function describeEvidence(open: OpenHarness): void {
  describe('evidence for a create', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    async function claimAgain(id: string) {
      await harness.store.markRecords([{ recordId: id, systems: [] }])
      return claimOne(harness.store, worker)
    }

    /** Decides a create of the record with that check. */
    async function decide(lease: Decision['lease'], check: CreateCheck, rest: Partial<Decision> = {}) {
      const create = intent(harness, lease.recordId, { operation: 'create' })
      const [result] = await harness.store.decide([
        { lease, intents: [create], createChecks: [check], ...rest },
      ])
      return result
    }

    async function evidenceFor(keys: readonly MatchKey[], ageMs = 0): Promise<CreateCheck> {
      const now = await harness.store.now()
      return {
        system: 'erp',
        readUpTo: 0,
        evidence: {
          keys: harness.store.hashKeys('customer', keys),
          takenAt: now - ageMs,
          goodUntil: now - ageMs + 60_000,
        },
      }
    }

    test('is kept with the member until it is cleared', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const evidence: CreateEvidence = {
        keys: store.hashKeys('customer', ann),
        takenAt: 10,
        goodUntil: 60_010,
        coversUpTo: 5,
        readUpTo: 20,
        nativeIds: ['E1', 'E\u0000 \ud800'],
      }
      const first = await claimAgain(id)
      await store.settle([clean(first, { members: [{ system: 'erp', evidence }] })])
      const second = await claimAgain(id)
      expect(memberOf(second, 'erp').evidence).toEqual(evidence)
      await store.settle([clean(second, { members: [{ system: 'erp', laneAttempts: 1 }] })])
      const third = await claimAgain(id)
      expect(memberOf(third, 'erp').evidence).toEqual(evidence)
      await store.settle([clean(third, { members: [{ system: 'erp', evidence: null }] })])
      expect(memberOf(await claimAgain(id), 'erp')).not.toHaveProperty('evidence')
    })

    test('is removed when a counterpart is attached', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const claimed = await claimAgain(id)
      const evidence = { keys: 'k', takenAt: 1, goodUntil: 2, coversUpTo: 1, readUpTo: 1 }
      await store.settle([
        clean(claimed, {
          members: [{ system: 'erp', createWantedAt: 1, goneConfirmedAt: 2, reappearedAt: 3, evidence }],
        }),
      ])
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const candidate = await claimOne(store, worker)
      const link = { system: 'erp', targetRecordId: id, rule: 'exact code', journal: [] }
      expect(await store.attach([{ lease: candidate.lease, ...link }])).toEqual([{ kind: 'ok' }])
      const member = memberOf(await claimAgain(id), 'erp')
      expect(member).toMatchObject({ nativeId: 'E1', state: 'linked' })
      expect(member).not.toHaveProperty('evidence')
      for (const cleared of ['createWantedAt', 'goneConfirmedAt', 'reappearedAt'])
        expect(member).not.toHaveProperty(cleared)
    })

    test('has one hash for a set of keys, whatever their order, and another for any other set', () => {
      const { store } = harness
      const hash = store.hashKeys('customer', ann)
      expect(store.hashKeys('customer', ann.toReversed())).toBe(hash)
      expect(store.hashKeys('customer', bob)).not.toBe(hash)
      expect(store.hashKeys('order', ann)).not.toBe(hash)
      expect(store.hashKeys('customer', ann.slice(0, 1))).not.toBe(hash)
      expect(hash).not.toContain('ann')
    })

    test('allows a create for the keys that it was gathered for, given or registered', async () => {
      const id = await activeRecord(harness, worker, 'C1')
      const { lease } = await claimAgain(id)
      await harness.store.decide([{ lease, matchKeys: ann }])
      const check = await evidenceFor(ann)
      expect(await decide(lease, check, { matchKeys: bob })).toEqual({ kind: 'no-evidence', system: 'erp' })
      expect(await decide(lease, await evidenceFor(bob))).toEqual({ kind: 'no-evidence', system: 'erp' })
      expect(await decide(lease, check)).toEqual({ kind: 'ok' })
    })

    test('applies to the keys that the same commit registers', async () => {
      const id = await activeRecord(harness, worker, 'C1')
      const { lease } = await claimAgain(id)
      await harness.store.decide([{ lease, matchKeys: ann }])
      expect(await decide(lease, await evidenceFor(bob), { matchKeys: bob })).toEqual({ kind: 'ok' })
    })

    test('is refused once it is too old', async () => {
      const id = await activeRecord(harness, worker, 'C1')
      const { lease } = await claimAgain(id)
      await harness.store.decide([{ lease, matchKeys: ann }])
      const old = await evidenceFor(ann, 60_001)
      expect(await decide(lease, old)).toEqual({ kind: 'no-evidence', system: 'erp' })
      const { intents } = (await harness.store.admin.record({ recordId: id }))!
      expect(intents).toEqual([])
      expect(await decide(lease, await evidenceFor(ann, 50_000))).toEqual({ kind: 'ok' })
    })

    test('waits for the hits of the search, known or not, until each was read since or rests', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const known = await activeRecord(harness, worker, 'E1', 'erp')
      const { lease } = await claimAgain(id)
      await store.decide([{ lease, matchKeys: ann }])
      const taken = await evidenceFor(ann)
      const check = { ...taken, evidence: { ...taken.evidence!, nativeIds: ['E1'] } }
      await store.intake([{ marks: [mark('E1', 'erp', { force: true })] }])
      expect(await decide(lease, check)).toEqual({ kind: 'create-waits', system: 'erp' })
      const hit = await claimOne(store, worker)
      expect(hit.record.id).toBe(known)
      expect(await decide(lease, check)).toEqual({ kind: 'create-waits', system: 'erp' })
      const readSince = [{ system: 'erp', asof: taken.evidence!.takenAt }]
      await store.settle([{ lease: hit.lease, finish: { kind: 'keep' }, members: readSince }])
      expect(await decide(lease, check)).toEqual({ kind: 'ok' })
    })

    test('does not wait for a hit whose lane is in quarantine, or that was not marked', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await activeRecord(harness, worker, 'E1', 'erp')
      const { lease } = await claimAgain(id)
      await store.decide([{ lease, matchKeys: ann }])
      const taken = await evidenceFor(ann)
      const check = { ...taken, evidence: { ...taken.evidence!, nativeIds: ['E1', 'E9'] } }
      expect(await decide(lease, check, { intents: [] })).toEqual({ kind: 'ok' })
      await store.intake([{ marks: [mark('E1', 'erp', { force: true })] }])
      const hit = await claimOne(store, worker)
      const shut = [{ system: 'erp', lane: { state: 'quarantined', reason: 'CREATE_TAKEN' } as const }]
      await store.settle([{ lease: hit.lease, finish: { kind: 'keep' }, members: shut }])
      expect(await decide(lease, check)).toEqual({ kind: 'ok' })
    })
  })
}
