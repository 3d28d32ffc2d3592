/** Intake: marks, candidates, deliveries, cursors. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  mark,
  memberOf,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

export function describeIntake(open: OpenHarness): void {
  describe('the intake', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    test('makes an unknown native record a candidate with one unread member', async () => {
      const { store } = harness
      expect(await store.intake([{ marks: [mark('C1')] }])).toEqual([
        { duplicate: false, marked: 0, discovered: 1 },
      ])
      const claimed = await claimOne(store, worker)
      expect(claimed.record).toMatchObject({
        entity: 'customer',
        state: 'candidate',
        toRead: ['crm'],
        rev: 0,
      })
      expect(claimed.record.fields).toEqual({})
      expect(claimed.members).toHaveLength(1)
      expect(memberOf(claimed, 'crm')).toMatchObject({
        nativeId: 'C1',
        state: 'unread',
        lane: { state: 'open' },
      })
    })

    test('creates one candidate for a native record, however often it is named', async () => {
      const { store } = harness
      const results = await store.intake([
        { marks: [mark('C1'), mark('C1')] },
        { marks: [mark('C1'), mark('C2')] },
      ])
      expect(results).toEqual([
        { duplicate: false, marked: 1, discovered: 1 },
        { duplicate: false, marked: 1, discovered: 1 },
      ])
      expect(await claim(store, worker)).toHaveLength(2)
    })

    test('creates one candidate for a native record when processes race for it', async () => {
      const { store, other } = harness
      const nativeIds = Array.from({ length: 20 }, (_, n) => `C${n}`)
      const marks = nativeIds.map((nativeId) => mark(nativeId))
      const results = await Promise.all([
        store.intake([{ marks }]),
        other.intake([{ marks: marks.toReversed() }]),
        store.intake([{ marks }]),
      ])
      expect(results.flat().reduce((sum, { discovered }) => sum + discovered, 0)).toBe(20)
      expect(await claim(store, worker)).toHaveLength(20)
    })

    test('stores a delivery once and drops the marks of its duplicates (INV-12)', async () => {
      const { store } = harness
      const delivery = { system: 'crm', deliveryId: 'd1', body: new Uint8Array([1, 2]) }
      const [first] = await store.intake([{ delivery, marks: [mark('C1')] }])
      const [second, third] = await store.intake([
        { delivery, marks: [mark('C2')] },
        { delivery: { ...delivery, system: 'erp' }, marks: [mark('E1', 'erp')] },
      ])
      expect(first).toMatchObject({ duplicate: false, discovered: 1 })
      expect(second).toEqual({ duplicate: true, marked: 0, discovered: 0 })
      expect(third).toMatchObject({ duplicate: false, discovered: 1 })
    })

    test('detects the duplicate of a delivery in the same batch', async () => {
      const delivery = { system: 'crm', deliveryId: 'd1', body: new Uint8Array([1]) }
      const results = await harness.store.intake([
        { delivery, marks: [mark('C1')] },
        { delivery, marks: [mark('C1')] },
      ])
      expect(results.map(({ duplicate }) => duplicate)).toEqual([false, true])
    })

    test('commits a cursor together with its marks (H23)', async () => {
      const { store } = harness
      expect(await store.cursor('crm', 'customer')).toBeUndefined()
      await store.intake([
        { marks: [mark('C1')], cursor: { system: 'crm', entity: 'customer', position: 'p1' } },
      ])
      await store.intake([
        { marks: [], cursor: { system: 'crm', entity: 'customer', position: 'p2' } },
        { marks: [], cursor: { system: 'crm', entity: 'customer', position: 'p3' } },
      ])
      expect(await store.cursor('crm', 'customer')).toBe('p3')
      await store.clearCursor('crm', 'customer')
      expect(await store.cursor('crm', 'customer')).toBeUndefined()
      expect(await claim(store, worker)).toHaveLength(1)
    })

    test('ignores a version that is absorbed, unless forced', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1')] }])
      const claimed = await claimOne(store, worker)
      await store.settle([clean(claimed, { members: [{ system: 'crm', absorbedVersion: 'v1' }] })])
      const hear = async (rest: Parameters<typeof mark>[2]) =>
        (await store.intake([{ marks: [mark('C1', 'crm', rest)] }]))[0]?.marked
      expect(await hear({ version: 'v1' })).toBe(0)
      expect(await claim(store, worker)).toHaveLength(0)
      expect(await hear({ version: 'v1', force: true })).toBe(1)
      expect(await hear({ version: 'v2' })).toBe(1)
      expect(await hear({})).toBe(1)
      expect(await claim(store, worker)).toHaveLength(1)
    })

    test('marks records by id, for some systems or for all', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const unknown = harness.uuid()
      expect(
        await store.markRecords([
          { recordId: id, systems: ['erp', 'crm'] },
          { recordId: unknown, systems: [] },
        ]),
      ).toBe(1)
      const claimed = await claimOne(store, worker)
      expect(claimed.record.toRead).toEqual(['crm', 'erp'])
      await store.settle([clean(claimed)])
      await store.markRecords([{ recordId: id, systems: [] }])
      expect((await claimOne(store, worker)).record.toRead).toEqual(['*'])
    })

    test('marks active records without a member in a system, page by page', async () => {
      const { store } = harness
      const ids = [await activeRecord(harness, worker, 'C1'), await activeRecord(harness, worker, 'C2')]
      const place = { system: 'web', entity: 'customer' }
      expect(await store.markUnplaced({ ...place, system: 'erp', limit: 5 })).toEqual({ marked: 0 })
      const first = await store.markUnplaced({ ...place, limit: 1 })
      expect(first).toEqual({ marked: 1, last: ids.toSorted()[0] })
      expect(await store.markUnplaced({ ...place, limit: 5, after: first.last ?? '' })).toEqual({ marked: 1 })
      const due = await claim(store, worker)
      expect(due.map(({ record }) => record.id).sort()).toEqual(ids.toSorted())
      expect(due[0]?.record.toRead).toEqual(['web'])
    })

    test('stores hostile text unchanged and distinct: U+0000, lone surrogates, the escape, quotes', async () => {
      const { store } = harness
      const nativeIds = [
        'a\u0000',
        'a',
        'a\ud800',
        'a\u001a0000',
        'a\u001a',
        `'";--`,
        'a\\b\t\n',
        '{a,b}',
        'NULL',
        '',
      ]
      const results = await store.intake([
        { marks: nativeIds.map((nativeId) => mark(nativeId)) },
        { marks: [], cursor: { system: 'crm', entity: 'customer', position: 'x\u0000\udfff' } },
        { delivery: { system: 'crm', deliveryId: 'd\u0000', body: new Uint8Array([0]) }, marks: [] },
      ])
      expect(results[0]?.discovered).toBe(nativeIds.length)
      const claimed = await claim(store, worker)
      expect(claimed.map(({ members }) => members[0]?.nativeId).sort()).toEqual(nativeIds.toSorted())
      expect(await store.cursor('crm', 'customer')).toBe('x\u0000\udfff')
      const name = 'x\u0000\ud800\u{1f600}'
      const first = claimed[0]!
      await store.settle([
        {
          lease: first.lease,
          finish: { kind: 'again', at: 0 },
          record: { fields: { name: { value: name, rev: 1, src: 'crm', at: 1 } } },
          members: [
            {
              system: 'crm',
              floor: 'f\u0000',
              fields: { name: { shadow: name, acked: 1 } },
            },
          ],
          failures: [
            {
              recordId: first.record.id,
              entity: 'customer',
              system: 'crm',
              operation: 'update',
              code: 'ENGINE_CALL_FAILED',
              message: 'm\u0000',
              signature: 's\udfff',
              replay: 'safe',
            },
          ],
          journal: [{ kind: 'decision', actor: 'a\u0000', body: { name } }],
        },
      ])
      const again = await claimOne(store, worker)
      expect(again.record.fields.name?.value).toBe(name)
      expect(memberOf(again, 'crm')).toMatchObject({
        floor: 'f\u0000',
        fields: { name: { shadow: name } },
      })
      expect((await store.admin.failures({ limit: 1 })).rows[0]).toMatchObject({
        message: 'm\u0000',
        signature: 's\udfff',
      })
    })

    test('ignores ids that are too long to be stored, and processes the rest (H33)', async () => {
      const { store } = harness
      const long = Array.from({ length: 200 }, () => harness.uuid()).join('') + Math.random()
      const cursor = { system: 'crm', entity: 'customer', position: 'p2' }
      expect(await store.intake([{ marks: [mark(long), mark('C1')], cursor }])).toEqual([
        { duplicate: false, marked: 0, discovered: 1 },
      ])
      expect(await store.cursor('crm', 'customer')).toBe('p2')
      const delivery = { system: 'crm', deliveryId: `${long}1`, body: new Uint8Array([0]) }
      const other = { ...delivery, deliveryId: `${long}2` }
      await store.intake([{ delivery, marks: [] }])
      const results = await store.intake([
        { delivery, marks: [] },
        { delivery: other, marks: [mark('C2')] },
      ])
      expect(results.map(({ duplicate }) => duplicate)).toEqual([true, false])
      await store.startRun({ id: 'long', kind: 'full', system: 'crm', entity: 'customer' })
      await store.stage(
        'long',
        [long, 'C3'].map((nativeId) => ({ nativeId, digest: store.digest({}) })),
      )
      const found = await store.finishRun({ id: 'long', complete: false, seen: 2 })
      expect(found).toMatchObject({ discovered: 1 })
    })

    test('does not let one item that the database refuses fail the batch', async () => {
      const { store } = harness
      const results = await store.intake([
        { marks: [mark('C1')] },
        { marks: [mark('x'.repeat(1_000_000) + harness.uuid())] },
        { marks: [mark('C2')] },
      ])
      expect(results[0]?.discovered).toBe(1)
      expect(results[2]?.discovered).toBe(1)
    })
  })
}
