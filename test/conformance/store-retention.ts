/** Retention: expired data is removed, but nothing that the sync depends on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PruneRequest, WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claimOne,
  clean,
  entry,
  intent,
  mark,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

const hour = 3_600_000

export function describeRetention(open: OpenHarness): void {
  describe('retention', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    /** Everything so far is old, except as set in `rest`. */
    async function prune(rest: Partial<PruneRequest> = {}) {
      const later = (await harness.store.now()) + hour
      return harness.store.prune({
        historyBefore: later,
        deadLettersBefore: later,
        deliveriesBefore: later,
        runsDeadBefore: later,
        limit: 100,
        ...rest,
      })
    }

    async function again(recordId: string) {
      await harness.store.markRecords([{ recordId, systems: [] }])
      return claimOne(harness.store, worker)
    }

    test('removes settled writes and their journal lines, and keeps what is open', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const first = await again(id)
      const notAfter = await store.now()
      const [done, opened] = [intent(harness, id, { notAfter }), intent(harness, id, { notAfter })]
      await store.decide([{ lease: first.lease, intents: [done], journal: [entry(id, { n: 1 })] }])
      await store.settle([clean(first, { resolved: [{ id: done.id, state: 'done' }] })])
      const second = await again(id)
      await store.decide([{ lease: second.lease, intents: [opened], journal: [entry(id, { n: 2 })] }])
      await store.settle([clean(second)])

      const before = await store.now()
      expect(await prune({ historyBefore: before - hour })).toMatchObject({ journal: 0, intents: 0 })
      const removed = await prune({ historyBefore: before + 30 * 24 * hour })
      expect(removed).toMatchObject({ intents: 1 })
      expect(removed.journal).toBeGreaterThan(1)
      const detail = await store.admin.record({ recordId: id })
      expect(detail?.intents.map((one) => [one.id, one.state])).toEqual([[opened.id, 'open']])
      expect(detail?.record.state).toBe('active')
      expect(await prune({ historyBefore: before + 30 * 24 * hour })).toMatchObject({
        journal: 0,
        intents: 0,
      })
    })

    test('leaves a valid chain, line by line, and a changed byte is still detected (INV-16)', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      for (let n = 0; n < 6; n += 1) {
        const claimed = await again(id)
        await store.settle([clean(claimed, { journal: [entry(id, { n })] })])
      }
      const { lines } = await store.admin.verifyJournal()
      expect((await prune({ limit: 2 })).journal).toBe(2)
      expect(await store.admin.verifyJournal()).toEqual({ lines: lines - 2 })
      expect((await prune({ limit: 3 })).journal).toBe(3)
      const claimed = await again(id)
      await store.settle([clean(claimed, { journal: [entry(id, { n: 'new' })] })])
      expect(await store.admin.verifyJournal()).toEqual({ lines: lines - 4 })
      const left = await store.admin.journal({ afterSeq: 0, limit: 100 })
      await harness.tamper(left[0]!.seq)
      expect(await store.admin.verifyJournal()).toMatchObject({ brokenAt: { seq: left[0]!.seq } })
    })

    test('continues a chain without remaining lines', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.settle([clean(await again(id), { journal: [entry(id)] })])
      await prune()
      expect(await store.admin.verifyJournal()).toEqual({ lines: 0 })
      await store.settle([clean(await again(id), { journal: [entry(id)] })])
      expect(await store.admin.verifyJournal()).toEqual({ lines: 1 })
    })

    test('recognises a delivery as long as it is kept', async () => {
      const { store } = harness
      const delivery = { system: 'crm', deliveryId: 'd1', body: new Uint8Array([1]) }
      await store.intake([{ delivery, marks: [mark('C1')] }])
      expect((await prune({ deliveriesBefore: 0 })).deliveries).toBe(0)
      expect((await store.intake([{ delivery, marks: [] }]))[0]?.duplicate).toBe(true)
      expect((await prune()).deliveries).toBe(1)
      expect((await store.intake([{ delivery, marks: [] }]))[0]?.duplicate).toBe(false)
    })

    test('removes resolved failures and no open one', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const failure = {
        ...{
          recordId: id,
          entity: 'customer',
          operation: 'update',
          code: 'HTTP_STATUS_FINAL' as const,
          message: 'no',
        },
        ...{ signature: 's', replay: 'safe' as const },
      }
      const both = ['crm', 'erp'].map((system) => ({ ...failure, system }))
      await store.settle([clean(await again(id), { failures: both })])
      await store.settle([clean(await again(id), { clearedFailures: [{ recordId: id, system: 'crm' }] })])
      expect((await prune()).failures).toBe(1)
      expect((await store.admin.failures({ limit: 9 })).rows).toMatchObject([{ system: 'erp' }])
    })

    test('keeps the proof of the first load, and the last run of each place', async () => {
      const { store } = harness
      const ids: string[] = []
      for (const complete of [true, true, false, false]) {
        const id = harness.uuid()
        ids.push(id)
        await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
        await store.finishRun({
          id,
          complete,
          seen: 0,
          ...(complete ? {} : { reason: { code: 'page-repeated' } as const }),
        })
        await harness.advance(5)
      }
      expect((await prune()).runs).toBe(2)
      expect(await store.baselineDone('crm', 'customer')).toBe(true)
      const left = (await store.admin.runs({ limit: 9 })).rows.map((run) => run.id)
      expect(left).toEqual([ids[3], ids[1]])
      expect((await prune()).runs).toBe(0)
    })

    test('closes runs whose process died, with all records they had listed', async () => {
      const { store } = harness
      const id = harness.uuid()
      await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
      await store.stage(id, [{ nativeId: 'C1', digest: store.digest({ name: 'Ann' }) }])
      expect((await prune({ runsDeadBefore: 0 })).deadRuns).toBe(0)
      expect((await prune()).deadRuns).toBe(1)
      expect(await store.admin.run(id)).toMatchObject({ complete: false, reason: { code: 'stopped' } })
      await expect(store.finishRun({ id, complete: true, seen: 1 })).rejects.toMatchObject({
        code: 'STORE_RUN_UNKNOWN',
      })
    })
  })
}
