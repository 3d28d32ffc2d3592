/** Why a record is due, and why a write was made. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { causesMax } from '../../src/model/cause.ts'
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

export function describeCauses(open: OpenHarness): void {
  describe('causes', () => {
    let harness: StoreHarness

    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    test('are kept in the order of their arrival until a pass ends clean', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')], cause: 'webhook' }])
      await store.intake([{ marks: [mark('C1')], cause: 'poll' }])
      await store.intake([{ marks: [mark('C1')], cause: 'webhook' }])
      const first = await claimOne(store, worker)
      expect(first.record.causes).toEqual(['webhook', 'poll'])
      await store.intake([{ marks: [mark('C1')], cause: 'person:sync' }])
      await store.settle([{ lease: first.lease, finish: { kind: 'again', at: 0 } }])
      const second = await claimOne(store, worker)
      expect(second.record.causes).toEqual(['webhook', 'poll', 'person:sync'])
      await store.settle([clean(second)])
      await store.intake([{ marks: [mark('C1')] }])
      const third = await claimOne(store, worker)
      expect(third.record.causes).toEqual(['engine'])
    })

    test('of marks after the claim are those of the next pass', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')], cause: 'webhook' }])
      const claimed = await claimOne(store, worker)
      await store.markRecords([{ recordId: claimed.record.id, systems: [], cause: 'record' }])
      await store.settle([clean(claimed)])
      const next = await claimOne(store, worker)
      expect(next.record.causes).toEqual(['record'])
    })

    test('of one batch are all kept, for known and for new records', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await activeRecord(harness, worker, 'C1')
      const causes = ['webhook', 'poll'] as const
      await store.intake(causes.map((cause) => ({ marks: [mark('C1'), mark('C2')], cause })))
      for (const { record } of await claim(store, worker))
        expect([...record.causes].sort()).toEqual(['poll', 'webhook'])
    })

    test('survive the death of a worker', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')], cause: 'webhook' }])
      await claimOne(store, worker)
      await store.intake([{ marks: [mark('C1')], cause: 'poll' }])
      await harness.kill(worker)
      while ((await store.reap()) === 0) await harness.advance(50)
      const other = await store.registerWorker()
      expect((await claimOne(store, other)).record.causes).toEqual(['webhook', 'poll'])
    })

    test('are a bounded number', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      const id = await activeRecord(harness, worker, 'C1')
      for (let n = 1; n <= causesMax + 2; n += 1)
        await store.markRecords([{ recordId: id, systems: [], cause: `run:${n}` }])
      const { record } = await claimOne(store, worker)
      expect(record.causes).toEqual(Array.from({ length: causesMax }, (_, n) => `run:${n + 1}`))
    })

    test('name the full run, and the first load of a place apart from later runs', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      const place = { system: 'crm', entity: 'customer' }
      const run = async (id: string, digest: number) => {
        await store.startRun({ id, kind: 'full', ...place })
        await store.stage(id, [{ nativeId: 'C1', digest: new Uint8Array(32).fill(digest) }])
        await store.finishRun({ id, complete: true, seen: 1 })
      }
      await run('one', 1)
      const first = await claimOne(store, worker)
      expect(first.record.causes).toEqual(['first-load:one'])
      await store.decide([promotion(first)])
      await store.settle([clean(first)])
      await run('two', 2)
      expect((await claimOne(store, worker)).record.causes).toEqual(['run:two'])
    })

    test('name the definition for records of a new system', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await activeRecord(harness, worker, 'C1')
      await store.markUnplaced({ system: 'shop', entity: 'customer', limit: 10 })
      expect((await claimOne(store, worker)).record.causes).toEqual(['definition'])
    })

    test('name what a person did', async () => {
      const { store, uuid } = harness
      const worker = await store.registerWorker()
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('C1')] }])
      const claimed = await claimOne(store, worker)
      const [conflict, hold] = [uuid(), uuid()]
      const failure = {
        recordId: id,
        entity: 'customer',
        system: 'erp',
        operation: 'update',
        code: 'ENGINE_NOT_STORED' as const,
        message: 'm',
        signature: 's',
        replay: 'safe' as const,
      }
      await store.settle([
        clean(claimed, {
          conflicts: [
            {
              id: conflict,
              field: 'name',
              policy: 'manual',
              candidates: [
                { system: 'crm', value: 'Ann', at: 1 },
                { system: 'erp', value: 'Bo', at: 1 },
              ],
            },
          ],
          holds: [{ id: hold, recordId: id, entity: 'customer', kind: 'guard', system: 'erp', reason: 'r' }],
          failures: [failure],
        }),
      ])
      await store.admin.resolveConflict(conflict, { system: 'erp' }, 'anna')
      await store.admin.retryFailures({ recordId: id }, 'anna')
      await store.admin.releaseHolds({ id: hold }, 'release', 'anna')
      const { record } = await claimOne(store, worker)
      expect(record.causes).toEqual(['person:conflict', 'person:retry', 'person:hold'])
    })

    test('of a write are kept with it, beside the version of the definition', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')], cause: 'webhook' }])
      const [claimed] = (await store.claim({ worker: worker.id, limit: 1, leaseMs })).records
      if (claimed === undefined) throw new RangeError('nothing was claimed')
      const causes = ['webhook', 'poll']
      const intents = [intent(harness, claimed.record.id, { causes, definition: 'v7' })]
      await store.decide([promotion(claimed, ['crm', 'erp'], { intents })])
      const detail = await store.admin.record({ recordId: claimed.record.id })
      expect(detail?.intents).toMatchObject([{ causes, definition: 'v7' }])
    })
  })
}
