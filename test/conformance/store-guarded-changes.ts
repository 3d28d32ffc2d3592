/** Changes that the mass-change guard counts in the commit of their intents. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClaimedRecord, Decision, GuardedChange, WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claim,
  clean,
  entry,
  intent,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

export function describeGuardedChanges(open: OpenHarness): void {
  describe('changes that the guard counts', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    const change = (rest: Partial<GuardedChange> = {}): GuardedChange => ({
      ...{ system: 'erp', operation: 'update', share: 0, atLeast: 2 },
      ...rest,
    })
    const decision = (claimed: ClaimedRecord, guarded: readonly GuardedChange[] = [change()]): Decision => ({
      lease: claimed.lease,
      record: { rev: 9 },
      intents: guarded.map(({ system }) => intent(harness, claimed.record.id, { system })),
      journal: [entry(claimed.record.id)],
      guarded,
    })
    async function records(count: number): Promise<readonly ClaimedRecord[]> {
      const ids: string[] = []
      for (let n = 0; n < count; n += 1) ids.push(await activeRecord(harness, worker, `C${n}`))
      await harness.store.markRecords(ids.map((recordId) => ({ recordId, systems: [] })))
      const claimed = await claim(harness.store, worker)
      return ids.map((id) => claimed.find(({ record }) => record.id === id)!)
    }

    test('counts each with its intent, and writes nothing of a decision beyond the bound', async () => {
      const { store } = harness
      const [one, two, three, four] = await records(4)
      const results = await store.decide([decision(one!), decision(two!), decision(three!)])
      expect(results).toEqual([
        { kind: 'ok' },
        { kind: 'ok' },
        { kind: 'guarded', system: 'erp', operation: 'update' },
      ])
      const untouched = await store.admin.record({ recordId: three!.record.id })
      expect(untouched).toMatchObject({ record: { rev: 1 }, intents: [] })
      expect(await store.admin.journal({ recordId: three!.record.id, limit: 10 })).toEqual([])
      expect(await store.decide([decision(four!)])).toMatchObject([{ kind: 'guarded' }])
      expect(await store.decide([decision(four!, [change({ operation: 'create' })])])).toEqual([
        { kind: 'ok' },
      ])
    })

    test('counts nothing of a decision that is refused for another of its changes', async () => {
      const { store } = harness
      const [one, two, three] = await records(3)
      const narrow = change({ system: 'shop', atLeast: 0 })
      expect(await store.decide([decision(one!, [change(), narrow])])).toEqual([
        { kind: 'guarded', system: 'shop', operation: 'update' },
      ])
      expect(await store.decide([decision(two!), decision(three!)])).toEqual([{ kind: 'ok' }, { kind: 'ok' }])
    })

    test('counts those no more that had no effect', async () => {
      const { store } = harness
      const [one, two, three] = await records(3)
      await store.decide([decision(one!), decision(two!)])
      const unmade = [{ system: 'erp', operation: 'update' as const }]
      expect(await store.settle([clean(one!, { unmade })])).toEqual([{ kind: 'ok' }])
      expect(await store.decide([decision(three!)])).toEqual([{ kind: 'ok' }])
      const again = {
        ...decision(two!),
        resolved: [{ id: (await intentOf(two!)).id, state: 'rejected' as const }],
        unmade,
      }
      expect(await store.decide([again])).toEqual([{ kind: 'ok' }])
      const last = { ...again, resolved: [{ id: again.intents![0]!.id, state: 'rejected' as const }] }
      const next = { ...last, intents: [intent(harness, two!.record.id, { system: 'erp' })], unmade: [] }
      expect(await store.decide([next])).toMatchObject([{ kind: 'guarded' }])
    })

    async function intentOf({ record }: ClaimedRecord) {
      const detail = await harness.store.admin.record({ recordId: record.id })
      return detail!.intents[0]!
    }

    test('counts no more than the bound for racing processes', async () => {
      const { store, other } = harness
      const claimed = await records(12)
      const results = await Promise.all(
        claimed.map((one, n) =>
          (n % 2 === 0 ? store : other).decide([decision(one, [change({ atLeast: 5 })])]),
        ),
      )
      expect(results.flat().filter(({ kind }) => kind === 'ok')).toHaveLength(5)
      expect(results.flat().filter(({ kind }) => kind === 'guarded')).toHaveLength(7)
    })
  })
}
