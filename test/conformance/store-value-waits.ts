/** Records that wait for a value which another record holds. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WorkerSession } from '../../src/store/contract.ts'
import { claim, claimOne, clean, mark, type OpenHarness, promotion, type StoreHarness } from './store-kit.ts'

export function describeValueWaits(open: OpenHarness): void {
  describe('waits for values', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    const place = { system: 'erp', entity: 'customer', field: 'login' }

    /** A record that holds one value and waits for another. */
    async function waiting(nativeId: string, wanted: string, holds?: string): Promise<string> {
      const { store } = harness
      await store.intake([{ marks: [mark(nativeId)] }])
      const claimed = await claimOne(store, worker)
      await store.decide([promotion(claimed)])
      const recordId = claimed.record.id
      const wait = { ...place, recordId, wanted, ...(holds === undefined ? {} : { holds }) }
      await store.settle([clean(claimed, { valueWaits: [wait] })])
      return recordId
    }

    async function release(nativeId: string, value: string): Promise<void> {
      const { store } = harness
      await store.intake([{ marks: [mark(nativeId)] }])
      const claimed = await claimOne(store, worker)
      await store.settle([clean(claimed, { releasedValues: [{ ...place, value }] })])
    }

    const due = async () => (await claim(harness.store, worker)).map(({ record }) => record.id)

    test('end when the value is given up, in any spelling, and make the record due', async () => {
      const { store } = harness
      const id = await waiting('C1', 'Login1')
      expect(await store.valueWaits(id)).toEqual([{ system: 'erp', field: 'login' }])
      await release('C9', 'login2')
      expect(await due()).toEqual([])
      await release('C8', 'login1')
      expect(await store.valueWaits(id)).toEqual([])
      expect(await due()).toEqual([id])
    })

    test('are replaced by the next one of the same field, and end with the write', async () => {
      const { store } = harness
      const id = await waiting('C1', 'login1')
      await store.intake([{ marks: [{ ...mark('C1'), force: true }] }])
      const claimed = await claimOne(store, worker)
      await store.settle([clean(claimed, { valueWaits: [{ ...place, recordId: id, wanted: 'login7' }] })])
      await release('C8', 'login1')
      expect(await due()).toEqual([])
      await store.intake([{ marks: [{ ...mark('C1'), force: true }] }])
      const again = await claimOne(store, worker)
      const cleared = { recordId: id, system: 'erp', field: 'login' }
      await store.settle([clean(again, { clearedValueWaits: [cleared] })])
      expect(await store.valueWaits(id)).toEqual([])
      await release('C9', 'login7')
      expect(await due()).toEqual([])
    })

    test('tell records that hold each other’s values, and choose one of them', async () => {
      const { store } = harness
      const ids = [
        await waiting('C1', 'b', 'a'),
        await waiting('C2', 'c', 'b'),
        await waiting('C3', 'a', 'c'),
      ]
      const outside = await waiting('C4', 'a', 'd')
      const cycles = await Promise.all(ids.map(async (id) => (await store.valueWaits(id))[0]?.cycle))
      const [first] = ids.toSorted()
      expect(cycles).toEqual(ids.map(() => ({ first })))
      expect(await store.valueWaits(outside)).toEqual([{ system: 'erp', field: 'login' }])
    })

    test('end for a whole place when a person asks for it', async () => {
      const { store } = harness
      const ids = [await waiting('C1', 'a'), await waiting('C2', 'b')]
      expect(await store.endValueWaits('crm', 'customer')).toBe(0)
      expect(await store.endValueWaits('erp', 'customer')).toBe(2)
      expect((await due()).toSorted()).toEqual(ids.toSorted())
    })
  })
}
