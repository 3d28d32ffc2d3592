/** The append-only, hash-chained journal. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClaimedRecord, WorkerSession } from '../../src/store/contract.ts'
import { claim, clean, entry, mark, type OpenHarness, type StoreHarness } from './store-kit.ts'

export function describeJournal(open: OpenHarness): void {
  describe('the journal', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    let records: readonly ClaimedRecord[]
    beforeEach(async () => {
      harness = await open()
      const { store } = harness
      worker = await store.registerWorker()
      await store.intake([{ marks: ['C1', 'C2', 'C3', 'C4'].map((nativeId) => mark(nativeId)) }])
      records = await claim(store, worker)
    })
    afterEach(() => harness.close())

    function write(record: ClaimedRecord, body: unknown) {
      return harness.store.decide([{ lease: record.lease, journal: [entry(record.record.id, body)] }])
    }

    test('returns the history of a record, in order, with decoded values', async () => {
      const { store } = harness
      const [first, second] = records
      const id = first!.record.id
      await write(first!, { field: 'name', to: 'x\u0000', list: [1, null, { a: 'b' }] })
      await write(second!, { other: true })
      await store.settle([
        clean(first!, { journal: [{ kind: 'outcome', recordId: id, actor: 'w', body: 'done' }] }),
      ])
      const lines = await store.admin.journal({ recordId: id, limit: 10 })
      expect(lines.map(({ kind, actor, body }) => [kind, actor, body])).toEqual([
        ['decision', 'worker', { field: 'name', to: 'x\u0000', list: [1, null, { a: 'b' }] }],
        ['outcome', 'w', 'done'],
      ])
      expect(lines[0]!.seq).toBeLessThan(lines[1]!.seq)
      expect(await store.admin.journal({ recordId: id, afterSeq: lines[0]!.seq, limit: 10 })).toEqual([
        lines[1],
      ])
      expect(await store.admin.journal({ limit: 1 })).toEqual([lines[1]])
      expect(await store.admin.journal({ afterSeq: 0, limit: 2 })).toHaveLength(2)
    })

    test('lists each entry of a commit, wherever a page begins, and the chain contains all of them', async () => {
      const { store } = harness
      const [first, second] = records
      const [id, otherId] = [first!.record.id, second!.record.id]
      const about = (recordId: string, n: number, actor = 'worker') => ({ ...entry(recordId, { n }), actor })
      await store.decide([
        { lease: first!.lease, journal: [about(id, 1), { ...about(id, 2), kind: 'intent' }, about(id, 3)] },
        { lease: second!.lease, journal: [about(otherId, 4), about(otherId, 5, 'anna')] },
      ])
      const all = await store.admin.journal({ afterSeq: 0, limit: 10 })
      expect(all.map(({ recordId, kind, actor, body }) => [recordId, kind, actor, body])).toEqual([
        [id, 'decision', 'worker', { n: 1 }],
        [id, 'intent', 'worker', { n: 2 }],
        [id, 'decision', 'worker', { n: 3 }],
        [otherId, 'decision', 'worker', { n: 4 }],
        [otherId, 'decision', 'anna', { n: 5 }],
      ])
      expect(new Set(all.map(({ seq }) => seq)).size).toBe(5)
      for (const [index, { seq }] of all.entries()) {
        expect(await store.admin.journal({ afterSeq: seq, limit: 2 })).toEqual(
          all.slice(index + 1, index + 3),
        )
        expect(await store.admin.journal({ limit: index + 1 })).toEqual(all.slice(-index - 1))
      }
      expect(await store.admin.verifyJournal()).toEqual({ lines: 5 })
      await harness.tamper(all[1]!.seq)
      expect(await store.admin.verifyJournal()).toMatchObject({ brokenAt: { seq: all[2]!.seq } })
    })

    test('writes nothing for an item that is fenced', async () => {
      const { store } = harness
      const [first, second] = records
      const wrong = { ...first!.lease, epoch: 99 }
      await store.decide([
        { lease: wrong, journal: [entry(first!.record.id)] },
        { lease: second!.lease, journal: [entry(second!.record.id)] },
      ])
      expect(await store.admin.journal({ limit: 10 })).toHaveLength(1)
    })

    test('verifies after concurrent writers, and reveals a changed byte (INV-16)', async () => {
      const { store } = harness
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(records.map((record) => write(record, { round })))
      }
      expect(await store.admin.verifyJournal()).toEqual({ lines: 20 })
      const lines = await store.admin.journal({ afterSeq: 0, limit: 100 })
      const victim = lines[9]!
      await harness.tamper(victim.seq)
      expect(await store.admin.verifyJournal()).toMatchObject({
        brokenAt: { stream: victim.stream, seq: victim.seq, problem: 'its content does not match its hash' },
      })
    })
  })
}
