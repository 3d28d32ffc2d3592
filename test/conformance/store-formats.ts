/** The upgrade of a database to a newer format of documents, while work goes on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newestFormat } from '../../src/store/document-format.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  intent,
  leaseMs,
  mark,
  type OpenHarness,
  promotion,
  type StoreHarness,
} from './store-kit.ts'

export function describeFormats(open: OpenHarness): void {
  describe('the format of documents', () => {
    let harness: StoreHarness

    beforeEach(async () => {
      harness = await open({ format: 1 })
    })
    afterEach(() => harness.close())

    test('is the newest in a new store', async () => {
      const fresh = await open()
      const state = { written: newestFormat, newest: newestFormat, converted: true }
      expect(await fresh.store.admin.documentFormat()).toEqual(state)
      expect(await fresh.store.admin.contract('anna')).toBe(false)
      expect(await fresh.store.admin.convertDocuments(10)).toBe(0)
      await fresh.close()
    })

    test('is the one of earlier versions until the contract, which is journaled', async () => {
      const { store } = harness
      expect(await store.admin.documentFormat()).toEqual({
        written: 1,
        newest: newestFormat,
        converted: false,
      })
      expect(await store.admin.convertDocuments(10)).toBe(0)
      expect(await store.admin.contract('anna')).toBe(true)
      expect(await store.admin.contract('anna')).toBe(false)
      expect(await store.admin.documentFormat()).toMatchObject({ written: newestFormat, converted: false })
      const lines = await store.admin.journal({ limit: 100 })
      expect(lines.filter(({ kind }) => kind === 'person')).toMatchObject([
        { actor: 'anna', body: { contract: newestFormat } },
      ])
    })

    test('is converted a few records at a time, by any process, and nothing reads differently', async () => {
      const { store, other } = harness
      const worker = await store.registerWorker()
      const ids: string[] = []
      for (const nativeId of ['C1', 'C2', 'C3', 'C4', 'C5'])
        ids.push(await activeRecord(harness, worker, nativeId))
      const read = () => Promise.all(ids.map((recordId) => store.admin.record({ recordId })))
      const before = await read()
      await store.admin.contract('anna')
      expect(await store.admin.convertDocuments(2)).toBe(2)
      expect(await read()).toEqual(before)
      expect(await other.admin.convertDocuments(2)).toBe(2)
      expect(await store.admin.documentFormat()).toMatchObject({ converted: false })
      expect(await store.admin.convertDocuments(2)).toBe(1)
      expect(await read()).toEqual(before)
      expect(await store.admin.documentFormat()).toMatchObject({ converted: true })
      expect(await other.admin.convertDocuments(2)).toBe(0)
      expect((await store.admin.verifyJournal()).brokenAt).toBeUndefined()
    })

    test('leaves a row that cannot be read as it is', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      const recordId = await activeRecord(harness, worker, 'C1')
      const before = await store.admin.record({ recordId })
      const undo = await harness.spoil(recordId)
      await store.admin.contract('anna')
      expect(await store.admin.convertDocuments(10)).toBe(1)
      await undo()
      expect(await store.admin.record({ recordId })).toEqual(before)
    })

    test('is raised under the work: what was claimed before the contract is committed after it', async () => {
      const { store, other } = harness
      const worker = await store.registerWorker()
      const { epoch } = await store.bind({ id: 'test', version: 'v2', document: {} })
      await store.intake([{ marks: [mark('C1')] }])
      const request = { worker: worker.id, limit: 1, leaseMs, binding: epoch }
      const [claimed] = (await store.claim(request)).records
      if (claimed === undefined) throw new RangeError('nothing was claimed')
      await other.admin.contract('anna')
      expect(await store.decide([promotion(claimed)])).toEqual([{ kind: 'ok' }])
      expect(await store.settle([clean(claimed)])).toEqual([{ kind: 'ok' }])
      await store.intake([{ marks: [mark('C2')] }])
      const next = await store.claim(request)
      expect(next).not.toHaveProperty('superseded')
      expect(next.records).toHaveLength(1)
      expect(await store.bindingEpoch()).toBe(epoch)
      // A change of the definition still ends it.
      await other.bind({ id: 'test', version: 'v3', document: {} })
      await store.settle([clean(next.records[0]!)])
      await store.intake([{ marks: [mark('C3')] }])
      expect(await store.claim(request)).toMatchObject({ records: [], superseded: true })
      expect(await claim(other, worker)).toHaveLength(1)
    })

    test('of an open intent is read after the contract', async () => {
      const { store, other } = harness
      const worker = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')] }])
      const claimed = await claimOne(store, worker)
      const request = { resource: 'partners', body: { name: 'Ann '.repeat(300) }, values: { name: 'Ann' } }
      const intents = [intent(harness, claimed.record.id, { operation: 'create', request })]
      await store.decide([promotion(claimed, ['crm', 'erp'], { intents })])
      await other.admin.contract('anna')
      await other.admin.convertDocuments(10)
      const detail = await other.admin.record({ recordId: claimed.record.id })
      expect(detail?.intents).toMatchObject([{ request, revs: { name: 1 } }])
    })
  })
}
